"""How far an audit carries a framework's ids: never better than the data, with the exact gap."""

from __future__ import annotations

import random
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from datetime import date, datetime, timedelta

import pytest

from scorecard.describing import describe
from scorecard.frameworks import Answered, Framework, Kind, Lack, Row, State, answers, fresh_days, load, shipped
from scorecard.model import ExceptionKind, Finding, Json, Mark, Platform, Role, Status, Verdict
from scorecard.result import Audit, Device
from scorecard.score import score, settle
from scorecard.standard import Standard
from tests.fleet import NOW, REGISTRY, STANDARD, ZONE, device, except_for, findings, passing, storied_fleet

ENCRYPTED = "disk-encryption.system-volume"
UPDATES = "patching.security-updates"
SUPPORTED = "os-support.supported"
# From better to worse; what does not apply and what is not measured has no place in it.
ORDER = (State.SUPPORTED, State.PARTLY, State.GAPS)
WORDS = ("Yes", "Not yet", "No")


def audit_of(
    devices: Sequence[Device], found: Sequence[Finding], standard: Standard = STANDARD, **changes: object
) -> Audit:
    settled = settle(found, standard, NOW, ZONE)
    made = Audit(
        id="5f1d0c2e",
        client="Harbour & Finch",
        time_zone=ZONE,
        as_of=NOW,
        started_at=NOW,
        finished_at=NOW,
        tool_version="0.1.0",
        standard=standard.document(),
        scorecard=score(settled, devices, standard, as_of=NOW, client_since=None, time_zone=ZONE),
        devices=tuple(devices),
        findings=settled,
        checks={check.id: describe(check, standard) for check in REGISTRY.checks.values()},
    )
    return replace(made, **changes)  # type: ignore[arg-type]  # the tests name fields of Audit with values of their types


def row(
    *checks: str, roles: tuple[Role, ...] = tuple(Role), at_most: Mapping[str, Mapping[str, float]] | None = None
) -> Row:
    return Row.model_validate(
        {
            "id": "1",
            "title": "One",
            "checks": list(checks),
            "roles": roles,
            "at_most": at_most or {},
            "not_seen": "Much.",
            "source": "A document",
            "as_of": date(2026, 11, 22),
        }
    )


def asked(made: Audit, one: Row, kind: Kind = Kind.QUESTIONS, now: datetime = NOW) -> Answered:
    table = Framework(name="mine", title="Mine", version="1", kind=kind, note="Note.", rows=(one,))
    (answered,) = answers(made, table, fresh_days=fresh_days(made), now=now)
    return answered


def with_status(*faults: tuple[str, str, Status], count: int = 4) -> Audit:
    laptops = [device(f"pc{number}") for number in range(count)]
    return audit_of(laptops, findings(laptops, except_for({(name, check): status for name, check, status in faults})))


def changed(made: Audit, endpoint: str, check: str, change: Callable[[Finding], Finding]) -> Audit:
    return replace(
        made,
        findings=tuple(change(one) if (one.endpoint, one.check) == (endpoint, check) else one for one in made.findings),
    )


def test_all_seen_and_passing_is_a_yes() -> None:
    found = asked(with_status(), row(ENCRYPTED, UPDATES))
    assert (found.state, found.of, found.met, found.gaps) == (State.SUPPORTED, 4, 4, ())
    assert found.said == "Yes: 4 of 4 machines"
    assert asked(with_status(), row(ENCRYPTED), Kind.CONTROLS).said == "4 of 4 machines support it"


@pytest.mark.parametrize(
    ("status", "lack", "said"),
    [
        (Status.FAIL, Lack.FAIL, "No: 3 of 4 machines; short of it: pc2"),
        (Status.WARN, Lack.WARN, "No: 3 of 4 machines; short of it: pc2"),
        (Status.UNKNOWN, Lack.UNKNOWN, "Not yet: 3 of 4 machines; not known: pc2"),
    ],
)
def test_one_machine_is_enough_for_no(status: Status, lack: Lack, said: str) -> None:
    found = asked(with_status(("pc2", ENCRYPTED, status)), row(ENCRYPTED, UPDATES))
    assert (found.state, found.of, found.met) == (State.PARTLY, 4, 3)
    assert [(gap.endpoint, gap.check, gap.lack) for gap in found.gaps] == [("pc2", ENCRYPTED, lack)]
    assert found.said == said


