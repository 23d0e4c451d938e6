"""Whether journal, files and service agree; what is safe to mend is mended, and said."""
