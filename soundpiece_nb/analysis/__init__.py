"""Measurements of sounds (loudness, tempo, brightness), and of the words they were made from."""
