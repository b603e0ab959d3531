"""A provider's clients side by side, as a static site: what the store keeps of each audit, without reading documents."""
