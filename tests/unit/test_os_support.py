"""Support dates: which row speaks, what an end means, and never a pass without a row that covers the day."""

from __future__ import annotations

import importlib
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from scorecard.errors import FactUnavailable
from scorecard.model import Host, Observation, Outcome, Platform, Seen, Status, Unseen, Verdict, unknown
from scorecard.registry import Registry
from scorecard.topic import Parameters
from tests import cases

TOPIC = Registry.load().by_id["os-support"]
FILE = TOPIC.data_files[0]
PACKAGE = TOPIC.parse.__module__.rpartition(".")[0]
TABLE: Any = importlib.import_module(f"{PACKAGE}.table")
RAW: list[dict[str, Any]] = yaml.safe_load(FILE.path.read_text(encoding="utf-8"))["rows"]

# Parts that say: one witness of the release and no sign of any contract.
PLAIN = {
    "os-support.release": Observation("os-support.release", Outcome.OK, "NAME=x", 0, 1),
    "os-support.extension-signs": Observation("os-support.extension-signs", Outcome.OK, "", 0, 1),
    "os-support.ubuntu-pro": Observation("os-support.ubuntu-pro", Outcome.ABSENT, "", 127, 1),
}


def judge(check_id: str, observations: dict[str, Observation], host: Host) -> Verdict:
    check = next(check for check in TOPIC.checks if check.id == check_id)
    facts = TOPIC.parse(observations, host)
    try:
        return check.rule(facts, host, Parameters(check.defaults()))
    except FactUnavailable as error:
        return unknown(error.reason)


def noon(day: date) -> datetime:
    return datetime(day.year, day.month, day.day, 12, tzinfo=UTC)


def last_day(row: dict[str, Any]) -> date:
    """The latest day that a row can possibly cover without a paid contract, read apart from the code under test."""
    latest = date.min
    free = [extension["ends"] for extension in row.get("extended", ()) if extension["cost"] == "free"]
    for end in (row["free"], *free):
        if end == "rolling":
            return date.max
        if end == "open":
            end = row["as_of"] + timedelta(days=365)
        elif end == "ended":
            end = date.min
        elif isinstance(end, str) and ".." in end:
            end = date.fromisoformat(end.partition("..")[0])
        elif isinstance(end, str):
            word = end.removeprefix("about ")
            end = date.fromisoformat(f"{word}-01" if "-" in word else f"{word}-01-01") - timedelta(days=1)
        latest = max(latest, end)
    return latest


PRODUCTS = sorted({row["product"] for row in RAW})
VERSIONS = sorted({str(row.get("version", "1")) for row in RAW})
ANY_VERSION = st.one_of(
    st.none(),
    st.sampled_from(VERSIONS),
    st.builds("{}.{}".format, st.sampled_from(VERSIONS), st.integers(0, 99)),
    st.from_regex(r"\A[0-9]{1,3}(\.[0-9]{1,3}){0,3}\Z"),
    st.text(max_size=30),
)


RELEASES = st.one_of(
    st.sampled_from([(row["product"], row.get("version")) for row in RAW]),
    st.tuples(st.one_of(st.sampled_from(PRODUCTS), st.from_regex(r"\A[a-z]{1,8}\Z")), ANY_VERSION),
)


@settings(max_examples=1500, deadline=None)
@given(release=RELEASES, day=st.dates(date(2016, 1, 1), date(2040, 1, 1)))
def test_nothing_passes_without_a_row_that_covers_the_day(release: tuple[str, str | None], day: date) -> None:
    product, version = release
    platform = Platform.MACOS if product == "macos" else Platform.LINUX
    host = cases.host(
        platform,
        product=product,
        product_name="CentOS Stream" if product == "centos-stream" else product,
        version=Seen(version),
        as_of=noon(day),
        build=Seen(None),
    )
    verdict = judge("os-support.supported", dict(PLAIN), host)
    due = judge("os-support.upgrade-due", dict(PLAIN), host)
    if verdict.status is not Status.PASS:
        assert due.status not in (Status.PASS, Status.WARN, Status.NOT_APPLICABLE)
        return
    mine = [
        row
        for row in RAW
        if row["product"] == product
        and ("version" not in row or (version is not None and f"{version}.".startswith(f"{row['version']}.")))
    ]
    assert mine, (product, version)
    assert day <= max(last_day(row) for row in mine)
    if due.status is Status.PASS and all(row["free"] not in ("rolling", "open") for row in mine):
        assert day + timedelta(days=180) < max(last_day(row) for row in mine)


