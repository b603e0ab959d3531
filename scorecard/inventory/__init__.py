"""The inventory: which machines a client has and how to reach them, as YAML (design section 7)."""

from scorecard.inventory.load import load
from scorecard.inventory.schema import schema
from scorecard.inventory.types import Client, Inventory

__all__ = ["Client", "Inventory", "load", "schema"]
