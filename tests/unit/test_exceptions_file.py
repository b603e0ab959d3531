"""Files of exceptions: what is read, and every mistake as one line with file, line and key, all at once."""

from __future__ import annotations

import hashlib
import json
import os
import re
from datetime import date
from pathlib import Path

import jsonschema
import pytest
import yaml
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from scorecard.exceptions import Entry, Exceptions, ExceptionsError
from scorecard.exceptions.entries import derived_id
from scorecard.exceptions.load import client_of, load
from scorecard.exceptions.schema import schema
from scorecard.model import ExceptionKind
from tests.fleet import REGISTRY, STANDARD

ROOT = Path(__file__).parents[2]
EXAMPLE = ROOT / "exceptions.example.yaml"
TODAY = date(2026, 11, 20)
LIMITS = STANDARD.content.exceptions
SHA = hashlib.sha256(b"proof").hexdigest()

WAIVED = "check: disk-encryption.data-volumes, endpoints: a, reason: r, approver: p"
STATED = "check: disk-encryption.data-volumes, endpoints: a, text: t, says: s, on: 2026-11-20"
DECLINED = "what: w, checks: disk-encryption.data-volumes, endpoints: a, by: b"


def read(file: Path, client: str | None = None) -> Exceptions:
    return load(file, client=client, checks=REGISTRY.checks, limits=LIMITS, today=TODAY)


def of_text(folder: Path, text: str, client: str | None = None) -> Exceptions:
    file = folder / "e.yaml"
    file.write_text(text, encoding="utf-8")
    return read(file, client)


def mistakes(folder: Path, text: str, client: str | None = None) -> list[str]:
    with pytest.raises(ExceptionsError) as raised:
        of_text(folder, text, client)
    assert str(raised.value).splitlines() == list(raised.value.problems)
    return [problem.removeprefix(f"{folder}/") for problem in raised.value.problems]


def test_the_example_is_read() -> None:
    found = read(EXAMPLE, "harbour dental")
    assert [(entry.id, entry.kind, entry.covered, len(entry.endpoints)) for entry in found.entries] == [
        ("x-ray-viewers", ExceptionKind.WAIVED, False, 2),
        ("waived-8cf2c05133", ExceptionKind.WAIVED, True, 1),
        ("declined-847903e808", ExceptionKind.DECLINED, False, 2),
        ("stated-272a551fbf", ExceptionKind.STATED, False, 1),
    ]
    assert found.entries[2] == Entry(
        id="declined-847903e808",
        kind=ExceptionKind.DECLINED,
        checks=("os-support.supported", "disk-encryption.system-volume"),
        endpoints=("laptop-7", "laptop-8"),
        since=date(2026, 9, 14),
        until=date(2027, 9, 13),
        details={
            "what": "New laptops for the two of 2016",
            "price": 1900,
            "currency": "EUR",
            "by": "Dr Ada Moreno, managing partner",
        },
    )


def keys_of_schema() -> set[str]:
    drawn = schema()
    return set(drawn["properties"]).union(*(set(about["properties"]) for about in drawn["$defs"].values()))


def test_every_key_stands_in_the_example_and_in_the_page() -> None:
    example, page = EXAMPLE.read_text(encoding="utf-8"), (ROOT / "docs" / "exceptions.md").read_text(encoding="utf-8")
    for key in keys_of_schema():
        assert re.search(rf"\b{key}:", example), key
        assert f"`{key}`" in page or f"{key}:" in page, key


def test_the_example_fits_the_schema() -> None:
    jsonschema.Draft202012Validator.check_schema(schema())
    text = re.sub(r"\bon:", "'on':", EXAMPLE.read_text(encoding="utf-8"))  # an editor reads YAML 1.2
    jsonschema.Draft202012Validator(schema()).validate(json.loads(json.dumps(yaml.safe_load(text), default=str)))


def test_every_schema_property_says_what_it_is() -> None:
    for about in (schema(), *schema()["$defs"].values()):
        for key, value in about["properties"].items():
            assert value["description"].endswith("."), key


