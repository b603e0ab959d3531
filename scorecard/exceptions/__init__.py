"""Exceptions: what was agreed to, declined or stated, and what that does to findings (design section 7)."""
