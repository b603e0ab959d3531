"""What the PDF says beside the page, and what is said where it cannot be written."""

from __future__ import annotations

NOT_INSTALLED = (
    '--format pdf: WeasyPrint is not installed; install it with pip install "it-partner-scorecard[pdf]", '
    "or print the page from a browser"
)

IN_THE_LIST = "Machines without a fault stand in the list of machines alone."
IN_THE_PAGE = "What each machine answered, and how it was asked, stands in the page."


def no_library(reason: str) -> str:
    return (
        f"--format pdf: WeasyPrint cannot start ({reason}); on Debian install libpango-1.0-0, libpangoft2-1.0-0 and "
        "libharfbuzz-subset0, or print the page from a browser"
    )


def foot(client: str, day: str) -> str:
    return f"{client}. Checked {day}."
