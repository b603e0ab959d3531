"""What became of a client between audits: movements, the bridge from one score to the next, trend, days to fix. Pure."""
