"""Streams of NATS, by durable consumers."""
