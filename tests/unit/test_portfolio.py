"""The portfolio: every client of the store with the figures that the store keeps, written whole or not at all."""

from __future__ import annotations

import importlib
import json
import re
import sqlite3
import zlib
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from scorecard import outputs
from scorecard.cli.report import report
from scorecard.errors import InputError, ReportError
from scorecard.model import Severity
from scorecard.portfolio import build
from scorecard.portfolio.build import Order, Reports
from scorecard.portfolio.model import Client, Ending, Imprint, Newest, Overdue, Summary
from scorecard.portfolio.newest import newest
from scorecard.registry import Registry, portfolio_site
from scorecard.result import Answer, Audit, Preferences, Promise, Provider
from scorecard.store import Store
from tests.e2e import sample
from tests.e2e.sample import AS_OF, MARKUP, Machine

pages = importlib.import_module("scorecard.reports.portfolio")
numbers = importlib.import_module("scorecard.reports.numbers")
DASH = importlib.import_module("scorecard.reports.words").DASH

NOW = AS_OF + timedelta(days=3)
SHORT = {"antivirus.protected": sample.short("none", "one engine")}


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    opened = Store.open(f"sqlite:///{tmp_path / 'store' / 'history.db'}")
    yield opened
    opened.close()


def keep(store: Store, audit: Audit) -> Audit:
    store.begin(audit.id, audit.client, audit.started_at, audit.scope)
    store.finish(audit)
    return audit


def audited(client: str, number: int, at: datetime = AS_OF, *machines: Machine, scope: str = "") -> Audit:
    made = sample.audit(machines or (Machine("A"),), client=client, at=at, scope=scope)
    return replace(made, id=f"{number:08d}-aaaa", started_at=at)


def order(
    folder: Path, reports: Reports = Reports.NONE, now: datetime = NOW, formats: tuple[str, ...] = ("json",)
) -> Order:
    return Order(folder, now, reports, formats, outputs.Look())


def write(store: Store, wanted: Order) -> list[str]:
    """The clients in the order in which they were done."""
    done: list[str] = []
    build.check_target(wanted.folder)
    build.write(store, Registry.load(), portfolio_site(), wanted, lambda client, _done, _of: done.append(client.name))
    return done


def listed(folder: Path) -> dict[str, Any]:
    found: dict[str, Any] = json.loads((folder / "portfolio.json").read_text(encoding="utf-8"))
    return found


def summary(at: datetime = AS_OF, **changes: Any) -> Summary:
    whole = Summary("a1", at, 85.0, "B", 0.95, 10, 4, False, 0, 0, False, False, "Europe/London")
    return replace(whole, **changes)


def test_the_store_keeps_what_a_portfolio_shows_beside_the_document(store: Store) -> None:
    machines = (
        Machine("old", answers=SHORT, days_open=31),
        Machine("new", answers=SHORT, days_open=30),
        Machine("gone", failure=sample.unreachable()),
    )
    audit = keep(store, audited("Acme", 1, AS_OF, *machines))
    keep(store, audited("Acme", 2, AS_OF + timedelta(days=1), scope="--limit web*"))
    ((name,),) = store.clients()
    (line,) = store.summaries([name])
    assert (line.id, line.score, line.letter) == (audit.id, audit.scorecard.score, audit.scorecard.letter)
    assert (line.devices, line.unseen, line.overdue, line.open_findings) == (3, 1, 1, 2)
    assert (line.provisional, line.made_up, line.time_zone) == (audit.scorecard.provisional, False, sample.ZONE)


def test_of_an_older_version_the_newest_audit_is_told_by_its_document(store: Store, tmp_path: Path) -> None:
    for number in (1, 2):
        keep(store, audited("Acme", number, AS_OF + timedelta(days=number), Machine("gone", failure=sample.unreachable())))
    with sqlite3.connect(tmp_path / "store" / "history.db") as plain:
        plain.execute(
            "update audits set unseen = null, overdue = null, provisional = null, made_up = null, time_zone = null"
        )
    plain.close()
    older, newest = store.summaries(["Acme"])
    assert (older.unseen, older.overdue) == (None, None)
    assert (newest.unseen, newest.overdue, newest.time_zone) == (1, 0, sample.ZONE)


