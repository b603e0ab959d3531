"""Patch level: missing security updates, age of package lists, automatic updates, waiting restarts."""

from scorecard.topic import Topic

from . import builds, facts, releases, rules

TOPIC = Topic.from_folder(
    __file__,
    id="patching",
    title="Updates",
    parse=facts.parse,
    rules=rules,
    remember=facts.remember,
    data_files=(releases.FILE, builds.FILE),
)