def test_every_row_passes_to_its_last_day_and_not_one_longer() -> None:
    asked = [row for row in RAW if not row["product"].startswith("windows") and row["free"] not in ("rolling", "ended")]
    assert len(asked) > 60
    for row in asked:
        last, platform = last_day(row), Platform.MACOS if row["product"] == "macos" else Platform.LINUX
        name = "CentOS Linux" if row["product"] == "centos" else "CentOS Stream"
        # RHEL 8 is only supported in its last minor release.
        version = f"{row['version']}.{row['last_minor']}" if "last_minor" in row else row["version"]
        product = row["product"].removesuffix("-stream")
        for days, passes in ((0, True), (1, False)):
            host = cases.host(
                platform,
                product=product,
                product_name=name,
                version=version,
                as_of=noon(last + timedelta(days=days)),
                build=Seen(None),
            )
            quiet = {**PLAIN, "os-support.release": Observation("os-support.release", Outcome.OK, "", 0, 1)}
            verdict = judge("os-support.supported", quiet, host)
            assert (verdict.status is Status.PASS) == passes, (row["name"], days, verdict)


@settings(max_examples=300, deadline=None)
@given(
    texts=st.fixed_dictionaries({part: st.text(max_size=300) for part in PLAIN}),
    outcomes=st.fixed_dictionaries({part: st.sampled_from(list(Outcome)) for part in PLAIN}),
    product=st.sampled_from(["debian", "ubuntu", "centos", "rhel", "sles", "ol"]),
    version=st.sampled_from(["11", "20.04", "7", "7.9", "15.6", "16.04"]),
)
def test_garbage_never_raises_and_never_proves_a_contract(
    texts: dict[str, str], outcomes: dict[str, Outcome], product: str, version: str
) -> None:
    observations = {part: Observation(part, outcomes[part], texts[part], 0, 1) for part in PLAIN}
    host = cases.host(Platform.LINUX, product=product, version=version)
    assert judge("os-support.supported", observations, host).status is not Status.PASS


PRO_LINES = st.lists(
    st.sampled_from(
        [
            "json {",
            "json }",
            'json "attached": true',
            'json "attached": false',
            'json "name": "esm-infra"',
            'json "status": "enabled"',
            'json "expires": null',
            "token=none",
            "status=none",
            'json "status": ["x"]',
            'json "name": {"a": 1}',
        ]
    ),
    max_size=30,
)


@settings(max_examples=300, deadline=None)
@given(lines=PRO_LINES)
def test_a_pro_record_without_the_token_proves_nothing(lines: list[str]) -> None:
    observations = dict(PLAIN)
    observations["os-support.ubuntu-pro"] = Observation("os-support.ubuntu-pro", Outcome.OK, "\n".join(lines), 0, 1)
    observations["os-support.extension-signs"] = Observation(
        "os-support.extension-signs", Outcome.OK, "apt=esm-infra", 0, 1
    )
    host = cases.host(Platform.LINUX, product="ubuntu", version="20.04")
    assert judge("os-support.supported", observations, host).status is not Status.PASS


@pytest.mark.parametrize(
    ("product", "version", "edition", "name"),
    [
        ("debian", "12.11", None, "Debian 12 bookworm"),
        ("debian", "1", None, None),
        ("debian", "120", None, None),
        ("debian", "012", None, None),
        ("ubuntu", "24.04.3", None, "Ubuntu 24.04 LTS"),
        ("ubuntu", "24.4", None, None),
        ("ubuntu", "24", None, None),
        ("amzn", "2023.5.20240708", None, "Amazon Linux 2023"),
        ("amzn", "2", None, "Amazon Linux 2"),
        ("amzn", "20", None, None),
        ("alpine", "3.2", None, None),
        ("macos", "10.15.8", None, "macOS 10.15 Catalina"),
        ("macos", "10.9.5", None, "macOS 10.14 or older"),
        ("macos", "10.16", None, None),
        ("arch", None, None, "Arch Linux"),
        ("gentoo", "2.17", None, "Gentoo"),
        ("debian", None, None, None),
        ("windows", "26100", "home-pro", "Windows 11 24H2 Home or Pro"),
        ("windows", "26100", "ltsc", "Windows 11 LTSC 2024"),
        ("windows", "26100", "iot-ltsc", "Windows 11 IoT LTSC 2024"),
        ("windows", "26100", None, None),
        ("windows", "26100", "long-term", None),
        ("windows-server", "26100", "long-term", "Windows Server 2025"),
        ("windows-server", "17763", "annual-channel", None),
        ("windows", "19045", "enterprise", "Windows 10 22H2 Enterprise or Education"),
    ],
)
def test_the_row_that_speaks_for_a_release(
    product: str, version: str | None, edition: str | None, name: str | None
) -> None:
    row = TABLE.find(FILE.shipped().rows, product, version, edition)
    assert (row.name if row else None) == name


