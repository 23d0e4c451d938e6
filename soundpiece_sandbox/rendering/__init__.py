"""Rendering: accepted operations become sound files, in worker processes."""
