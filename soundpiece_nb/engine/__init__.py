"""Carries each operation from written-down to downloaded, on a thread of its own."""
