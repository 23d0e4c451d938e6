"""Faults on demand: requests that are delayed, refused, cut off or answered wrongly."""
