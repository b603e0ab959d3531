"""Recorded answers come back as they were, from a folder or an audit document; what is broken says so."""

from __future__ import annotations

import json
import os
import stat
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scorecard.bundle import HOST_PART, Bundle
from scorecard.doctor import examine
from scorecard.errors import FailureKind, StoreError, TransportError
from scorecard.host import parse_host
from scorecard.model import Endpoint, Identity, Observation, Outcome
from scorecard.transports import make
from scorecard.transports.base import Answer
from scorecard.transports.replay import folder_name, observations_of, record
from tests.rig.sshd import no_secrets

AS_OF = datetime(2026, 11, 20, 12, 0, tzinfo=UTC)
HOST_TEXT = (
    'system=Linux\nclock=1795176000\nrights=root\nuser=root\nos-release: ID=debian\nos-release: PRETTY_NAME="Debian 12"'
)


def replay(place: Path, name: str = "web") -> Answer:
    endpoint = Endpoint(name, "client", str(place), transport="replay")
    return make("replay", no_secrets).ask(endpoint, Bundle(()), 10)


def failure(place: Path, name: str = "web") -> TransportError:
    with pytest.raises(TransportError) as caught:
        replay(place, name)
    assert caught.value.next_step
    return caught.value


OBSERVATIONS = {
    HOST_PART: Observation(HOST_PART, Outcome.OK, HOST_TEXT, 0, 12, AS_OF),
    "t.denied": Observation(
        "t.denied", Outcome.DENIED, "half of it\n", 77, 3, AS_OF, "Our account has no right to read this"
    ),
    "t.cut": Observation(
        "t.cut", Outcome.TRUNCATED, "\n\nlines|with\rall\tsorts\n\n", None, 0, AS_OF, "The answer broke off"
    ),
    "t.empty": Observation("t.empty", Outcome.OK, "", 0, 1, AS_OF),
    "t.foreign": Observation("t.foreign", Outcome.OK, "Größe: 5 €\ufffd 漢字 \x1b[31m", 0, 1, AS_OF + timedelta(seconds=1)),
}

# --- what was recorded comes back ----------------------------------------------------------------------------------


def test_a_recording_comes_back_as_it_was(tmp_path: Path) -> None:
    folder = record(tmp_path / "pack", "web", OBSERVATIONS, AS_OF.astimezone(timezone(timedelta(hours=5))))
    for place in (tmp_path / "pack", folder):
        answer = replay(place)
        assert answer.observations == OBSERVATIONS
        assert answer.as_of == AS_OF
        assert answer.identity is Identity.NOT_PROVEN
        assert answer.complete
        assert any("recorded 2026-11-20 12:00 UTC" in note for note in answer.notes)
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    assert {stat.S_IMODE(file.stat().st_mode) for file in folder.iterdir()} == {0o600}


def test_recording_again_replaces_the_whole(tmp_path: Path) -> None:
    record(tmp_path, "web", OBSERVATIONS, AS_OF)
    record(tmp_path, "web", {"t.empty": OBSERVATIONS["t.empty"]}, AS_OF)
    assert set(replay(tmp_path).observations) == {"t.empty"}
    assert [file.name for file in tmp_path.iterdir()] == ["web"]


def test_endpoints_lie_side_by_side(tmp_path: Path) -> None:
    for name in ("web", "mail"):
        record(tmp_path, name, {"t.name": Observation("t.name", Outcome.OK, name, 0, 0, AS_OF)}, AS_OF)
    assert replay(tmp_path, "web").observations["t.name"].text == "web"
    assert replay(tmp_path, "mail").observations["t.name"].text == "mail"
    assert failure(tmp_path, "other").kind is FailureKind.NAME_NOT_FOUND


