"""Windows Update: the calendar, builds and records, and nothing that is lost or made up helps."""

from __future__ import annotations

import json
from datetime import UTC, date, datetime
from importlib import import_module
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from scorecard.model import Observation, Outcome, Platform, Seen, Status, Unseen
from tests.cases import AS_OF, host
from tests.unit.test_patching import JUDGED, PACKAGE, RECORDED, TOPIC, verdicts

PARTS = [probe.part for probe in TOPIC.probes_for(Platform.WINDOWS)]
WINDOWS = {case.name: case for case in RECORDED if case.platform is Platform.WINDOWS}


def module(name: str) -> Any:
    return import_module(f"{PACKAGE}.{name}")


# --- calendar and builds -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("day", "last", "following"),
    [
        (date(2025, 9, 9), date(2025, 9, 9), date(2025, 10, 14)),
        (date(2025, 9, 8), date(2025, 8, 12), date(2025, 9, 9)),
        (date(2026, 1, 1), date(2025, 12, 9), date(2026, 1, 13)),
        (date(2026, 12, 31), date(2026, 12, 8), date(2027, 1, 12)),
        (date(2026, 11, 20), date(2026, 11, 10), date(2026, 12, 8)),
    ],
)
def test_update_days(day: date, last: date, following: date) -> None:
    calendar = module("calendar")
    assert calendar.last_update_day(day) == last
    assert calendar.next_update_day(day) == following


@given(day=st.dates(date(2010, 1, 1), date(2060, 1, 1)))
def test_every_update_day_is_a_second_tuesday(day: date) -> None:
    found = module("calendar").last_update_day(day)
    assert found.weekday() == 1
    assert 8 <= found.day <= 14
    assert 0 <= (day - found).days <= 34


def build(revision: int, released: date, kind: str = "security") -> Any:
    return module("builds").Build(
        product="windows",
        build="26100",
        revision=revision,
        released=released,
        kb=f"KB50{revision:05}",
        kind=kind,
        source="made up for a test",
        as_of=date(2026, 11, 12),
    )


TABLE = [
    build(7000, date(2026, 9, 8)),
    build(6900, date(2026, 9, 8), "hotpatch"),
    build(7100, date(2026, 9, 22), "preview"),
    build(7200, date(2026, 10, 13), "baseline"),
    build(7250, date(2026, 10, 20), "out-of-band"),
    build(7300, date(2026, 11, 10)),
    build(7210, date(2026, 11, 10), "hotpatch"),
]


@pytest.mark.parametrize(
    ("revision", "since", "current"),
    [
        (6500, date(2026, 9, 8), False),
        (6900, date(2026, 10, 13), False),
        (7000, date(2026, 10, 13), False),
        (7100, date(2026, 10, 13), False),
        (7150, date(2026, 10, 13), False),
        (7200, date(2026, 11, 10), False),
        (7210, None, True),  # the hotpatch of the day
        (7250, date(2026, 11, 10), False),
        (7260, None, False),  # above that hotpatch, below the ordinary one: of which kind it is cannot be told
        (7300, None, True),
        (7400, None, True),
    ],
)
def test_a_revision_is_looked_up_in_the_list(revision: int, since: date | None, current: bool) -> None:
    level = module("builds").find(TABLE, "windows", Seen(f"26100.{revision}"), date(2026, 11, 20))
    assert (level.missed.released if level.missed else None) == since
    assert level.current is current


@pytest.mark.parametrize(("day", "current"), [(date(2026, 12, 10), True), (date(2026, 12, 11), False)])
def test_a_table_holds_until_three_days_after_the_next_update_day(day: date, current: bool) -> None:
    assert module("builds").find(TABLE, "windows", Seen("26100.7300"), day).current is current


@pytest.mark.parametrize("told", [Unseen("lost"), Seen(None), Seen("26100"), Seen("26100.x"), Seen("20348.7300"), Seen("")])
def test_a_build_that_is_not_in_the_table_decides_nothing(told: Any) -> None:
    level = module("builds").find(TABLE, "windows", told, date(2026, 11, 20))
    assert level.missed is None
    assert not level.current


def test_another_product_has_another_table() -> None:
    level = module("builds").find(TABLE, "windows-server", Seen("26100.7300"), date(2026, 11, 20))
    assert not level.current


