"""What will break first: warnings with a date, from what stored audits saw. Pure."""

from scorecard.outlook.build import MONTHS, months_after, outlook
from scorecard.outlook.model import DiskOutlook, EarlyWarning, Kind, Outlook, Standing, Untold
from scorecard.outlook.snapshot import Snapshot, snapshot

__all__ = [
    "MONTHS",
    "DiskOutlook",
    "EarlyWarning",
    "Kind",
    "Outlook",
    "Snapshot",
    "Standing",
    "Untold",
    "months_after",
    "outlook",
    "snapshot",
]
