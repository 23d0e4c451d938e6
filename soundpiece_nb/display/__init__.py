"""Outputs for people: the live card, the permanent player, text for terminals, the history."""