@pytest.mark.parametrize(
    ("rows", "said"),
    [
        ("build: '26200', revision: 1, released: 2026-09-08", "shares its revisions with 26100"),
        ("build: '26100', revision: 1, released: 2026-12-08", "lies after the row's as-of date"),
        ("build: '26100', revision: 1, released: 2026-09-08, kind: monthly", "kind"),
    ],
)
def test_a_wrong_row_of_builds_is_named(rows: str, said: str) -> None:
    file = module("builds").FILE
    row = f"- {{product: windows, {rows}, kb: KB5000001, source: s, as_of: 2026-11-12"
    row += "}" if "kind" in rows else ", kind: security}"
    with pytest.raises(Exception, match=said) as caught:
        file.parse(f"schema: {file.schema}\nrows:\n{row}\n".encode(), "builds.yaml")
    assert type(caught.value).__name__ == "DataError"


# --- records -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "days"),
    [
        ("23-10-2013", [date(2013, 10, 23)]),
        ("10/23/2013", [date(2013, 10, 23)]),
        ("20131023", [date(2013, 10, 23)]),
        ("2013-10-23", [date(2013, 10, 23)]),
        ("6/10/2026", [date(2026, 6, 10), date(2026, 10, 6)]),
        ("12/11/2026", [date(2026, 11, 12)]),  # the other reading lies ahead
        ("1/1/2026", [date(2026, 1, 1)]),
        ("01dd7251e7ed7800", [date(2026, 11, 12)]),
        ("0000000000000000", []),
        ("ffffffffffffffff", []),
        ("31/31/2026", []),
        ("gestern", []),
        ("", []),
    ],
)
def test_a_package_date_has_no_one_form(text: str, days: list[date]) -> None:
    assert module("win_history").installed_on(text, date(2026, 11, 20)) == days


@pytest.mark.parametrize(
    ("title", "line"),
    [
        (
            "2026-11 Cumulative Update for Windows 11 Version 23H2 for x64-based Systems (KB5068865) (22631.6199)",
            "Cumulative Update for Windows 11 Version 23H2 for x64-based Systems",
        ),
        ("2026-11 Security Update (KB5068865)", "Security Update"),
        (
            "Security Update for Microsoft Office 2016 (KB5002700) 64-Bit Edition",
            "Security Update for Microsoft Office 2016 64-Bit Edition",
        ),
        (
            "2026-11 x64 ベース システム用 Windows 11 の累積更新プログラム (KB5068865)",
            "x64 ベース システム用 Windows 11 の累積更新プログラム",
        ),
        ("KB5068865", ""),
    ],
)
def test_a_line_stays_the_same_from_month_to_month(title: str, line: str) -> None:
    assert module("win_titles").line_of(title) == line


@pytest.mark.parametrize(
    ("title", "is_one", "of_windows"),
    [
        ("2026-11 Cumulative Update for Windows 11 Version 23H2 for x64-based Systems (KB5068865)", True, True),
        ("2026-11 Kumulatives Update f\u00fcr Microsoft Server-Betriebssystem, Version 21H2 (KB5068787)", True, True),
        ("2026-11 Security Update (KB5068861) (26200.7171)", True, True),
        ("KB5068865", True, True),
        ("2026-11 Cumulative Update for .NET Framework 4.8 for Windows Server 2019 for x64 (KB5068999)", True, False),
        ("2026-11 .NET 8.0.22 Security Update for x64 Client (KB5068998)", True, False),
        ("Security Update for Microsoft Visual C++ 2010 Service Pack 1 Redistributable Package (KB2565063)", True, False),
        ("Sicherheitsupdate f\u00fcr Microsoft Word 2016 (KB5002700) 32-Bit-Edition", True, False),
        ("Security Update for SQL Server 2019 RTM GDR (KB5068404)", True, False),
        ("Windows 11, version 25H2", True, False),
        ("Security Intelligence Update for Microsoft Defender Antivirus - KB2267602 (Version 1.439.77.0)", False, False),
        ("Update for Windows Security platform - KB5007651 (Version 10.0.29510.1001)", False, False),
        ("2026-11 Update for Windows 11 Version 23H2 for x64-based Systems (KB4023057)", False, False),
        ("9NBLGGH4NNS1-Microsoft.DesktopAppInstaller", False, False),
        ("Intel Corporation - Display - 31.0.101.5445", False, False),
    ],
)
def test_what_a_title_counts_as(title: str, is_one: bool, of_windows: bool) -> None:
    titles = module("win_titles")
    assert (titles.counts(title), titles.is_of_windows(title)) == (is_one, of_windows)