def test_the_gap_says_what_was_measured_or_why_it_is_not_known() -> None:
    made = with_status(("pc0", ENCRYPTED, Status.FAIL), ("pc1", ENCRYPTED, Status.UNKNOWN))
    assert [gap.said for gap in asked(made, row(ENCRYPTED)).gaps] == ["measured", "It was not seen"]


def test_none_supports_it() -> None:
    made = with_status(*((f"pc{number}", ENCRYPTED, Status.FAIL) for number in range(4)))
    found = asked(made, row(ENCRYPTED))
    assert (found.state, found.met) == (State.GAPS, 0)
    assert found.said.startswith("No: 0 of 4 machines")


def test_gaps_stand_worst_first() -> None:
    made = with_status(
        ("pc0", ENCRYPTED, Status.UNKNOWN),
        ("pc1", ENCRYPTED, Status.WARN),
        ("pc2", "disk-encryption.method", Status.FAIL),
        ("pc3", ENCRYPTED, Status.FAIL),
    )
    found = asked(made, row("disk-encryption.method", ENCRYPTED))
    # Of the two that fail the critical one comes first.
    assert [gap.endpoint for gap in found.gaps] == ["pc3", "pc2", "pc1", "pc0"]
    assert found.said == "No: 0 of 4 machines; short of it: pc3, pc2, pc1; not known: pc0"


def test_what_does_not_apply_leaves_the_count() -> None:
    found = asked(with_status(("pc1", ENCRYPTED, Status.NOT_APPLICABLE)), row(ENCRYPTED))
    assert (found.state, found.of, found.met, found.said) == (State.SUPPORTED, 3, 3, "Yes: 3 of 3 machines")
    # As long as one check of the row applies, the machine counts.
    assert asked(with_status(("pc1", ENCRYPTED, Status.NOT_APPLICABLE)), row(ENCRYPTED, UPDATES)).of == 4


def test_where_nothing_applies_there_is_no_yes() -> None:
    made = with_status(*((f"pc{number}", ENCRYPTED, Status.NOT_APPLICABLE) for number in range(4)))
    found = asked(made, row(ENCRYPTED))
    assert (found.state, found.said) == (State.DOES_NOT_APPLY, "Does not apply to any machine here")
    assert asked(audit_of([], []), row(ENCRYPTED)).state is State.DOES_NOT_APPLY


def test_what_no_check_speaks_for_is_not_measured() -> None:
    found = asked(with_status(), row())
    assert (found.state, found.of) == (State.NOT_MEASURED, 0)
    assert found.said == "Not measured by this tool: answer it yourself"
    assert asked(with_status(), row(), Kind.CONTROLS).said == "Not measured by this tool"


def test_an_unseen_machine_is_a_gap() -> None:
    fleet = [device("pc0"), device("away", seen=False)]
    found = asked(audit_of(fleet, findings(fleet, passing)), row(ENCRYPTED))
    assert (found.state, found.of, found.met) == (State.PARTLY, 2, 1)
    assert found.said == "Not yet: 1 of 2 machines; not known: away"


def test_an_older_answer_is_no_answer() -> None:
    """Carried answers count in the score alone: what this audit did not read, nobody can sign for."""
    made = with_status(("pc0", ENCRYPTED, Status.UNKNOWN))
    carried = changed(made, "pc0", ENCRYPTED, lambda one: replace(one, effective=1.0, carried_from=NOW - timedelta(days=3)))
    assert asked(carried, row(ENCRYPTED)).said == "Not yet: 3 of 4 machines; not known: pc0"


