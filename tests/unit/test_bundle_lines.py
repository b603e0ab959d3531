"""A reply is taken apart a block at a time; read a line at a time it must come to the same."""

from __future__ import annotations

import re
from datetime import UTC, datetime

from hypothesis import example, given
from hypothesis import strategies as st

from scorecard.bundle import parse_reply

NOW = datetime(2026, 11, 20, 12, 0, tzinfo=UTC)
MARKER = "scorecard-0123"


def line_by_line(output: bytes) -> tuple[dict[str, tuple[str, int | None, bool]], int, bool]:
    """Part -> payload, code, whether it came once; lines dropped; whether the last line counted the parts right."""
    found: dict[str, tuple[str, int | None, bool]] = {}
    part: str | None = None
    payload: list[str] = []
    dropped = frames = 0
    complete = False

    def keep(code: int | None) -> None:
        assert part is not None
        found[part] = ("", code, False) if part in found else ("\n".join(payload), code, True)

    for line in output.decode("utf-8", errors="replace").split("\n"):
        words = line.removeprefix(MARKER + " ").rstrip("\r").split(" ") if line.startswith(MARKER + " ") else []
        if words and words[0] == "begin" and len(words) == 2:
            if part is not None:
                keep(None)
            part, payload = words[1], []
            frames += 1
        elif len(words) == 5 and words[0] == "end" and words[1] == part:
            keep(int(words[2]) if re.fullmatch(r"-?[0-9]{1,10}", words[2]) else 1)
            part, payload = None, []
        elif len(words) == 2 and words[0] == "done" and part is None:
            complete = words[1].isascii() and words[1].isdigit() and int(words[1]) == frames
        elif words:
            dropped += 1
        elif part is not None and line.startswith("|"):
            payload.append(line[1:].rstrip("\r"))
        elif line.strip():
            dropped += 1
    if part is not None:
        keep(None)
    return found, dropped, complete


_PIECES = st.sampled_from(
    [
        f"{MARKER} begin a",
        f"{MARKER} begin b",
        f"{MARKER} begin",
        f"{MARKER} end a 0 5 whole",
        f"{MARKER} end b 127 x cut",
        f"{MARKER} done 1",
        f"{MARKER} done 2",
        f"{MARKER} ",
        MARKER,
        f"|{MARKER} end a 0 5 whole",
        f"noise {MARKER} end a 0 5 whole",
        "|payload",
        "|",
        "||",
        " |indented",
        "noise",
        "",
        " ",
        "\r",
        "|two\r",
        "|\x85\u2028not a line feed",
        "|a\rb",
        "\ufffd",
    ]
)


@given(st.lists(_PIECES, max_size=30), st.sampled_from(["\n", "\r\n"]), st.booleans())
@example([f"{MARKER} begin a", "|one", "", "|two", f"{MARKER} end a 0 5 whole", f"{MARKER} done 1"], "\n", True)
@example([f"{MARKER} begin a", "|one", f"{MARKER} nonsense", "|two", f"{MARKER} end a 0 5 whole"], "\n", False)
def test_blocks_come_to_the_same_as_lines(lines: list[str], feed: str, ended: bool) -> None:
    output = (feed.join(lines) + (feed if ended else "")).encode()
    reply = parse_reply(output, MARKER, NOW)
    found, dropped, complete = line_by_line(output)
    got = {part: (seen.text, seen.code, "twice" not in seen.reason) for part, seen in reply.observations.items()}
    assert (got, reply.dropped_lines, reply.complete) == (found, dropped, complete)


@given(st.binary(max_size=300), st.lists(st.integers(0, 300), max_size=4))
def test_cut_and_garbled_anywhere_too(garbage: bytes, cuts: list[int]) -> None:
    whole = f"{MARKER} begin a\n|x\n|y\n{MARKER} end a 0 5 whole\n{MARKER} done 1\n".encode()
    for cut in cuts:
        whole = whole[:cut] + garbage + whole[cut:]
    reply = parse_reply(whole, MARKER, NOW)
    found, dropped, complete = line_by_line(whole)
    assert {part: seen.text for part, seen in reply.observations.items()} == {part: seen[0] for part, seen in found.items()}
    assert (reply.dropped_lines, reply.complete) == (dropped, complete)