def test_an_id_stays_the_same_as_long_as_the_entry_is_about_the_same(tmp_path: Path) -> None:
    def ids(more: str) -> str:
        return of_text(tmp_path, f"waived:\n- {{{more}}}").entries[0].id

    first = ids(f"{WAIVED}, from: 2026-11-01, expires: 2026-11-30")
    assert first == derived_id(ExceptionKind.WAIVED, ("disk-encryption.data-volumes",), ("a",), date(2026, 11, 1))
    assert re.fullmatch(r"waived-[0-9a-f]{10}", first)
    assert first == ids(f"{WAIVED.replace('reason: r', 'reason: other')}, from: 2026-11-01, expires: 2026-11-20, cover: x")
    assert first == ids(f"{WAIVED.replace('endpoints: a', 'endpoints: A')}, from: 2026-11-01, expires: 2026-11-30")
    assert first != ids(f"{WAIVED}, from: 2026-11-02, expires: 2026-11-30")
    assert first != ids(f"{WAIVED.replace('endpoints: a', 'endpoints: b')}, from: 2026-11-01, expires: 2026-11-30")
    assert ids(f"{WAIVED}, from: 2026-11-01, expires: 2026-11-30, id: Mine.1_a-b") == "Mine.1_a-b"


# What stands in an entry, from line 2 on -> everything that is said about it, without "e.yaml:2: ".
IN_WAIVED = {
    f"{WAIVED}, from: 2026-11-01": ["waived[1].expires: is missing. Expected: Last day it holds."],
    f"{WAIVED}, expires: 2026-11-01": ["waived[1].from: is missing. Expected: First day it holds, such as 2026-01-31."],
    f"{WAIVED}, from: 2026-11-02, expires: 2026-11-01": [
        "waived[1].expires: 2026-11-01 is before from, 2026-11-02; correct one of them"
    ],
    f"{WAIVED}, from: 2026-11-01, expires: 2027-01-30": [
        "waived[1].expires: runs for 91 days; at most 90 are allowed, from and expires included (365 where cover: says "
        "what protects the machine meanwhile)"
    ],
    f"{WAIVED}, cover: c, from: 2026-11-01, expires: 2027-11-01": [
        "waived[1].expires: runs for 366 days; at most 365 are allowed, from and expires included"
    ],
    f"{WAIVED}, cover: '', from: 2026-11-01, expires: 2026-11-01": ["waived[1].cover: expected text, found empty text"],
    f"{WAIVED}, cover: ' ', from: 2026-11-01, expires: 2026-11-01": ["waived[1].cover: expected text, found empty text"],
    f"{WAIVED}, cover: yes, from: 2026-11-01, expires: 2026-11-01": [
        "waived[1].cover: expected text, found yes; put it in quotes"
    ],
    f"{WAIVED}, from: soon, expires: 2026-13-01": [
        "waived[1].expires: this is not a valid timestamp; correct it, or put it in quotes to make it text",
        "waived[1].from: expected a date such as 2026-01-31, found 'soon'",
    ],
    f"{WAIVED}, from: 0001-01-01, expires: 0001-01-01": [
        "waived[1].from: expected a day from 2000 to 2199, found 0001-01-01"
    ],
    f"{WAIVED}, from: 2199-12-31, expires: 9999-12-31": [
        "waived[1].expires: expected a day from 2000 to 2199, found 9999-12-31"
    ],
    f"{WAIVED}, from: 2026-11-01, expires: 2026-11-02, id: 'a b'": [
        "waived[1].id: expected letters, digits, '.', '_' and '-', at most 64 of them, found 'a b'"
    ],
    f"{WAIVED}, from: 2026-11-01, expires: 2026-11-02, reson: x": [
        "waived[1].reson: 'reson' is not a key here; did you mean 'reason'?"
    ],
    f"{WAIVED}, fron: 2026-11-01, expires: 2026-11-02": [
        "waived[1].from: is missing. Expected: First day it holds, such as 2026-01-31.",
        "waived[1].fron: 'fron' is not a key here; did you mean 'from'?",
    ],
    "check: disk-encryption.data-volume, endpoints: a, reason: r, approver: p, from: 2026-11-01, expires: 2026-11-02": [
        "waived[1].check: there is no check 'disk-encryption.data-volume'; did you mean 'disk-encryption.data-volumes'?"
    ],
    "check: zzz, endpoints: a, reason: r, approver: p, from: 2026-11-01, expires: 2026-11-02": [
        "waived[1].check: there is no check 'zzz'; `scorecard checks list` shows all"
    ],
    "check: disk-encryption.method, endpoints: [], reason: r, approver: p, from: 2026-11-01, expires: 2026-11-02": [
        "waived[1].endpoints: expected at least one name, found an empty list"
    ],
    "check: disk-encryption.method, endpoints: ['*'], reason: r, approver: p, from: 2026-11-01, expires: 2026-11-02": [
        "waived[1].endpoints: '*' is a pattern; name each endpoint, so that a new one is never excused"
    ],
    "check: disk-encryption.method, endpoints: [a, A], reason: r, approver: p, from: 2026-11-01, expires: 2026-11-02": [
        "waived[1].endpoints: a name stands here twice (capitals do not count); keep one of them"
    ],
    "check: disk-encryption.method, endpoints: 5, reason: r, from: 2026-11-01, expires: 2026-11-02": [
        "waived[1].approver: is missing. Expected: Who agreed to it, with their function.",
        "waived[1].endpoints: expected a name or a list of them, found a number",
    ],
}
IN_DECLINED = {
    f"{DECLINED}, on: 2026-11-21": [
        "declined[1].on: 2026-11-21 is yet to come, so nothing was refused on it; correct the day"
    ],
    f"{DECLINED}, on: 2026-11-20, price: -1": [
        "declined[1].price: expected an amount, or text such as '1,200 a year', found the number -1"
    ],
    f"{DECLINED}, on: 2026-11-20, price: .inf": [
        "declined[1].price: expected an amount, or text such as '1,200 a year', found a huge number"
    ],
    f"{DECLINED}, on: 2026-11-20, price: yes": [
        "declined[1].price: expected an amount, or text such as '1,200 a year', found yes"
    ],
    f"{DECLINED}, on: 2026-11-20, currency: eur": [
        "declined[1].currency: expected a currency such as EUR, in three capital letters, found 'eur'"
    ],
    f"{DECLINED}, on: 2026-11-20, until: 2026-11-19": [
        "declined[1].until: 2026-11-19 is before on, 2026-11-20; correct one of them"
    ],
    "what: w, checks: [], endpoints: a, by: b, on: 2026-11-20": [
        "declined[1].checks: expected at least one check, found an empty list"
    ],
}
IN_STATED = {
    f"{STATED}, until: 2026-12-01": [
        "stated[1]: has no proof; name a file with the key proof, or give its sha256 where it is kept elsewhere"
    ],
    f"{STATED}, until: 2027-02-18, sha256: {SHA}": [
        "stated[1].until: runs for 91 days; at most 90 are allowed, on and until included"
    ],
    f"{STATED}, until: 2026-12-01, sha256: abc": [
        "stated[1].sha256: expected the 64 hexadecimal digits of a SHA-256, found 'abc'"
    ],
    f"{STATED.replace('2026-11-20', '2026-11-21')}, until: 2026-12-01, sha256: {SHA}": [
        "stated[1].on: 2026-11-21 is yet to come, so nothing was said on it; correct the day"
    ],
}


