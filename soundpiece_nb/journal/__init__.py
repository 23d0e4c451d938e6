"""The durable record of every operation, keyed by idempotency key."""
