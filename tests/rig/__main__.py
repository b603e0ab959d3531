"""`python -m tests.rig up --dir DIR` starts the rig by hand and prints where its inventory is."""

from __future__ import annotations

import argparse
import signal
import sys
from pathlib import Path

from tests.rig.needs import RigError, RigUnavailable
from tests.rig.rig import Rig


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.rig", description="Real hosts with known states, on loopback.")
    commands = parser.add_subparsers(required=True)
    up = commands.add_parser("up", help="start all hosts and wait until Ctrl-C")
    up.add_argument("--dir", type=Path, required=True, help="folder for inventory.yaml")
    up.add_argument("--only", nargs="+", metavar="HOST", help="start these hosts alone")
    chosen = parser.parse_args()
    try:
        return _up(chosen.dir, chosen.only)
    except (RigError, RigUnavailable, ValueError) as error:
        print(error, file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        return 0


def _up(folder: Path, only: list[str] | None) -> int:
    for ending in (signal.SIGINT, signal.SIGTERM):
        signal.signal(ending, signal.default_int_handler)  # a shell starts what it puts in the background deaf to Ctrl-C
    folder.mkdir(parents=True, exist_ok=True)
    with Rig(only) as rig:
        for name, address in rig.addresses.items():
            print(f"{address:<16} {name}")
        print(rig.inventory(folder.resolve() / "inventory.yaml"), flush=True)
        signal.pause()
    return 0


if __name__ == "__main__":
    sys.exit(main())
