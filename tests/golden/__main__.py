"""Writes the documents that tests compare with, anew: `python -m tests.golden`, from the folder that holds `tests`."""

from __future__ import annotations

import sys

from tests.golden import documents


def main() -> int:
    wanted = {documents.stored(name): name for name in documents.names()}
    for path in documents.kept():
        if path not in wanted:
            path.unlink()
            print(f"gone     {path}")
    for path, name in wanted.items():
        now = documents.made(name)
        if path.exists() and path.read_bytes() == now:
            continue
        path.parent.mkdir(exist_ok=True)
        path.write_bytes(now)
        print(f"written  {path}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
