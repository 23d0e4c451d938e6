"""The durable record of operations, and the signed addresses of their sound files."""
