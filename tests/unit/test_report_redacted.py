"""Numbers for names: what is planted everywhere in an audit is in no byte of what is written without names."""

from __future__ import annotations

import io
import json
import zipfile
from collections.abc import Mapping
from dataclasses import replace
from datetime import date
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import click
import pytest

from scorecard import outputs
from scorecard.cli.writing import what_to_write
from scorecard.errors import FailureKind, InputError
from scorecard.exceptions import Exceptions
from scorecard.exceptions.entries import Entry
from scorecard.model import ExceptionKind, Failure, Json, Observation, Outcome, Seen, Status
from scorecard.plan.planned import Planned
from scorecard.pseudonyms import Numbers, redacted
from scorecard.registry import Registry
from scorecard.reporting import EditionName, ReportContext
from scorecard.result import Audit, Authorisation, Retired
from scorecard.topic import Parameters
from tests.e2e import sample
from tests.e2e.sample import Machine

# Every one is told somewhere in the audit below; the last three only within texts.
HIDDEN = (
    "zoë-laptop",
    "till-7.harbour.example",
    "PF9QX81",
    "Zoë Müller",
    "Brannock Yard",
    "harbour\\zmueller",
    "sold-box",
    "forgotten-box",
    "Quentin Harker",
    "10.77.3.19",
    "qharker",
    "quentin@harbour.example",
    "9c:8e:99:aa:bb:cc",
)


def _planted() -> tuple[Audit, ReportContext]:
    everything = f"seen on zoë-laptop by Zoë Müller (harbour\\zmueller) at Brannock Yard: {' '.join(HIDDEN)}"
    fault = sample.short(everything, everything, Status.FAIL, user="harbour\\zmueller", told=[everything], serial="PF9QX81")
    answers: Mapping[str, object] = {"user": "harbour\\zmueller", "name": "zoë-laptop", "all": everything}
    laptop = Machine(
        "zoë-laptop",
        site="Brannock Yard",
        owner="Zoë Müller",
        facts={"serial": "PF9QX81", "user": "harbour\\zmueller", "model": "Latitude 5440"},
        answers={"disk-encryption.system-volume": fault, "antivirus.protected": sample.no_answer(everything)},
        raw=f"/home/qharker/.profile\n{everything}\n{json.dumps(answers)}",
    )
    till = Machine(
        "till-7",
        site="Brannock Yard",
        owner="Quentin Harker",
        failure=Failure(FailureKind.UNREACHABLE, f"till-7.harbour.example: {everything}", everything),
    )
    machines = (laptop, till, Machine("other"))
    said: dict[str, Json] = {"reason": everything, "approver": "Quentin Harker"}
    names = ("forgotten-box", "zoë-laptop")
    drive = ("disk-encryption.system-volume",)
    entry = Entry("old", ExceptionKind.WAIVED, drive, names, date(2026, 11, 1), date(2026, 11, 25), False, said)
    audit = sample.audit(
        machines,
        retired=(Retired("sold-box", date(2026, 9, 1), everything),),
        notes=(everything,),
        sites=("Brannock Yard",),
        authorised=Authorisation("Quentin Harker", date(2026, 1, 5), everything),
        exceptions=Exceptions((entry,)),
    )
    devices = tuple(
        replace(
            device, address="till-7.harbour.example" if device.name == "till-7" else device.address, role_note=everything
        )
        for device in audit.devices
    )
    shown = replace(audit, devices=devices)
    return shown, replace(sample.context(machines), before=audit, planned=Planned(shown))


def _text(path: Path) -> str:
    content = path.read_bytes()
    if path.suffix != ".xlsx":
        return content.decode("utf-8")
    with zipfile.ZipFile(io.BytesIO(content)) as package:
        return "".join(package.read(name).decode("utf-8") for name in package.namelist())


@pytest.mark.parametrize("edition", ["prospect", "engineer"])
def test_no_name_is_left_in_any_file(edition: str, tmp_path: Path) -> None:
    audit, context = _planted()
    look = outputs.look(edition, redact=True)
    for path in outputs.write(audit, tmp_path, ("html", "xlsx", "csv"), context, chosen=look):
        text = _text(path).casefold()
        left = [name for name in HIDDEN for form in _forms(name) if form in text]
        assert not left, path.name
        assert "m-001" in text
        assert edition in path.name


def test_with_names_each_of_them_is_there(tmp_path: Path) -> None:
    """So that the test above cannot pass because nothing was planted."""
    audit, context = _planted()
    look = outputs.look("engineer", redact=False)
    (page,) = outputs.write(audit, tmp_path, ("html",), context, chosen=look)
    text = _text(page).casefold()
    assert [name for name in HIDDEN if not any(form in text for form in _forms(name))] == []


def _forms(name: str) -> set[str]:
    return {form.casefold() for form in (name, json.dumps(name)[1:-1], name.replace("\\", "\\\\"))}


def test_numbers_are_stable_and_lead_to_the_same_machine() -> None:
    audit, context = _planted()
    one, _ = redacted(audit, context)
    two, around = redacted(audit, context)
    assert one == two
    assert around.redacted
    assert [device.name for device in one.devices] == ["M-001", "M-002", "M-003"]
    assert one.devices[1].address == "A-002"
    assert one.devices[0].facts["serial"] == "N-001"
    assert {finding.endpoint for finding in one.findings} == {"M-001", "M-002", "M-003"}
    assert set(one.scorecard.endpoint_scores) == {"M-001", "M-002", "M-003"}
    assert around.before is not None
    assert [device.name for device in around.before.devices] == ["M-001", "M-002", "M-003"]
    assert (one.standard, one.checks, one.client) == (audit.standard, audit.checks, audit.client)


