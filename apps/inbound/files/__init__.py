"""Files of lines, each read once: what a folder and a bucket share."""
