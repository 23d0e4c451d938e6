"""The durable record of operations, and the signed URLs of their sound files."""