def test_a_check_that_was_not_asked_is_a_gap() -> None:
    made = with_status()
    without = replace(made, findings=tuple(one for one in made.findings if (one.endpoint, one.check) != ("pc3", UPDATES)))
    found = asked(without, row(ENCRYPTED, UPDATES))
    assert [(gap.endpoint, gap.lack) for gap in found.gaps] == [("pc3", Lack.UNKNOWN)]
    assert found.gaps[0].said == "This audit did not ask it of this machine"


def test_only_the_roles_of_the_row_are_asked() -> None:
    fleet = [device("laptop"), device("server", Role.SERVER)]
    made = audit_of(fleet, findings(fleet, except_for({("server", ENCRYPTED): Status.FAIL})))
    assert asked(made, row(ENCRYPTED, roles=(Role.LAPTOP, Role.WORKSTATION))).said == "Yes: 1 of 1 machine"
    assert asked(made, row(ENCRYPTED, roles=(Role.SERVER,))).said == "No: 0 of 1 machine; short of it: server"


def test_a_machine_whose_role_nobody_knows_may_be_a_laptop() -> None:
    fleet = [device("laptop"), replace(device("new", Role.SERVER, None, seen=False), role_from="assumed")]
    found = asked(audit_of(fleet, findings(fleet, passing)), row(ENCRYPTED, roles=(Role.LAPTOP,)))
    assert found.said == "Not yet: 1 of 2 machines; not known: new"


@pytest.mark.parametrize(
    ("days", "state"), [(0, State.SUPPORTED), (30, State.SUPPORTED), (31, State.GAPS), (400, State.GAPS)]
)
def test_evidence_is_good_for_as_long_as_the_standard_calls_it_fresh(days: int, state: State) -> None:
    found = asked(with_status(), row(ENCRYPTED), now=NOW + timedelta(days=days))
    assert found.state is state
    if state is State.GAPS:
        assert found.said == "Not yet: 0 of 4 machines; measured too long ago: pc0, pc1, pc2, pc3"
        assert found.gaps[0].said == "Measured on 2026-11-20, not within 30 days"


def test_evidence_from_the_future_is_as_little_worth() -> None:
    assert asked(with_status(), row(ENCRYPTED), now=NOW - timedelta(days=31)).state is State.GAPS


def test_a_pass_without_a_time_is_too_old() -> None:
    made = changed(with_status(), "pc0", ENCRYPTED, lambda one: replace(one, observed_at=None))
    found = asked(made, row(ENCRYPTED))
    assert [(gap.endpoint, gap.lack) for gap in found.gaps] == [("pc0", Lack.OLD)]


def test_fresh_days_come_from_the_audits_own_standard() -> None:
    made = with_status()
    content = {**STANDARD.raw, "fresh_days": 7}
    assert fresh_days(made) == 30
    assert fresh_days(replace(made, standard={**made.standard, "content": content})) == 7
    assert fresh_days(replace(made, standard={})) == 30


@pytest.mark.parametrize(
    ("limit", "state"), [(14, State.SUPPORTED), (30, State.SUPPORTED), (13, State.GAPS), (7, State.GAPS)]
)
def test_a_pass_by_a_looser_limit_does_not_count(limit: int, state: State) -> None:
    """The standard gives updates 14 days."""
    found = asked(with_status(), row(UPDATES, at_most={UPDATES: {"pass_days": limit}}))
    assert found.state is state
    if state is State.GAPS:
        assert found.gaps[0].said == f"Judged by pass_days = 14; this asks for {limit} at most"
        assert found.said.startswith("Not yet: 0 of 4 machines; judged by a looser limit: pc0")


@pytest.mark.parametrize("described", [{}, {"parameters": {}}, {"parameters": {"pass_days": {"value": None}}}, "text"])
def test_a_limit_that_cannot_be_read_is_as_loose_as_any(described: Json) -> None:
    made = with_status()
    found = asked(
        replace(made, checks={**made.checks, UPDATES: described}), row(UPDATES, at_most={UPDATES: {"pass_days": 30}})
    )
    assert found.state is State.GAPS


