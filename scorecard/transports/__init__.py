"""Ways to reach an endpoint."""
