"""Agentless compliance audits: collect facts, judge them, grade, report."""

__version__ = "0.1.0"