def test_part_of_a_client_says_nothing_about_the_rest() -> None:
    found = asked(replace(with_status(), scope="--limit pc*"), row(ENCRYPTED))
    assert found.state is State.PARTLY
    assert found.said == "Not yet: 4 of 4 machines; only part of the client was looked at (--limit pc*)"


def marked(kind: ExceptionKind, status: Status, until: str | None = None) -> Audit:
    """The exception may hold for longer elsewhere than on this machine."""
    made = with_status(("pc1", ENCRYPTED, status))
    made = changed(made, "pc1", ENCRYPTED, lambda one: replace(one, exception=Mark("e1", kind)))
    use: dict[str, Json] = {"check": ENCRYPTED, "endpoint": "pc1", "until": until}
    return replace(made, exceptions=({"id": "e1", "kind": kind.value, "until": "2027-12-31", "uses": [use]},))


def test_a_waived_machine_is_excused_and_the_answer_is_still_no() -> None:
    found = asked(marked(ExceptionKind.WAIVED, Status.FAIL, until="2026-12-15"), row(ENCRYPTED))
    assert [(gap.lack, gap.until) for gap in found.gaps] == [(Lack.EXCUSED, "2026-12-15")]
    assert found.said == "No: 3 of 4 machines; excused, agreed until 15 Dec 2026: pc1"
    assert found.state is State.PARTLY


def test_an_agreement_without_an_end_in_the_document_is_shown_without_one() -> None:
    assert asked(marked(ExceptionKind.WAIVED, Status.WARN), row(ENCRYPTED)).said.endswith("; excused, agreed: pc1")


def test_a_machine_that_is_excused_and_not_fully_read_is_a_no() -> None:
    made = marked(ExceptionKind.WAIVED, Status.FAIL)
    unread = Verdict(Status.UNKNOWN, "Not known", reason="It was not seen")
    found = asked(changed(made, "pc1", UPDATES, lambda one: replace(one, verdict=unread)), row(ENCRYPTED, UPDATES))
    assert [gap.lack for gap in found.gaps] == [Lack.EXCUSED, Lack.UNKNOWN]
    assert found.said == "No: 3 of 4 machines; excused, agreed: pc1"


def test_declined_work_is_short_all_the_same() -> None:
    found = asked(marked(ExceptionKind.DECLINED, Status.FAIL), row(ENCRYPTED))
    assert found.said == "No: 3 of 4 machines; short of it: pc1"


def test_what_was_told_is_not_measured() -> None:
    found = asked(marked(ExceptionKind.STATED, Status.UNKNOWN, until="2027-01-01"), row(ENCRYPTED))
    assert found.said == "Not yet: 3 of 4 machines; not known: pc1"
    assert found.gaps[0].said == "Told, not measured: It was not seen"


def test_many_names_are_counted() -> None:
    made = with_status(*((f"pc{number}", ENCRYPTED, Status.FAIL) for number in range(10)), count=12)
    assert asked(made, row(ENCRYPTED)).said.endswith("pc0, pc1, pc2, pc3, pc4, pc5, pc6, pc7 and 2 more")


def test_a_system_out_of_support_does_not_drop_out_of_the_answer_on_updates() -> None:
    """For it nothing is published, so its update checks do not apply."""
    faults = {("pc0", check): Status.NOT_APPLICABLE for check in REGISTRY.checks if check.startswith("patching.")}
    fleet = [device("pc0"), device("pc1")]
    made = audit_of(fleet, findings(fleet, except_for({**faults, ("pc0", SUPPORTED): Status.FAIL})))
    about_updates = 0
    for name in shipped():
        for found in answers(made, load(name, REGISTRY.checks), fresh_days=30, now=NOW):
            if UPDATES in found.row.checks or "patching.automatic-updates" in found.row.checks:
                about_updates += 1
                assert (found.of, found.met) == (2, 1), (name, found.row.id)
    assert about_updates >= 6


