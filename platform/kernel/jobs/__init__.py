"""Background work: `enqueue` by name, a row with state and lease, resumed wherever a worker died."""
