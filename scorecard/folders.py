"""Where the tool keeps its own files, and how files are written: for the owner only, whole or not at all."""

from __future__ import annotations

import errno
import os
import tempfile
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import platformdirs

from scorecard.errors import InputError, ReportError

HOME_VARIABLE = "SCORECARD_HOME"
_UNFINISHED = ".scorecard-part"
_ABANDONED_S = 3600.0


def data_folder() -> Path:
    """The user's data folder; SCORECARD_HOME puts it elsewhere. Not created here."""
    if home := os.environ.get(HOME_VARIABLE):
        return Path(home)
    return Path(platformdirs.user_data_dir("scorecard", appauthor=False))


def private_folder(path: Path) -> Path:
    """Create a folder that only its owner can enter; one that exists is left as it is. Raises OSError."""
    path.mkdir(mode=0o700, parents=True, exist_ok=True)
    return path


def check_folder(folder: Path) -> None:
    """Whether files can be written into a folder, which may yet have to be made. Leaves nothing. Raises InputError."""
    there = next((path for path in (folder, *folder.absolute().parents) if os.path.lexists(path)), folder)
    if not there.is_dir():
        raise InputError(f"{folder}: cannot be a folder for files: {there} is a file")
    try:
        with tempfile.TemporaryFile(dir=there):
            pass
    except OSError as error:
        raise InputError(f"{folder}: cannot be written to: {error.strerror or error}; give another with --out") from error


def write_whole(path: Path, write: Callable[[Path], None]) -> None:
    """Write a file through a temporary neighbour: synced, mode 0600, renamed into place. Raises ReportError.

    `write` gets the path of the temporary file. On any error nothing is left behind and an older file stays. What a
    program that was killed left behind goes the next time something is written into the folder.
    """
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        _sweep(path.parent)
        handle, name = tempfile.mkstemp(prefix=f".{path.name}.", suffix=_UNFINISHED, dir=path.parent)
        os.close(handle)
    except OSError as error:
        raise ReportError(f"{path}: cannot be written: {error.strerror or error}") from error
    temporary = Path(name)
    try:
        write(temporary)
        with temporary.open("rb") as written:
            os.fsync(written.fileno())
        temporary.chmod(0o600)
        temporary.replace(path)
        sync_folder(path.parent)
    except OSError as error:
        raise ReportError(f"{path}: cannot be written: {error.strerror or error}") from error
    finally:
        temporary.unlink(missing_ok=True)


def _sweep(folder: Path) -> None:
    """Unfinished files that nobody is writing to any more. One of our own names, so that nobody else's is touched."""
    for left in folder.glob(f".*{_UNFINISHED}"):
        with suppress(OSError):  # another run may be sweeping as well
            if left.stat().st_mtime < time.time() - _ABANDONED_S:
                left.unlink()


def sync_folder(folder: Path) -> None:
    """Make a rename itself last; folders cannot be opened on Windows, nor be synced where a network or FUSE keeps them."""
    if os.name == "posix":
        handle = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(handle)
        except OSError as error:
            if error.errno not in (errno.EINVAL, errno.ENOTSUP, errno.ENOSYS):
                raise
        finally:
            os.close(handle)
