"""Disk encryption: LUKS, ZFS and dm-crypt on Linux, FileVault and APFS on macOS, BitLocker on Windows."""

from scorecard.topic import Topic

from . import facts, rules

TOPIC = Topic.from_folder(__file__, id="disk-encryption", title="Disk encryption", parse=facts.parse, rules=rules)