@pytest.mark.parametrize(
    ("titles", "built", "day"),
    [
        (["2026-11 Security Update (KB5068861) (26200.7171)"], "26200.7171", date(2026, 11, 10)),
        (["2026-11 Security Update (KB5068861) (26100.7171)"], "26200.7171", date(2026, 11, 10)),  # one code base
        (["2026-10 Cumulative Update (KB5066835) (26200.6899)"], "26200.7171", None),  # something newer runs
        (
            ["2026-10 Cumulative Update (KB5066835) (26200.6899)", "2026-11 Security Update (KB5068861) (26200.7171)"],
            "26200.6899",
            None,
        ),  # waits for a restart
        (["2026-11 Security Update (KB5068861) (22631.7171)"], "26200.7171", None),
        (["2026-11 Security Update (KB5068861)"], "26200.7171", None),
        (["Security Update (KB5068861) (26200.7171)"], "26200.7171", None),
        (["2026-11 .NET Framework Security Update (KB5068861) (26200.7171)"], "26200.7171", None),
        ([], "26200.7171", None),
        (["2026-11 Security Update (KB5068861) (26200.7171)"], None, None),
    ],
)
def test_a_title_and_the_build_together_tell_the_month_that_runs(
    titles: list[str], built: str | None, day: date | None
) -> None:
    entries = [(title, datetime(2026, 11, 12, tzinfo=UTC)) for title in titles]
    made = module("builds").running(entries, host(Platform.WINDOWS, build=Seen(built)))
    assert (made.day if made else None) == day


def test_a_late_installation_does_not_make_an_update_younger() -> None:
    entries = [("2026-08 Security Update (KB5063875)", datetime(2026, 11, 5, tzinfo=UTC))]
    since = module("win_titles").line_since("2026-11 Security Update (KB5068865)", entries)
    assert since == datetime(2026, 9, 8, tzinfo=UTC)


# --- what is asked -----------------------------------------------------------------------------------------------------


def test_the_agent_is_asked_last_and_without_the_network() -> None:
    assert PARTS[-1] == "patching.agent"
    (agent,) = (json.loads(probe.text) for probe in TOPIC.probes if probe.part == "patching.agent")
    assert (agent["verb"], agent["online"]) == ("updates", False)


def test_beginning_a_download_is_not_asked_for() -> None:
    asked = {
        json.loads(probe.text)["log"]: json.loads(probe.text)["ids"] for probe in TOPIC.probes if '"events"' in probe.text
    }
    assert asked == {"System": [19], "Setup": [4], "Microsoft-Windows-WindowsUpdateClient/Operational": [26]}


# --- any answer whatever -----------------------------------------------------------------------------------------------

KEYS = st.sampled_from(
    [
        *(
            "exists",
            "values",
            "keys",
            "capped",
            "services",
            "wuauserv",
            "state",
            "start_mode",
            "instances",
            "props",
            "calls",
        ),
        *(
            "missing",
            "result_code",
            "warnings",
            "history",
            "last_search",
            "errors",
            "search",
            "events",
            "id",
            "time",
            "data",
        ),
        *("title", "kbs", "categories", "AU", "NoAutoUpdate", "RebootRequired", "InstalledOn", "HotFixID", "updateTitle"),
    ]
)
LEAVES = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-(2**70), 2**70),
    st.sampled_from(["", "0x80070005", "2026-11-12T03:00:00Z", "KB5068865", "Running", "11/12/2026", "x" * 300, "\x00"]),
)
JSON = st.recursive(
    LEAVES, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(KEYS, inner, max_size=4), max_leaves=15
)
NOISE = st.one_of(JSON.map(json.dumps), st.text(max_size=60), st.just("[" * 50_000))
HOSTS = st.sampled_from(
    [
        host(Platform.WINDOWS),
        host(Platform.WINDOWS, product="windows-server", version="10.0.20348", build="20348.4400"),
        host(Platform.WINDOWS, version="10.0.22631", build="22631.6200"),
        host(Platform.WINDOWS, build=Unseen("not told"), version=Unseen("not told"), product=Unseen("not told")),
        host(Platform.WINDOWS, uptime_s=Unseen("not told"), booted_at=Unseen("not told"), build=None),
    ]
)


