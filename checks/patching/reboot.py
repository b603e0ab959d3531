"""Whether a Linux machine waits for a restart (linux.md 3.7).

The absence of /run/reboot-required proves nothing: only some packages write it. Either a tool says that nothing waits,
or the running kernel is the newest installed one of its flavour.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime

from scorecard.model import Fact, Observations, Seen, Unseen
from scorecard.reading import clean, text_of

from .payload import epoch, oldest
from .shape import Reboot


@dataclass(frozen=True, slots=True)
class _Kernel:
    release: str  # as uname -r writes it
    installed_at: datetime | None


def parse(observations: Observations) -> Fact[Reboot]:
    text = text_of(observations, "patching.reboot")
    if isinstance(text, Unseen):
        return text
    lines: dict[str, list[str]] = {}
    for line in text.value.splitlines():
        word, _, rest = line.partition(" ")
        lines.setdefault(word, []).append(rest)
    waiting: list[tuple[str, datetime | None]] = []
    clear: list[str] = []
    seen_files: set[str] = set()
    for marker in lines.get("marker", []):
        seconds, _, file = marker.partition(" ")
        # /var/run is /run on most systems, so the same file shows up twice.
        if file.startswith("/") and (name := clean(file.rpartition("/")[2], 80)) not in seen_files:
            seen_files.add(name)
            waiting.append((f"the file {name} is there", epoch(seconds)))
    running = clean(next(iter(lines.get("running", [])), ""))
    _by_kernel(running, lines, waiting, clear)
    _by_tools(lines, waiting, clear)
    live_patched = any(line.startswith("1") for line in lines.get("livepatch", []))
    if waiting:
        since = oldest(moment for _, moment in waiting)
        signs = tuple(dict.fromkeys(sign for sign, _ in waiting))
        return Seen(Reboot(True, Seen(since) if since else _no_date(), signs, live_patched))
    if clear:
        return Seen(Reboot(False, Seen(None), tuple(clear), live_patched))
    return Unseen(
        f"Whether a restart waits cannot be told: the running kernel {running or '(unknown)'} is none of those installed"
    )


def _no_date() -> Unseen:
    return Unseen("Since when the restart waits was not seen")


def _by_kernel(
    running: str, lines: dict[str, list[str]], waiting: list[tuple[str, datetime | None]], clear: list[str]
) -> None:
    kernels = _kernels(lines)
    same = [kernel for kernel in kernels if flavour(kernel.release) == flavour(running)]
    newer = [kernel for kernel in same if version_key(kernel.release) > version_key(running)]
    for package in lines.get("deb", []):
        words = package.split()
        # Debian mends a kernel without renaming it: the running build says which version of the package it came from.
        build = re.search(r"Debian (\S+)", next(iter(lines.get("build", [])), ""))
        if (
            len(words) == 3
            and build
            and words[1] in (f"linux-image-{running}", f"linux-image-unsigned-{running}")
            and words[2] != build[1]
        ):
            waiting.append(
                (f"kernel {running} is running as {clean(build[1])}, installed is {clean(words[2])}", epoch(words[0]))
            )
            return
    if newer:
        latest = max(newer, key=lambda kernel: version_key(kernel.release))
        moment = oldest(kernel.installed_at for kernel in newer)
        waiting.append((f"kernel {running} is running, {latest.release} is installed", moment))
    elif any(kernel.release == running for kernel in same):
        clear.append(f"kernel {running} is the newest installed")
    elif same and running:
        # Arch and Alpine replace the running kernel's folder.
        latest = max(same, key=lambda kernel: version_key(kernel.release))
        waiting.append((f"kernel {running} is running, but no longer installed ({latest.release} is)", latest.installed_at))


def _kernels(lines: dict[str, list[str]]) -> list[_Kernel]:
    """From packages where they tell, else from folders and images on disk; each with its time of installation."""
    found: dict[str, datetime | None] = {}
    for line in lines.get("deb", []):
        words = line.split()
        if len(words) == 3:
            release = re.sub(r"^linux-image-(unsigned-)?", "", words[1])
            found[clean(release)] = epoch(words[0])
    for line in lines.get("rpm", []):
        words = line.split()
        if len(words) == 3:
            release = words[2]
            if (
                words[1] == "kernel-default"
            ):  # SUSE: package 6.4.0-150600.23.25.1.x86_64, running 6.4.0-150600.23.25-default
                release = re.sub(r"\.[0-9]+\.[a-z0-9_]+$", "-default", release)
            elif "-rt" in words[1]:
                release += "+rt"
            found[clean(release)] = epoch(words[0])
    if found:
        return [_Kernel(release, moment) for release, moment in found.items()]
    for line in lines.get("modules", []):
        seconds, _, release = line.partition(" ")
        found[clean(release)] = epoch(seconds)
    for line in lines.get("image", []):
        found.setdefault(clean(line), None)
    return [_Kernel(release, moment) for release, moment in found.items() if release[:1].isdigit()]


def flavour(release: str) -> str:
    """ "cloud-amd64" of "6.1.0-42-cloud-amd64", "generic", "lts"; "" for Red Hat's usual one, "rt" for "+rt"."""
    main, _, plus = release.partition("+")
    tokens = main.split("-")[1:] if not plus else main.split("-")[1:] + plus.split("-")
    # Arch numbers its builds inside the word: "6.12.1-arch1-1".
    words = [re.sub(r"^(arch|zen|hardened)[0-9]+$", r"\1", token) for token in tokens if token[:1].isalpha()]
    if "uek" in main:
        words.append("uek")
    return "-".join(words)


def version_key(release: str) -> tuple[tuple[int, int, str], ...]:
    """Order as rpm and dpkg see it, close enough for kernels: numbers by value and above words."""
    parts = re.findall(r"[0-9]{1,18}|[A-Za-z]+", release[:200])
    return tuple((1, int(part), "") if part.isdigit() else (0, 0, part) for part in parts)


def _by_tools(lines: dict[str, list[str]], waiting: list[tuple[str, datetime | None]], clear: list[str]) -> None:
    for state in (line.strip() for line in lines.get("NEEDRESTART-KSTA:", [])):
        if state in ("2", "3"):
            waiting.append(("needrestart sees a newer kernel", None))
        elif state == "1":
            clear.append("needrestart sees no newer kernel")
    text = " ".join(lines.get("needs-restarting", []))
    if "Reboot is required" in text:
        waiting.append(("needs-restarting asks for a restart", None))
    elif "Reboot should not be necessary" in text:
        clear.append("needs-restarting asks for none")
    for code in lines.get("zypper-needs-rebooting", []):
        if code == "102":
            waiting.append(("zypper asks for a restart", None))
        elif code == "0":
            clear.append("zypper asks for no restart")
