"""Segments are evaluated by each event, in the pipeline."""