@pytest.mark.parametrize(
    ("kind", "entry", "said"),
    [
        *(("waived", entry, said) for entry, said in IN_WAIVED.items()),
        *(("declined", entry, said) for entry, said in IN_DECLINED.items()),
        *(("stated", entry, said) for entry, said in IN_STATED.items()),
    ],
)
def test_a_mistake_is_said_with_line_and_key(tmp_path: Path, kind: str, entry: str, said: list[str]) -> None:
    assert mistakes(tmp_path, f"{kind}:\n- {{{entry}}}") == [f"e.yaml:2: {line}" for line in said]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", ["e.yaml: is empty; expected YAML with keys and values"]),
        ("waived: [", ["e.yaml:1: this is not YAML: expected a value here; check brackets, braces and commas"]),
        ("- a", ["e.yaml:1: expected a mapping (keys with values), found a list"]),
        ("waived: 5", ["e.yaml:1: waived: expected a list, each item on a line that starts with '- ', found a number"]),
        ("waived:\n- 5", ["e.yaml:2: waived[1]: expected a mapping (keys with values), found a number"]),
        ("waved: []", ["e.yaml:1: waved: 'waved' is not a key here; did you mean 'waived'?"]),
        ("client: 5", ["e.yaml:1: client: expected a name, found the number 5; put it in quotes"]),
        ("client: A\nclient: B", ["e.yaml:2: client: is set here and already on line 1; keep one of them"]),
    ],
)
def test_what_is_no_file_of_exceptions(tmp_path: Path, text: str, said: list[str]) -> None:
    assert mistakes(tmp_path, text) == said


