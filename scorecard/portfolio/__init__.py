"""A provider's clients side by side, as a static site: from what the store keeps of each audit, and the newest document."""