def test_a_company_in_order_supports_every_row_that_is_measured() -> None:
    fleet = [device(f"m{number}", role, platform) for number, role in enumerate(Role) for platform in Platform]
    made = audit_of(fleet, findings(fleet, passing))
    for name in shipped():
        framework = load(name, REGISTRY.checks)
        for found in answers(made, framework, fresh_days=30, now=NOW):
            assert found.state is (State.SUPPORTED if found.row.checks else State.NOT_MEASURED), (name, found.row.id)
            if framework.kind is Kind.QUESTIONS:
                assert found.said.startswith("Yes: " if found.row.checks else "Not measured"), found.row.id


def worse(one: Finding, chance: random.Random) -> Finding:
    """The same finding with something less to show for it."""
    worsen = chance.choice(["fail", "unknown", "old", "waived"])
    if worsen == "old":
        return replace(one, observed_at=NOW - timedelta(days=chance.choice([31, 90])))
    status = Status.UNKNOWN if worsen == "unknown" else Status.FAIL
    mark = Mark("e", ExceptionKind.WAIVED) if worsen == "waived" else None
    return replace(one, verdict=Verdict(status, "m", "e", {}, "why"), exception=mark)


def test_less_to_show_never_makes_a_better_answer() -> None:
    """Of a passing answer something is taken away, on made-up fleets with every status, exception and older answer."""
    frameworks = [load(name, REGISTRY.checks) for name in shipped()]
    steps = 0
    for seed in range(120):
        chance = random.Random(seed)
        fleet, found = storied_fleet(seed)
        made = audit_of(fleet, found)
        passes = [index for index, one in enumerate(made.findings) if one.status is Status.PASS]
        if not passes:
            continue
        index = chance.choice(passes)
        less = [*made.findings[:index], worse(made.findings[index], chance), *made.findings[index + 1 :]]
        worsened = replace(made, findings=tuple(less))
        for framework in frameworks:
            before = answers(made, framework, fresh_days=30, now=NOW)
            after = answers(worsened, framework, fresh_days=30, now=NOW)
            for one, other in zip(before, after, strict=True):
                steps += one != other
                never_better(one, other, (seed, framework.name, one.row.id))
    assert steps > 100


def never_better(before: Answered, after: Answered, where: object) -> None:
    assert (after.of, after.state in ORDER) == (before.of, before.state in ORDER), where
    assert after.met <= before.met, where
    if before.state in ORDER:
        assert ORDER.index(after.state) >= ORDER.index(before.state), where
        assert "Yes" not in after.said or "Yes" in before.said, where


def test_counts_agree_with_the_gaps() -> None:
    for seed in range(60):
        fleet, found = storied_fleet(seed)
        made = audit_of(fleet, found)
        for name in shipped():
            for one in answers(made, load(name, REGISTRY.checks), fresh_days=30, now=NOW):
                assert one.of - one.met == len({gap.endpoint for gap in one.gaps})
                assert (one.state is State.SUPPORTED) == (one.of > 0 and one.met == one.of)


def test_machines_in_any_order_give_the_same_answer() -> None:
    fleet, found = storied_fleet(7)
    made = audit_of(fleet, found)
    mixed = replace(made, devices=tuple(reversed(made.devices)), findings=tuple(reversed(made.findings)))
    for name in shipped():
        framework = load(name, REGISTRY.checks)
        assert answers(made, framework, fresh_days=30, now=NOW) == answers(mixed, framework, fresh_days=30, now=NOW)


def test_machines_that_nobody_saw_support_nothing() -> None:
    fleet = [device(f"m{number}", seen=False) for number in range(3)]
    made = audit_of(fleet, findings(fleet, passing))
    for name in shipped():
        for one in answers(made, load(name, REGISTRY.checks), fresh_days=30, now=NOW):
            assert one.state in (State.GAPS, State.NOT_MEASURED, State.DOES_NOT_APPLY)
