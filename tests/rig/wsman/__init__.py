"""Simulated Windows machines behind a WS-Management server on loopback. README.md says how to write one."""

from tests.rig.wsman.server import ACCOUNTS, Wsman

__all__ = ["ACCOUNTS", "Wsman"]
