"""The benchmarks: `python -m bench` runs all and prints one table."""