def test_an_audit_whose_document_cannot_be_read_is_named_and_the_others_are_written(store: Store, tmp_path: Path) -> None:
    keep(store, audited("Acme", 1))
    keep(store, audited("Better", 2))
    with sqlite3.connect(tmp_path / "store" / "history.db") as plain:
        plain.execute("update audits set unseen = null, document = ? where client = 'Acme'", (zlib.compress(b"{}"),))
    plain.close()
    site = tmp_path / "site"
    assert write(store, order(site, Reports.NEWEST)) == ["Acme", "Better"]
    assert "Cannot be read by this version" in (site / "clients/acme/index.html").read_text(encoding="utf-8")
    assert [len(client["audits"][0]["reports"]) for client in listed(site)["clients"]] == [0, 1]
    assert "Start with this one" in (site / "index.html").read_text(encoding="utf-8")


def test_names_that_differ_in_capitals_are_one_client(store: Store) -> None:
    keep(store, audited("acme", 1))
    keep(store, audited("ACME", 2, AS_OF + timedelta(days=30)))
    ((*spellings,),) = store.clients()
    assert [line.id for line in store.summaries(spellings)] == ["00000001-aaaa", "00000002-aaaa"]


def test_every_client_has_a_page_and_those_never_checked_are_there_too(store: Store, tmp_path: Path) -> None:
    keep(store, audited("Acme", 1))
    keep(store, audited(f"../{MARKUP}", 2))
    keep(store, audited("Acme!", 3))
    keep(store, audited("In part", 4, scope="--limit web*"))
    site = tmp_path / "site"
    assert sorted(write(store, order(site))) == sorted(["Acme", f"../{MARKUP}", "Acme!", "In part"])
    found = listed(site)
    assert {client["name"]: len(client["audits"]) for client in found["clients"]}["In part"] == 0
    for client in found["clients"]:
        assert re.fullmatch(r"clients/[a-z0-9-]+/index\.html", client["page"])
        assert (site / client["page"]).is_file()
    assert {path.relative_to(site).as_posix() for path in site.rglob("*") if path.is_file()} == {
        "portfolio.json",
        *found["files"],
    }
    index = (site / "index.html").read_text(encoding="utf-8")
    assert "<img" not in index
    assert index.partition('id="rows"')[2].partition("</tbody>")[0].count('<th scope="row">') == 4
    assert "No check of the whole client" in (site / "clients/in-part/index.html").read_text(encoding="utf-8")


