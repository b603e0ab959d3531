"""Plug-in topics that come with the tool; each folder beside this file is one."""