@pytest.mark.parametrize(
    ("text", "becomes"),
    [
        ("LT-01 and lt-01, LT-012 and XLT-01", "M-001 and M-001, LT-012 and XLT-01"),
        ("LT-01-old", "M-001-old"),
        ('{"name":"\\nLT-01\\u0027"}', '{"name":"\\nM-001\\u0027"}'),
        ("C:\\LT-01", "C:\\M-001"),
        ("anna.berg, Berg, Anna", "P-001, P-001"),
        ("Debian 12 of 12", "Debian 12 of 12"),
        ("12", "M-002"),
        ("root of the machine", "root of the machine"),
        ("10.1.2.3, 10.0.19045.2364, fe80::1, 127.0.0.1", "[address], 10.0.19045.2364, [address], 127.0.0.1"),
        ("at 12:30:45 from S-1-5-21-1-2-3-500", "at 12:30:45 from [sid]"),
    ],
)
def test_a_name_counts_where_it_stands_alone(text: str, becomes: str) -> None:
    numbers = Numbers()
    for name in ("LT-01", "12"):
        numbers.next("M", name)
    for name in ("Anna Berg", "root"):
        numbers.next("P", name)
    assert numbers.text(text) == becomes


def test_an_answer_of_the_machine_tells_its_own_names() -> None:
    audit, context = _planted()
    text = "system=Linux\nhostname=harker-private\nuser=qharker2\nclock=1763100000\nuptime=100.0 3\n"
    host = Observation("engine.host", Outcome.OK, text, 0, 1, audit.as_of)
    other = Observation("x.y", Outcome.OK, "harker-private says hello to qharker2", 0, 1, audit.as_of)
    _, around = redacted(audit, replace(context, evidence={"sha256:a": host, "sha256:b": other}))
    assert "harker-private" not in str(around.evidence)
    assert "qharker2" not in str(around.evidence)


def test_what_a_machine_calls_itself_is_learned_from_its_identity() -> None:
    """The words are those of the check itself, so that a change there shows here."""
    identified = Registry.load().checks["inventory.identified"]
    facts: Any = SimpleNamespace(
        name=Seen("harker-own"), serial=Seen("SN4711X"), uuid=Seen(None), machine_id=Seen(None), model=Seen("Latitude")
    )
    host: Any = None
    verdict = identified.rule(facts, host, Parameters(identified.defaults()))
    texts = sample.short("harker-own has SN4711X; we were root@harker-own", "")
    machine = Machine("front", answers={"inventory.identified": verdict, "disk-encryption.system-volume": texts})
    audit, _ = redacted(sample.audit([machine]), sample.context([machine]))
    said = str([(finding.verdict, finding.check) for finding in audit.findings])
    assert "harker-own" not in said
    assert "SN4711X" not in said
    assert "M-001 has N-001; we were root@M-001" in said


@pytest.mark.parametrize("account", ["root@desk-own", "DESK-OWN\\pat", "pat@desk-own"])
def test_the_host_in_the_account_is_the_machine(account: str) -> None:
    audit = sample.audit([Machine("front")])
    audit = replace(audit, devices=tuple(replace(device, account=account) for device in audit.devices))
    found, _ = redacted(audit, ReportContext())
    assert "desk-own" not in found.devices[0].account.casefold()
    assert "M-001" in found.devices[0].account or found.devices[0].account.startswith("P-")


def test_the_document_never_goes_beside_files_without_names() -> None:
    assert outputs.chosen_formats(None, outputs.look("prospect")) == ("html", "xlsx")
    assert "json" in outputs.chosen_formats(None, outputs.look("prospect", redact=False))
    assert "json" in outputs.chosen_formats(None, outputs.look("client,prospect"))
    with pytest.raises(InputError, match="--format json: the audit document holds all names"):
        outputs.chosen_formats("html,json", outputs.look("prospect"))


@pytest.mark.parametrize(
    ("editions", "letter", "said"),
    [
        ("clients", False, "--edition clients: no such edition; expected a list of client, engineer, prospect"),
        (" , ", False, "--edition: expected a list of client, engineer, prospect"),
        ("client", True, "--with-letter: only the prospect's edition is without a letter"),
    ],
)
def test_a_wrong_edition_gets_one_line(editions: str, letter: bool, said: str) -> None:
    with pytest.raises(InputError, match=said):
        outputs.look(editions, with_letter=letter)


def test_each_edition_has_a_file_of_its_own(tmp_path: Path) -> None:
    audit, context = _planted()
    look = outputs.look("engineer, client")
    assert look.editions == (EditionName.ENGINEER, EditionName.CLIENT)
    written = outputs.write(audit, tmp_path, ("csv",), context, chosen=look)
    stem = "scorecard_harbour-finch_2026-11-14"
    assert [path.name for path in written] == [f"{stem}_engineer.csv", f"{stem}_client.csv"]


@pytest.mark.parametrize(
    ("asked", "said"),
    [
        ({"redact": True, "as_json": True}, "--json prints the audit document, which holds all names"),
        ({"redact": True, "files": False}, "--redact is about the files written, so give --out as well"),
        ({"editions": "client", "files": False}, "--edition is about the files written"),
        ({"formats": "html", "files": False}, "--format is about the files written"),
        ({"with_letter": True, "files": False}, "--with-letter is about the files written"),
    ],
)
def test_a_wish_that_cannot_be_granted_is_not_passed_over(asked: dict[str, Any], said: str) -> None:
    plain = {"formats": None, "editions": None, "with_letter": False, "redact": None, "as_json": False, "files": True}
    with pytest.raises(click.UsageError, match=said):
        what_to_write(**{**plain, **asked})