class Links(HTMLParser):
    """Every address of a page."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.found: list[str] = []
        self.feed(text)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.found += [value or "" for name, value in attrs if name in ("href", "src", "srcset", "action", "data")]


@pytest.mark.parametrize("kind", Reports)
def test_every_link_is_relative_and_leads_to_a_file_of_the_site(store: Store, tmp_path: Path, kind: Reports) -> None:
    for number in range(3):
        keep(store, audited("Acme", number, AS_OF - timedelta(days=30 * number)))
    site = tmp_path / "site"
    write(store, order(site, kind))
    for page in site.rglob("*.html"):
        for link in Links(page.read_text(encoding="utf-8")).found:
            assert link.startswith("#") or (page.parent / link).is_file(), f"{page}: {link}"
    reports = [audit["reports"] for audit in listed(site)["clients"][0]["audits"]]
    assert [len(of_one) for of_one in reports] == {
        Reports.NONE: [0, 0, 0],
        Reports.NEWEST: [0, 0, 1],
        Reports.ALL: [1, 1, 1],
    }[kind]
    assert all((site / name).is_file() for of_one in reports for name in of_one)


def test_the_same_store_and_moment_give_the_same_bytes_and_replace_the_site(store: Store, tmp_path: Path) -> None:
    keep(store, audited("Acme", 1))
    site = tmp_path / "site"
    write(store, order(site))
    before = {path: path.read_bytes() for path in site.rglob("*.*")}
    write(store, order(site))
    assert {path: path.read_bytes() for path in site.rglob("*.*")} == before
    keep(store, audited("Better", 2))
    write(store, order(site))
    assert len(listed(site)["clients"]) == 2
    assert sorted(path.name for path in tmp_path.iterdir()) == ["site", "store"]


def test_a_folder_with_other_files_is_left_alone(store: Store, tmp_path: Path) -> None:
    site = tmp_path / "site"
    write(store, order(site))
    (site / "notes.txt").write_text("mine")
    with pytest.raises(InputError, match=r"site: holds 'notes\.txt', which is not of an earlier portfolio"):
        write(store, order(site))
    assert (site / "notes.txt").read_text() == "mine"
    (tmp_path / "file").write_text("")
    with pytest.raises(InputError, match="is a file"):
        write(store, order(tmp_path / "file"))


def test_a_link_to_the_folder_stays_a_link(store: Store, tmp_path: Path) -> None:
    (tmp_path / "real").mkdir()
    (tmp_path / "site").symlink_to("real", target_is_directory=True)
    write(store, order(tmp_path / "site"))
    assert (tmp_path / "site").is_symlink()
    assert (tmp_path / "real" / "index.html").is_file()


def test_where_it_breaks_off_the_earlier_site_stays(store: Store, tmp_path: Path) -> None:
    keep(store, audited("Acme", 1))
    site = tmp_path / "site"
    write(store, order(site))
    before = (site / "index.html").read_bytes()
    keep(store, audited("Better", 2))

    def fail(clients: object, imprint: Imprint, path: Path) -> None:
        raise OSError(28, "No space left on device")

    broken = replace(portfolio_site(), index=fail)
    with pytest.raises(ReportError, match="No space left"):
        build.write(store, Registry.load(), broken, order(site), lambda _client, _done, _of: None)
    assert (site / "index.html").read_bytes() == before
    assert sorted(path.name for path in tmp_path.iterdir()) == ["site", "store"]


def of_newest(overdue: int = 0, days: int = 40, **changes: Any) -> Newest:
    late = Overdue("a.b", "Turn it on", Severity.HIGH, AS_OF - timedelta(days=days), ("M1",) * overdue)
    return replace(Newest(overdue=(late,) if overdue else ()), **changes)


def line_of(*audits: Summary, newest: Newest | None = None) -> Any:
    client = Client("Acme", "clients/acme", audits, newest=newest or Newest())
    return pages.client_view(client, Imprint(NOW)).line


@pytest.mark.parametrize(
    ("audits", "newest", "flags", "ago"),
    [
        ((), None, ("never",), ""),
        ((summary(),), None, (), "3 days ago"),
        ((summary(NOW - timedelta(days=35, hours=23)),), None, (), "35 days ago"),
        ((summary(NOW - timedelta(days=36)),), None, ("late",), "36 days ago"),
        ((summary(unseen=2, overdue=1),), of_newest(1), ("overdue", "unseen"), "3 days ago"),
        ((summary(unseen=None, overdue=None),), None, ("unknown",), "3 days ago"),
        ((summary(letter=None, score=None),), None, ("ungraded",), "3 days ago"),
        ((summary(letter="D", score=60.0),), None, ("low",), "3 days ago"),
        ((summary(id="a0"), summary(score=84.1)), None, (), "3 days ago"),
        ((summary(id="a0"), summary(score=84.0)), None, ("fell",), "3 days ago"),
        ((summary(id="a0", letter="A", score=85.0), summary(score=84.9)), None, ("fell",), "3 days ago"),
    ],
)
def test_what_needs_a_look_is_marked(
    audits: tuple[Summary, ...], newest: Newest | None, flags: tuple[str, ...], ago: str
) -> None:
    line = line_of(*audits, newest=newest)
    assert (line.flags, line.ago) == (flags, ago)


def test_a_newest_audit_that_cannot_be_read_is_a_reason_to_look() -> None:
    line = pages.client_view(Client("Acme", "clients/acme", (summary(),)), Imprint(NOW)).line
    assert line.flags == ("unknown",)


def test_reasons_are_said_with_their_figures() -> None:
    today = NOW.date()
    ends = (
        Ending("Windows 10", today - timedelta(days=400), True, ("A", "B")),
        Ending("Debian 11", today - timedelta(days=1), False, ("C",)),  # ended since the audit
        Ending("Server 2016", today + timedelta(days=90), False, ("D",)),
        Ending("Windows 11", today + timedelta(days=91), False, ("E",)),
    )
    agreed = (today - timedelta(days=1), today, today + timedelta(days=30), today + timedelta(days=31))
    newest = of_newest(2, endings=ends, agreed_until=agreed)
    before = summary(AS_OF - timedelta(days=30), id="a0", letter="A", score=91.0)
    said = [need.sentence for need in line_of(before, summary(overdue=2, unseen=1), newest=newest).needs]
    assert said == [
        "Fell from grade A to B since 15 Oct 2026.",
        "2 findings overdue, the oldest open since 5 Oct 2026.",
        "1 of 10 machines not seen.",
        "Support over for 3 machines and ending within 90 days for 1.",
        "2 exceptions end by 17 Dec 2026.",
    ]


def test_clients_come_in_order_of_need_and_the_first_three_that_need_a_look_are_named() -> None:
    letters = {"none": (None, None), "f": ("F", 40.0), "b-low": ("B", 80.0), "b-high": ("B", 89.0), "a": ("A", 95.0)}
    clients = [
        Client(name, f"clients/{name}", (summary(letter=letter, score=score),), newest=Newest())
        for name, (letter, score) in letters.items()
    ]
    late = Client("late", "clients/late", (summary(NOW - timedelta(days=40), letter="A", score=96.0),), newest=Newest())
    view = pages.index_view([*reversed(clients), late, Client("never", "clients/never", ())], Imprint(NOW))
    assert [line.name for line in view.lines] == ["never", "none", "f", "b-low", "b-high", "a", "late"]
    assert dict(view.letters) == {"A": 2, "B": 2, "F": 1, "": 1}
    assert [(key, count) for key, _, count, _ in view.flags] == [("never", 1), ("late", 1), ("ungraded", 1), ("low", 1)]
    assert view.headline == "7 clients. Start with these three."
    assert [line.name for line in view.first] == ["never", "none", "f"]
    assert view.more == "1 more needs a look."
    assert view.month.sentence == "Checked in November 2026: 5 of 7 clients."
    assert view.month.others == (("never", "(never)"), ("late", "(last on 8 Oct 2026)"))


def test_without_anything_to_do_it_says_so() -> None:
    view = pages.index_view([Client("Acme", "clients/acme", (summary(),), newest=Newest())], Imprint(NOW))
    assert view.headline.startswith("1 client. All were checked in time")
    assert (view.first, view.more, view.overdue.sentence) == ((), "", "Nothing is overdue.")
    assert view.endings.sentence == "No support is known to end within a year."


def test_overdue_work_and_ending_support_are_added_up_over_all_clients() -> None:
    end = NOW.date() + timedelta(days=200)
    clients = [
        Client(
            name,
            f"clients/{name}",
            (summary(overdue=count),),
            newest=of_newest(count, 40 + count, endings=(Ending("Debian 12", end, False, ("X",) * count),)),
        )
        for name, count in (("one", 1), ("nine", 9), ("none", 0))
    ]
    view = pages.index_view(clients, Imprint(NOW))
    (row,) = view.overdue.rows
    assert (row.what, row.detail, row.count, row.note) == ("Turn it on", "High", 10, "52 days")
    assert [(place.name, place.page, place.count) for place in row.places] == [
        ("nine", "clients/nine/index.html", 9),
        ("one", "clients/one/index.html", 1),
    ]
    assert view.overdue.total == sum(line.newest.overdue for line in view.lines if line.newest)
    assert view.overdue.sentence == "10 findings are overdue at 2 clients."
    assert [(row.what, row.count, row.note, row.icon) for row in view.endings.rows] == [
        ("Debian 12", 10, "in 200 days", "")
    ]
    own = pages.client_view(clients[1], Imprint(NOW)).overdue.rows[0]
    assert ([place.name for place in own.places], own.more) == (["M1"] * 8, 1)


def test_pages_are_written_as_the_newest_audit_asks(store: Store, tmp_path: Path) -> None:
    ours, theirs = Preferences(locale="en-US"), Preferences(locale="en-GB")
    keep(store, replace(audited("Acme", 1, AS_OF), preferences=ours, provider=Provider("Northgate IT")))
    keep(store, replace(audited("Better", 2, AS_OF - timedelta(days=1)), preferences=theirs, provider=Provider("Old")))
    site = tmp_path / "site"
    write(store, order(site))
    for name in ("index.html", "clients/better/index.html"):
        text = (site / name).read_text(encoding="utf-8")
        assert '<html lang="en-US">' in text
        assert "Nov 13, 2026" in text
        assert "13 Nov 2026" not in text
        assert "size: letter landscape" in text
        assert ">Northgate IT<" in text
    assert numbers.day(AS_OF) == "14 Nov 2026"  # afterwards as before


def test_promises_of_all_clients_stand_side_by_side() -> None:
    def promise(id_: str, answer: Answer, of: int = 9) -> Promise:
        return Promise(id_, f"{id_} done?", answer, of, min(of, 7), (), ())

    answers = {
        "one": (promise("a", Answer.YES_EXCEPT), promise("b", Answer.NO)),
        "two": (promise("a", Answer.YES), promise("b", Answer.DOES_NOT_APPLY, of=0)),
        "three": (promise("c", Answer.NOT_YET),),
        "none": (),
    }
    clients = [
        Client(name, f"clients/{name}", (summary(),), newest=Newest(promises=promises))
        for name, promises in answers.items()
    ]
    found = pages.index_view(clients, Imprint(NOW)).promises
    assert found.columns == (("a done", "Yes at 2 of 2"), ("b done", "Yes at 0 of 1"), ("c done", "Yes at 0 of 1"))
    assert [row.name for row in found.rows] == ["one", "three", "two"]
    cells = [[(cell.answer, cell.word, cell.count) for cell in row.cells] for row in found.rows]
    assert cells[0] == [("yes-except", "Yes, except", "7 of 9"), ("no", "No", "7 of 9"), ("", DASH, "")]
    assert cells[2][1] == ("does-not-apply", DASH, "")


def test_the_newest_document_tells_what_is_overdue_who_is_provider_and_what_ends(store: Store) -> None:
    machines = (Machine("old", answers=SHORT, days_open=31), Machine("new", answers=SHORT, days_open=30))
    audit = keep(store, audited("Acme", 1, AS_OF, *machines))
    told = newest(audit)
    (line,) = store.summaries(["Acme"])
    assert [(one.check, one.machines) for one in told.overdue] == [("antivirus.protected", ("old",))]
    assert sum(len(one.machines) for one in told.overdue) == line.overdue
    assert (told.provider, told.promises) == (audit.provider, audit.scorecard.promises)


def test_the_list_for_programs_has_what_the_pages_have(store: Store, tmp_path: Path) -> None:
    audit = keep(store, audited("Acme", 1, AS_OF, Machine("old", answers=SHORT, days_open=31)))
    store.begin("9", "Never", AS_OF, "")
    write(store, order(tmp_path / "site"))
    acme, never = listed(tmp_path / "site")["clients"]
    (late,) = acme["overdue"]
    assert (late["check"], late["machines"], late["since"]) == ("antivirus.protected", ["old"], "2026-10-14T07:42:00Z")
    assert [(one["id"], one["answer"]) for one in acme["promises"]] == [
        (one.id, one.answer.value) for one in audit.scorecard.promises
    ]
    assert acme["support_ends"] == []
    assert (never["overdue"], never["promises"], never["support_ends"]) == (None, None, None)


def test_with_redaction_no_machine_is_named(store: Store, tmp_path: Path) -> None:
    keep(store, audited("Acme", 1, AS_OF, Machine("ZEPHYR-7", answers=SHORT, days_open=31)))
    for redact, there in ((None, True), (True, False)):
        site = tmp_path / f"site-{redact}"
        write(store, replace(order(site), look=outputs.Look(redact=redact)))
        text = (site / "clients/acme/index.html").read_text(encoding="utf-8")
        assert ("ZEPHYR-7" in text) is there
        assert ("M-001" in text) is not there


def test_change_and_trend_are_of_the_kept_scores_and_gaps_stay_gaps() -> None:
    months = [datetime(2026, month, 14, tzinfo=UTC) for month in (1, 2, 5, 6, 11)]
    scores = (70.0, 72.0, None, 80.0, 83.1)
    audits = tuple(summary(at, id=f"a{at.month}", score=score) for at, score in zip(months, scores, strict=True))
    line = line_of(*audits)
    assert [check.moved for check in line.checks] == ["Up 3.1", "", "", "Up 2.0", ""]
    assert line.checks[0].since == "since 14 Jun 2026"
    assert line.spark is not None
    assert [len(set(piece.split())) for piece in line.spark.lines] == [2, 1, 1]  # a month alone is a dot


def test_what_was_not_graded_has_no_points_and_is_a_gap() -> None:
    audits = (summary(NOW - timedelta(days=30), id="a1"), summary(NOW, id="a2", letter=None, score=0.0))
    line = line_of(*audits)
    assert [(check.points, check.moved) for check in line.checks] == [(DASH, ""), ("85.0", "")]
    assert line.spark is not None
    assert (len(line.spark.lines), line.spark.dot) == (1, None)


def test_change_is_between_the_scores_as_they_are_shown() -> None:
    """From 92.7 to 92.9, though 0.12 lie between them: as the client's own page has it."""
    audits = (summary(NOW - timedelta(days=30), id="a1", score=92.74), summary(NOW, id="a2", score=92.86))
    line = line_of(*audits)
    assert [(check.points, check.moved) for check in line.checks] == [("92.9", "Up 0.2"), ("92.7", "")]


