"""What moved between two audits, in the words of the command line and of the reports."""

from __future__ import annotations

from scorecard.history.causes import Cause
from scorecard.history.compare import Ended, Opened

CAUSES = {
    Cause.FIXED: "Fixed",
    Cause.BROKE: "Got worse",
    Cause.APPLIES: "Applies no longer, or does now",
    Cause.JOINED: "Machines joined",
    Cause.LEFT: "Machines left",
    Cause.NO_LONGER_SEEN: "No longer seen",
    Cause.SEEN_AGAIN: "Seen again",
    Cause.AGED: "Older answers count for less",
    Cause.EXCEPTIONS_BEGUN: "Exceptions began",
    Cause.EXCEPTIONS_ENDED: "Exceptions ended",
    Cause.ROLE: "Machines count as another kind",
    Cause.STANDARD: "The standard changed",
}
ENDED = {
    Ended.FIXED: "fixed",
    Ended.NO_LONGER_SEEN: "no longer seen, which is not fixed",
    Ended.LEFT: "on machines that left",
    Ended.NO_LONGER_APPLIES: "no longer apply",
    Ended.OTHERWISE: "no longer asked, or judged by other limits",
}
OPENED = {
    Opened.CAME_BACK: "came back",
    Opened.NEW: "new",
    Opened.SEEN_AGAIN: "seen again, and still short",
    Opened.JOINED: "on machines that joined",
    Opened.OTHERWISE: "asked now, or judged by other limits",
}


def became(way: Ended | Opened, count: int) -> str:
    """What so many findings became, to stand behind their number."""
    if count == 1:
        if way is Ended.LEFT:
            return "on a machine that left"
        if way is Ended.NO_LONGER_APPLIES:
            return "no longer applies"
        if way is Opened.JOINED:
            return "on a machine that joined"
    return ENDED[way] if isinstance(way, Ended) else OPENED[way]