@given(st.dictionaries(st.from_regex(r"[a-z0-9][a-z0-9.-]{0,40}", fullmatch=True), st.text(), max_size=4))
def test_any_text_comes_back(tmp_path_factory: pytest.TempPathFactory, texts: dict[str, str]) -> None:
    folder = tmp_path_factory.mktemp("pack")
    texts = {part: text.encode("utf-8", "replace").decode() for part, text in texts.items()} | {"t.always": ""}
    observations = {part: Observation(part, Outcome.OK, text, 0, 0, AS_OF) for part, text in texts.items()}
    record(folder, "web", observations, AS_OF)
    assert replay(folder).observations == observations


def test_a_failed_recording_leaves_nothing(tmp_path: Path) -> None:
    bad = {"t.fine": OBSERVATIONS["t.empty"], "../escape": Observation("../escape", Outcome.OK)}
    with pytest.raises(StoreError, match="escape"):
        record(tmp_path / "pack", "web", bad, AS_OF)
    assert list((tmp_path / "pack").iterdir()) == []
    (tmp_path / "file").write_text("")
    with pytest.raises(StoreError, match="cannot be written"):
        record(tmp_path / "file", "web", OBSERVATIONS, AS_OF)


# --- names ---------------------------------------------------------------------------------------------------------

HOSTILE = (
    "..",
    ".",
    "",
    "../web",
    "/etc/passwd",
    "a/b",
    "a\\b",
    ".hidden",
    "nul\0",
    "line\nfeed",
    "x" * 400,
    "con.",
    "\udcff",
    " web ",
)


@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_names_stay_inside(tmp_path: Path, name: str) -> None:
    pack = tmp_path / "pack"
    folder = record(pack, name, {"t.empty": OBSERVATIONS["t.empty"]}, AS_OF)
    assert folder.parent == pack
    assert replay(pack, name).observations.keys() == {"t.empty"}
    assert [file.name for file in tmp_path.iterdir()] == ["pack"]


def test_names_that_are_cleaned_alike_are_told_apart() -> None:
    assert len({folder_name(name) for name in ("a/b", "a\\b", "a-b", "a b", "a//b")}) == 5
    assert folder_name("SRV-01.example.com") == "SRV-01.example.com"


@pytest.mark.parametrize("what", ["folder", "part", "outcomes", "reply"])
def test_links_that_lead_out_are_refused(tmp_path: Path, what: str) -> None:
    secret = tmp_path / "secret"
    secret.mkdir()
    (secret / "t.part.txt").write_text("marker: a\nas_of: 2026-11-20\n")
    pack = tmp_path / "pack"
    pack.mkdir()
    if what == "folder":
        (pack / "web").symlink_to(secret)
    else:
        (pack / "t.fine.txt").write_text("fine")
        name = {"part": "t.part.txt", "outcomes": "outcomes.yaml", "reply": "reply.txt"}[what]
        (pack / name).symlink_to(secret / "t.part.txt")
    assert "leads out of the folder" in failure(pack).message


# --- folders made by hand ------------------------------------------------------------------------------------------


def test_part_files_alone_take_their_date_and_say_so(tmp_path: Path) -> None:
    (tmp_path / f"{HOST_PART}.txt").write_text(HOST_TEXT + "\n")
    (tmp_path / "README.md").write_text("not a part")
    os.utime(tmp_path / f"{HOST_PART}.txt", (AS_OF.timestamp(), AS_OF.timestamp()))
    answer = replay(tmp_path)
    assert answer.as_of == AS_OF
    assert set(answer.observations) == {HOST_PART}
    assert any("does not say when" in note for note in answer.notes)
    host = parse_host(answer.observations, answer.as_of)
    assert host is not None
    assert host.product.seen() == "debian"


def test_outcomes_name_parts_without_a_file(tmp_path: Path) -> None:
    (tmp_path / "t.here.txt").write_text("text\n")
    (tmp_path / "outcomes.yaml").write_text("as_of: 2026-11-20 12:00:00\nparts:\n  t.gone: {outcome: absent, code: 127}\n")
    answer = replay(tmp_path)
    assert answer.as_of == AS_OF
    assert answer.observations["t.here"].outcome is Outcome.OK
    assert answer.observations["t.gone"].outcome is Outcome.ABSENT
    assert answer.observations["t.gone"].reason