@settings(max_examples=300, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(on=HOSTS, texts=st.fixed_dictionaries(dict.fromkeys(PARTS, NOISE)))
def test_noise_never_raises_and_never_passes(on: Any, texts: dict[str, str]) -> None:
    found = verdicts({part: Observation(part, Outcome.OK, texts[part], 0) for part in PARTS}, on)
    assert found["security-updates"].status not in (Status.PASS, Status.WARN)
    assert found["automatic-updates"].status is not Status.PASS
    assert found["reboot-pending"].status is not Status.PASS


@pytest.mark.parametrize("how", [Outcome.DENIED, Outcome.TIMEOUT, Outcome.TRUNCATED, Outcome.ERROR])
@pytest.mark.parametrize("part", PARTS)
def test_losing_a_part_never_helps(part: str, how: Outcome) -> None:
    for name, case in WINDOWS.items():
        found = case.observations.get(part)
        if found is None:
            continue
        lost = Observation(part, how, found.text, None, reason="lost")
        before, after = verdicts(case.observations, case.host), verdicts({**case.observations, part: lost}, case.host)
        for noun in JUDGED:
            assert after[noun].status is not Status.PASS or before[noun].status is Status.PASS, (name, noun)


def test_a_history_full_of_definitions_does_not_say_that_nothing_else_was_installed() -> None:
    case = WINDOWS["installed-event-44-is-a-download"]
    answer = json.loads(case.observations["patching.agent"].text)
    entry = {"title": "Update - KB2267602 (1.4)", "date": "2026-11-19T00:00:00Z", "operation": 1, "result": 2}
    for number, status in ((399, Status.FAIL), (400, Status.UNKNOWN)):
        agent = Observation("patching.agent", Outcome.OK, json.dumps({**answer, "history": [entry] * number}), 0)
        assert verdicts({**case.observations, "patching.agent": agent}, case.host)["last-installed"].status is status


def test_an_absent_agent_is_no_agent_that_finds_nothing() -> None:
    case = WINDOWS["patched"]
    gone = {**case.observations, "patching.agent": Observation("patching.agent", Outcome.ABSENT, "", 0x80040154)}
    assert verdicts(gone, case.host)["security-updates"].status is Status.UNKNOWN


@given(days=st.integers(0, 120))
def test_the_older_the_installed_update_the_worse(days: int) -> None:
    """Between two update days nothing new is missed, so the age only changes with them."""
    case = WINDOWS["agent-blocked-and-nothing-installed-for-long"]
    moment = datetime.fromtimestamp(AS_OF.timestamp() - days * 86_400, UTC)
    row = {"props": {"HotFixID": "KB5060999", "InstalledOn": f"{moment:%Y%m%d}"}, "calls": {}, "paths": {}}
    packages = Observation("patching.packages", Outcome.OK, json.dumps({"instances": [row], "capped": False}), 0)
    status = verdicts({**case.observations, "patching.packages": packages}, case.host)["security-updates"].status
    since = module("calendar").next_update_day(moment.date())
    late = (AS_OF.date() - since).days
    assert status is (Status.FAIL if late > 30 else Status.WARN if late > 14 else Status.UNKNOWN)


def test_a_long_list_is_bounded() -> None:
    case = WINDOWS["missing-short"]
    answer = json.loads(case.observations["patching.agent"].text)
    answer["missing"] = [
        {**answer["missing"][0], "title": f"Update {number} (KB5{number:06})", "published": "2026-08-01T00:00:00Z"}
        for number in range(2000)
    ]
    agent = Observation("patching.agent", Outcome.OK, json.dumps(answer), 0)
    verdict = verdicts({**case.observations, "patching.agent": agent}, case.host)["security-updates"]
    assert verdict.status is Status.FAIL
    assert "and 496 more" in verdict.measured
    assert len(verdict.measured) < 500
