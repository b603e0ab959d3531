"""A calendar clock that jumps, for one program alone: a small library is loaded before the system's own."""

from __future__ import annotations

import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path

from tests.rig.required import cannot_run


@dataclass(frozen=True, slots=True)
class Clock:
    """`environment` is what the program is started with."""

    environment: dict[str, str]
    _file: Path

    def jump(self, seconds: int) -> None:
        fresh = self._file.with_suffix(".new")
        fresh.write_text(str(seconds))
        fresh.replace(self._file)


def clock(folder: Path) -> Clock:
    """Skips the test where there is no C compiler."""
    compiler = shutil.which("gcc")
    if compiler is None:
        cannot_run("a clock that jumps needs gcc")
    library, file = folder / "clock.so", folder / "clock"
    source = Path(__file__).with_suffix(".c")
    subprocess.run([compiler, "-shared", "-fPIC", "-O1", "-Wall", "-Werror", "-o", library, source, "-ldl"], check=True)
    return Clock({"LD_PRELOAD": str(library), "CLOCK_FILE": str(file)}, file)