@pytest.mark.parametrize(
    ("outcomes", "words"),
    [
        ("as_of: soon\n", "time that cannot be read"),
        ("as_of: 2026-11-20\nparts: [a]\n", "mapping under parts"),
        ("as_of: 2026-11-20\nparts: {t.here: 5}\n", "t.here"),
        ("as_of: 2026-11-20\nparts: {t.here: {outcome: good}}\n", "outcome that is none"),
        ("as_of: 2026-11-20\nparts: {t.here: {code: zero}}\n", "number that is none"),
        ("as_of: 2026-11-20\nparts: {t.here: {duration_ms: true}}\n", "number that is none"),
        ("as_of: 2026-11-20\nparts: {5: {code: 0}}\n", "something else than a mapping"),
        ("as_of: 2026-11-20\nparts: {t.here: }\n", "something else than a mapping"),
        ("- a list\n", "not a mapping"),
        ("as_of: [\n", "not YAML"),
        ("!!python/object/apply:os.system ['true']\n", "not YAML"),
        ("\x00\x01", "not YAML"),
        ("[" * 5000, "not YAML"),
    ],
)
def test_broken_outcomes_are_named(tmp_path: Path, outcomes: str, words: str) -> None:
    (tmp_path / "t.here.txt").write_text("text\n")
    (tmp_path / "outcomes.yaml").write_text(outcomes)
    error = failure(tmp_path)
    assert error.kind is FailureKind.PROTOCOL
    assert words in error.message
    assert "outcomes.yaml" in error.message


def test_a_place_that_does_not_exist_or_holds_nothing(tmp_path: Path) -> None:
    assert failure(tmp_path / "none").kind is FailureKind.NAME_NOT_FOUND
    assert failure(tmp_path).kind is FailureKind.NAME_NOT_FOUND


# --- a framed reply ------------------------------------------------------------------------------------------------

REPLY = """marker: scorecard-7
as_of: 2026-11-20T12:00:00Z
account: audit@10.0.0.5
noise
scorecard-7 begin t.one
|one
scorecard-7 end t.one 0 5 whole
scorecard-7 begin t.two
|denied
scorecard-7 end t.two 77 5 whole
scorecard-7 done 2
"""


def test_a_reply_is_taken_apart_again(tmp_path: Path) -> None:
    (tmp_path / "reply.txt").write_text(REPLY)
    answer = replay(tmp_path)
    assert answer.complete
    assert answer.account == "audit@10.0.0.5"
    assert answer.dropped_lines == 1
    assert answer.observations["t.one"].text == "one"
    assert answer.observations["t.two"].outcome is Outcome.DENIED
    assert answer.as_of == AS_OF


def test_a_reply_with_the_line_ends_of_windows(tmp_path: Path) -> None:
    (tmp_path / "reply.txt").write_bytes(REPLY.replace("\n", "\r\n").encode())
    assert replay(tmp_path).observations["t.one"].text == "one"


def test_a_reply_that_breaks_off_is_not_complete(tmp_path: Path) -> None:
    (tmp_path / "reply.txt").write_text(REPLY.partition("scorecard-7 end t.two")[0])
    answer = replay(tmp_path)
    assert not answer.complete
    assert answer.cut is not None
    assert answer.observations["t.two"].outcome is Outcome.TRUNCATED


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "does not begin"),
        (REPLY.replace("marker: scorecard-7\n", ""), "does not begin"),
        (REPLY.replace("as_of: 2026-11-20T12:00:00Z\n", ""), "does not begin"),
        (REPLY.replace("12:00:00Z", "noon"), "time that cannot be read"),
        ("\xff\xfe\x00garbage", "does not begin"),
    ],
)
def test_a_reply_without_its_head_is_refused(tmp_path: Path, text: str, words: str) -> None:
    (tmp_path / "reply.txt").write_text(text)
    error = failure(tmp_path)
    assert error.kind is FailureKind.PROTOCOL
    assert words in error.message


