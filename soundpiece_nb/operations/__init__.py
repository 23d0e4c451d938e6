"""Operations, their outputs, batches and sweeps, and the session that they belong to."""