def test_a_file_that_is_not_there_and_one_that_is_not_text(tmp_path: Path) -> None:
    with pytest.raises(ExceptionsError, match=r"nowhere\.yaml: cannot be read: No such file or directory$"):
        read(tmp_path / "nowhere.yaml")
    (tmp_path / "e.yaml").write_bytes(b"\xff\xfec\0l\0")
    with pytest.raises(ExceptionsError, match="is UTF-16; save it as UTF-8"):
        read(tmp_path / "e.yaml")
    assert client_of(tmp_path / "e.yaml") is None


def test_a_file_without_entries_is_none_of_them(tmp_path: Path) -> None:
    assert of_text(tmp_path, "client: A").entries == ()
    assert of_text(tmp_path, "waived: []\ndeclined: []").entries == ()


def test_a_file_is_for_its_client_alone(tmp_path: Path) -> None:
    assert of_text(tmp_path, "client: Acme", "ACME").entries == ()
    assert client_of(tmp_path / "e.yaml") == "Acme"
    assert mistakes(tmp_path, "client: Acme", "Other") == ["e.yaml:1: client: is not Other, whose exceptions are wanted"]


def test_all_mistakes_are_said_at_once(tmp_path: Path) -> None:
    text = (
        f"client: Acme\nwaived:\n- {{{WAIVED}, from: 2026-11-02, expires: 2026-11-01}}\n"
        f"declined:\n- {{{DECLINED}, on: 2026-12-01}}\nstated:\n- {{{STATED}, until: 2026-11-30}}"
    )
    assert [line.split(": ")[0] for line in mistakes(tmp_path, text, "Other")] == [
        "e.yaml:1",
        "e.yaml:3",
        "e.yaml:5",
        "e.yaml:7",
    ]


@pytest.mark.parametrize(
    ("first", "second", "said"),
    [
        ("from: 2026-11-01, expires: 2026-11-10", "from: 2026-11-11, expires: 2026-11-20", False),
        ("from: 2026-11-01, expires: 2026-11-10", "from: 2026-11-10, expires: 2026-11-20", True),
        ("from: 2026-11-10, expires: 2026-11-20", "from: 2026-11-01, expires: 2026-11-10", True),
        ("from: 2026-11-01, expires: 2026-11-30", "from: 2026-11-10, expires: 2026-11-11", True),
    ],
)
def test_one_entry_at_a_time(tmp_path: Path, first: str, second: str, said: bool) -> None:
    text = f"waived:\n- {{{WAIVED}, {first}}}\n- {{{WAIVED.replace('endpoints: a', 'endpoints: [b, A]')}, {second}}}"
    if not said:
        assert len(of_text(tmp_path, text).entries) == 2
        return
    (line,) = mistakes(tmp_path, text)
    assert "disk-encryption.data-volumes on 'a' has another exception for some of these days, on line" in line


