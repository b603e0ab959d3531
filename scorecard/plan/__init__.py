"""What to do next: tasks with hours and points, the cheapest road to a better letter, what the contract covers. Pure."""
