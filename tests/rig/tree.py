"""Files of a host before it starts: read from the lower layers, put into the upper one."""

from __future__ import annotations

import os
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path


@dataclass(frozen=True, slots=True)
class Tree:
    """`lowers` topmost first; `now` is the start of the session, from which ages are counted."""

    upper: Path
    lowers: tuple[Path, ...]
    now: datetime

    def read(self, path: str) -> str:
        found = next(
            layer / path.lstrip("/") for layer in (self.upper, *self.lowers) if (layer / path.lstrip("/")).is_file()
        )
        return found.read_text(encoding="utf-8")

    def put(self, path: str, content: str | bytes, *, mode: int = 0o644, owner: int = 0, days_old: float = 0) -> None:
        """Write a file; folders on the way keep the owner and mode that they have below."""
        target = self.upper / path.lstrip("/")
        self._folder(target.parent)
        target.write_bytes(content.encode() if isinstance(content, str) else content)
        target.chmod(mode)
        os.chown(target, owner, owner)
        if days_old:
            moment = (self.now - timedelta(days=days_old)).timestamp()
            os.utime(target, (moment, moment))

    def set_shell(self, user: str, shell: str) -> None:
        lines = [line.split(":") for line in self.read("/etc/passwd").splitlines()]
        changed = [[*line[:6], shell] if line[0] == user else line for line in lines]
        self.put("/etc/passwd", "".join(":".join(line) + "\n" for line in changed))

    def _folder(self, folder: Path) -> None:
        if folder.exists():
            return
        self._folder(folder.parent)
        folder.mkdir()
        below = [layer / folder.relative_to(self.upper) for layer in self.lowers]
        status = next((path.stat() for path in below if path.is_dir()), folder.parent.stat())
        folder.chmod(status.st_mode & 0o7777)
        os.chown(folder, status.st_uid, status.st_gid)
