"""Patch level: missing security updates, age of package lists, automatic updates, waiting restarts."""

from scorecard.topic import Topic

from . import facts, rules
from .releases import FILE

TOPIC = Topic.from_folder(
    __file__, id="patching", title="Updates", parse=facts.parse, rules=rules, remember=facts.remember, data_files=(FILE,)
)