@pytest.mark.parametrize(
    ("end", "sure", "over"),
    [
        (date(2028, 6, 30), date(2028, 6, 30), date(2028, 6, 30)),
        ("2028-04", date(2028, 3, 31), date(2028, 4, 30)),
        ("2023", date(2022, 12, 31), date(2023, 12, 31)),
        ("2027-04-01..2027-06-01", date(2027, 4, 1), date(2027, 6, 1)),
        ("about 2027-09", date(2027, 8, 31), None),
        ("ended", None, None),
        ("rolling", None, None),
        ("open", None, None),
    ],
)
def test_what_an_end_means(end: Any, sure: date | None, over: date | None) -> None:
    read = TABLE.read_end(end)
    assert (read.sure_until, read.over_after) == (sure, over)


@pytest.mark.parametrize(
    "end", ["", "soon", "2028-13", "2028-4", "about", "2027-06-01..2027-04-01", "2027-04..2027-06", 2023, None]
)
def test_an_end_that_is_none_is_refused(end: Any) -> None:
    with pytest.raises(ValueError, match=r".+"):
        TABLE.read_end(end)


@pytest.mark.parametrize(
    ("rows", "said"),
    [
        ('- {product: x, version: "1", name: X, free: 2028-02-30}', r":3: .*free"),
        (
            "- {product: x, version: 24.10, name: X, free: 2028-02-01}",
            r":3: rows\[X\]\.version: expected text; put the value in",
        ),
        ('- {product: x, version: "1", name: X, free: sometime}', r":3: rows\[X\]\.free: expected a month"),
        ('- {product: x, version: "1", name: X, free: rolling}', r"version: a rolling release has no version"),
        (
            "- {product: x, name: X, free: 2028-02-01}",
            r"version: a rolling release has no version, every other row has one",
        ),
        ('- {product: x, version: "1", name: X, free: 2028-02-01, and_older: true}', r"and_older: only for what has ended"),
        (
            '- {product: x, version: "1", name: X, free: ended, extended: [{kind: A, cost: some, ends: ended}]}',
            r"extended\[1\]\.cost",
        ),
        (
            '- {product: x, version: "1", name: X, free: ended, extended: [{kind: A, cost: paid, ends: 9}]}',
            r"extended\[1\]\.ends: expected a date",
        ),
    ],
)
def test_a_wrong_row_is_named_by_line_and_key(rows: str, said: str) -> None:
    content = f"schema: {FILE.schema}\nrows:\n{rows.replace('name:', 'source: s, as_of: 2026-08-22, name:')}\n"
    with pytest.raises(Exception, match=said) as caught:
        FILE.parse(content.encode(), "table.yaml")
    assert type(caught.value).__name__ == "DataError"


def test_the_same_release_twice_is_refused() -> None:
    row = '- {product: x, version: "1", name: X, free: 2028-02-01, source: s, as_of: 2026-08-22}\n'
    with pytest.raises(Exception, match="stand in row 1 already"):
        FILE.parse(f"schema: {FILE.schema}\nrows:\n{row}{row}".encode(), "table.yaml")


@pytest.mark.parametrize(
    ("version", "published"),
    [("13", True), ("12", True), ("11", False), ("14", None)],
    ids=["current", "lts", "ended", "no row"],
)
def test_other_topics_are_told_whether_updates_are_published(version: str, published: bool | None) -> None:
    host = cases.host(Platform.LINUX, version=version)
    assert TOPIC.traits is not None
    trait = TOPIC.traits(TOPIC.parse(dict(PLAIN), host), host)["updates-published"]
    if published is None:
        assert isinstance(trait, Unseen)
    else:
        assert trait == Seen(published)


def test_traits_of_a_machine_that_was_not_read_are_unseen() -> None:
    host = cases.host(Platform.LINUX, version=Unseen("no answer"))
    assert TOPIC.traits is not None
    assert TOPIC.traits(TOPIC.parse(dict(PLAIN), host), host) == {"updates-published": Unseen("no answer")}


def test_a_table_in_the_users_folder_counts(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SCORECARD_HOME", str(tmp_path))
    host = cases.host(Platform.LINUX, version="14")
    assert judge("os-support.supported", dict(PLAIN), host).status is Status.UNKNOWN
    FILE.updated_path.parent.mkdir()
    row = '- {product: debian, version: "14", name: Debian 14, free: 2030-01-01, source: s, as_of: 2026-11-01}\n'
    FILE.updated_path.write_text(f"schema: {FILE.schema}\nrows:\n{row}")
    assert judge("os-support.supported", dict(PLAIN), host).status is Status.PASS
