"""The doctor: compares journal, files and service, and repairs what can be repaired safely."""
