"""Measures what a sound, or the words it was made from, is like."""
