"""The history of audits."""
