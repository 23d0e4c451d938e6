"""Magics: the commands and options of a cell, made from the routes, and their help."""