def test_files_of_several_editions_are_told_apart() -> None:
    files = ("a/scorecard_acme_2026-11-14_client.html", "a/scorecard_acme_2026-11-14_engineer.html", "a/audit.json")
    line = pages.client_view(Client("Acme", "clients/acme", (summary(),), {"a1": files}), Imprint(NOW)).line
    assert [label for label, _ in line.checks[0].files] == ["Page (client)", "Page (engineer)", "Document"]


def test_a_made_up_client_says_so_on_its_page(store: Store, tmp_path: Path) -> None:
    keep(store, replace(audited("Acme", 1), made_up=True))
    site = tmp_path / "site"
    write(store, order(site))
    text = (site / "clients/acme/index.html").read_text(encoding="utf-8")
    assert "Made up: no such client" in text
    assert "Acme (made up)" in (site / "index.html").read_text(encoding="utf-8")


def test_the_command_writes_it_and_refuses_what_does_not_go_together(tmp_path: Path) -> None:
    url, site = f"sqlite:///{tmp_path / 'history.db'}", str(tmp_path / "site")
    done = CliRunner().invoke(report, ["--portfolio", "--out", site, "--store", url])
    assert done.exit_code == 0, done.output
    assert done.output == f"{tmp_path / 'site' / 'index.html'}\n"
    assert "No client has been checked yet." in (tmp_path / "site" / "index.html").read_text(encoding="utf-8")
    for wrong in (["--portfolio", "--client", "Acme"], ["--all"], ["--no-reports"], ["--portfolio", "--json"]):
        refused = CliRunner().invoke(report, wrong)
        assert refused.exit_code == 2, wrong
        assert "--portfolio" in refused.output
