"""Everything a person starts and holds: operations, their outputs, batches and sweeps."""