def test_a_reply_without_a_frame_is_no_answer(tmp_path: Path) -> None:
    (tmp_path / "reply.txt").write_text("marker: scorecard-8\nas_of: 2026-11-20\nThis account is not available\n")
    assert "This account is not available" in failure(tmp_path).message


# --- audit documents -----------------------------------------------------------------------------------------------


def row(part: str = "t.one", **more: Any) -> dict[str, Any]:
    return {
        "sha256": "sha256:0", "part": part, "outcome": "ok", "text": "one", "code": 0, "duration_ms": 5,
        "observed_at": "2026-11-20T12:00:00Z", **more,
    }  # fmt: skip


def document(tmp_path: Path, observations: Any, schema: str = "scorecard/audit/1") -> Path:
    file = tmp_path / "audit.json"
    file.write_text(json.dumps({"schema": schema, "observations": observations}))
    return file


def test_an_audit_document_with_evidence_answers(tmp_path: Path) -> None:
    rows = [row(), row("t.two", outcome="denied", code=77, observed_at="2026-11-20T13:00:01+01:00")]
    answer = replay(document(tmp_path, {"web": rows}))
    assert answer.observations["t.one"] == Observation("t.one", Outcome.OK, "one", 0, 5, AS_OF)
    assert answer.observations["t.two"].outcome is Outcome.DENIED
    assert answer.observations["t.two"].reason
    assert answer.as_of == AS_OF + timedelta(seconds=1)
    assert answer.identity is Identity.NOT_PROVEN
    observations, as_of = observations_of(rows, tmp_path)
    assert (observations, as_of) == (answer.observations, answer.as_of)


@pytest.mark.parametrize(
    ("observations", "words"),
    [
        (None, "without its evidence"),
        ([], "without its evidence"),
        ({"other": [row()]}, "no recording of web"),
        ({"web": []}, "no recording of web"),
        ({"web": "text"}, "not a list of parts"),
        ({"web": ["text"]}, "not a list of parts"),
        ({"web": [{}]}, "not a list of parts"),
        ({"web": [row(observed_at=None)]}, "does not say when"),
        ({"web": [row(observed_at="later")]}, "time that cannot be read"),
        ({"web": [row(outcome="fine")]}, "outcome that is none"),
        ({"web": [row(outcome=["ok"])]}, "outcome that is none"),
        ({"web": [row(text=None)]}, "text or number"),
        ({"web": [row(code="0")]}, "text or number"),
        ({"web": [row(), row()]}, "twice"),
    ],
)
def test_a_broken_audit_document_is_named(tmp_path: Path, observations: Any, words: str) -> None:
    assert words in failure(document(tmp_path, observations)).message


@pytest.mark.parametrize("content", ["", "{", "[]", "5", '{"schema": "other/1"}', "\x00", "[" * 100_000])
def test_a_file_that_is_no_audit_document(tmp_path: Path, content: str) -> None:
    file = tmp_path / "audit.json"
    file.write_text(content)
    assert failure(file).kind is FailureKind.PROTOCOL


def test_the_doctor_reads_a_recording(tmp_path: Path) -> None:
    record(tmp_path, "web", OBSERVATIONS, AS_OF)
    steps = list(examine(Endpoint("web", "client", str(tmp_path), transport="replay"), no_secrets))
    assert [(step.name, step.ok) for step in steps] == [("recording", True), ("privilege", True), ("probe", True)]
    (broken,) = examine(Endpoint("web", "client", str(tmp_path / "none"), transport="replay"), no_secrets)
    assert not broken.ok
    record(tmp_path, "odd", {"t.empty": OBSERVATIONS["t.empty"]}, AS_OF)
    steps = list(examine(Endpoint("odd", "client", str(tmp_path), transport="replay"), no_secrets))
    assert [(step.name, step.ok) for step in steps] == [("recording", True), ("privilege", False)]
