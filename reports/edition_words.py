"""What editions are called, and what stands on them."""

from __future__ import annotations

from scorecard.reporting import EditionName

NAMES = {
    EditionName.CLIENT: "Client edition",
    EditionName.ENGINEER: "Engineer edition",
    EditionName.PROSPECT: "Prospect edition",
}
INTERNAL = "Internal: contains security detail."
NUMBERED = "Names of machines, people and places are replaced by numbers."
TITLE_TALLY = "Checks by state"
TALLY_TABLE = "How many machines are in each state, by check"