def test_entries_of_different_kinds_get_in_each_others_way_too(tmp_path: Path) -> None:
    text = (
        f"waived:\n- {{{WAIVED}, from: 2026-11-01, expires: 2026-11-10}}\n"
        f"declined:\n- {{{DECLINED}, on: 2026-10-01}}\nstated:\n- {{{STATED}, until: 2026-11-30, sha256: {SHA}}}"
    )
    said = "disk-encryption.data-volumes on 'a' has another exception for some of these days, on line 4; keep one at a time"
    assert mistakes(tmp_path, text) == [f"e.yaml:2: waived[1]: {said}", f"e.yaml:6: stated[1]: {said}"]


def test_ids_are_unique(tmp_path: Path) -> None:
    other = WAIVED.replace("endpoints: a", "endpoints: b")
    days = "from: 2026-11-01, expires: 2026-11-10, id: x"
    assert mistakes(tmp_path, f"waived:\n- {{{WAIVED}, {days}}}\n- {{{other}, {days}}}") == [
        "e.yaml:3: waived[2].id: 'x' is already used on line 2; ids are unique"
    ]


# --- proofs --------------------------------------------------------------------------------------------------------


def stated(folder: Path, more: str) -> Entry:
    return of_text(folder, f"stated:\n- {{{STATED}, until: 2026-11-30, {more}}}").entries[0]


def test_a_proof_is_known_by_what_it_holds(tmp_path: Path) -> None:
    (tmp_path / "letter.pdf").write_bytes(b"proof")
    for more in (
        "proof: letter.pdf",
        f"proof: {tmp_path}/letter.pdf",
        f"proof: letter.pdf, sha256: 'SHA256:{SHA.upper()}'",
    ):
        if "SHA256:" in more:
            more = more.replace("SHA256:", "sha256:")
        details = stated(tmp_path, more).details
        assert (details["proof"], details["sha256"]) == ("letter.pdf", SHA)
    details = stated(tmp_path, f"sha256: {SHA}").details
    assert (details["proof"], details["sha256"]) == (None, SHA)


def test_a_proof_that_is_missing_changed_or_no_file(tmp_path: Path) -> None:
    text = f"stated:\n- {{{STATED}, until: 2026-11-30, "
    (tmp_path / "letter.pdf").write_bytes(b"another")
    (tmp_path / "folder").mkdir()
    os.mkfifo(tmp_path / "pipe")
    found = hashlib.sha256(b"another").hexdigest()
    assert mistakes(tmp_path, f"{text}proof: letter.pdf, sha256: {SHA}}}") == [
        f"e.yaml:2: stated[1].sha256: is not that of {tmp_path}/letter.pdf, which is {found}; was the file changed since?"
    ]
    for name, said in {
        "none.pdf": "No such file or directory",
        "folder": "it is not a file",
        "pipe": "it is not a file",
    }.items():
        assert mistakes(tmp_path, f"{text}proof: {name}}}") == [
            f"e.yaml:2: stated[1].proof: {tmp_path}/{name} cannot be read: {said}"
        ]


# --- anything at all -----------------------------------------------------------------------------------------------

words = st.sampled_from(
    [
        "waived",
        "declined",
        "stated",
        "client",
        "check",
        "checks",
        "endpoints",
        "from",
        "expires",
        "on",
        "until",
        "id",
        "cover",
    ]
)
scalars = st.one_of(
    st.none(), st.booleans(), st.integers(-(10**20), 10**20), st.floats(), st.dates(), st.text(max_size=8), words
)
trees = st.recursive(scalars, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(words, inner, max_size=5))


@settings(max_examples=200, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.dictionaries(words, trees | st.lists(st.dictionaries(words, trees), max_size=3), max_size=4))
def test_no_file_gives_a_traceback(tmp_path: Path, tree: object) -> None:
    try:
        of_text(tmp_path, yaml.safe_dump(tree, allow_unicode=True))
    except ExceptionsError as error:
        assert all(problem.startswith(f"{tmp_path}/e.yaml") for problem in error.problems)  # noqa: PT017 - most are refused, some are fine
