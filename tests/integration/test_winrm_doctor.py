"""The walk behind `scorecard doctor` to a Windows machine: it stops at the first step that fails and says what to do."""

from __future__ import annotations

import socket
from dataclasses import replace
from pathlib import Path

import pytest

from scorecard.doctor import Step, examine, over_winrm
from scorecard.errors import FailureKind
from scorecard.model import Authentication, Credential, Endpoint
from scorecard.transports.winrm import WinrmTransport
from tests.integration.winrm_kit import LOCAL_USER, MACHINE, endpoint, secret_of, way_to
from tests.rig.wsman.server import Tls, Wsman

pytestmark = pytest.mark.waits

WALK = ["name", "port", "WinRM", "certificate", "login", "shell", "privilege", "probe"]
ADDRESS = "127.0.9.21"


def walk(server: Wsman, asked: Endpoint, login: Authentication = Authentication.NTLM) -> list[Step]:
    steps = list(over_winrm(WinrmTransport(secret_of, way_to(server, login)), asked, 30))
    assert all(step.ok for step in steps[:-1])
    assert all(step.said and "\n" not in step.said for step in steps)
    assert all(step.next_step and step.kind for step in steps if not step.ok)
    assert server.open_shells == 0
    return steps


@pytest.mark.parametrize("tls", [None, "good"])
def test_a_healthy_machine_passes_every_step(tls: Tls | None, tmp_path: Path) -> None:
    with Wsman(tmp_path, MACHINE, ADDRESS, tls=tls) as server:
        steps = walk(server, endpoint(server))
    assert [step.name for step in steps] == WALK
    assert all(step.ok for step in steps)
    said = {step.name: step.said for step in steps}
    assert "Microsoft Corporation" in said["WinRM"]
    assert "with NTLM" in said["login"]
    assert "with an administrator's rights" in said["privilege"]
    assert "Windows 11" in said["probe"]
    assert ("is trusted" in said["certificate"]) == (tls is not None)


def test_a_healthy_machine_with_basic(tmp_path: Path) -> None:
    with Wsman(tmp_path, MACHINE, ADDRESS, tls="good") as server:
        assert walk(server, endpoint(server, LOCAL_USER), Authentication.BASIC)[-1].ok


@pytest.mark.parametrize(
    ("fault", "tls", "step", "kind"),
    [
        ("html", None, "WinRM", FailureKind.PROTOCOL),
        ("503", None, "WinRM", FailureKind.REFUSED),
        ("dead", None, "WinRM", FailureKind.UNREACHABLE),
        (None, "expired", "certificate", FailureKind.CERTIFICATE_INVALID),
        (None, "wrong-name", "certificate", FailureKind.CERTIFICATE_INVALID),
        ("401", None, "login", FailureKind.AUTH_FAILED),
        ("401", "good", "login", FailureKind.AUTH_FAILED),
        ("access-denied", None, "shell", FailureKind.PERMISSION_DENIED),
        ("access-denied", "good", "shell", FailureKind.PERMISSION_DENIED),
        ("remote-shells-disallowed", None, "shell", FailureKind.PERMISSION_DENIED),
        ("no-powershell", None, "privilege", FailureKind.PROTOCOL),
    ],
)
def test_each_failure_stops_at_its_step(
    fault: str | None, tls: Tls | None, step: str, kind: FailureKind, tmp_path: Path
) -> None:
    with Wsman(tmp_path, MACHINE, ADDRESS, tls=tls, fault=fault) as server:
        steps = walk(server, endpoint(server))
    assert [taken.name for taken in steps] == WALK[: WALK.index(step) + 1]
    assert steps[-1].kind is kind
    assert not steps[-1].ok


def test_name_and_port(tmp_path: Path) -> None:
    with Wsman(tmp_path, MACHINE, ADDRESS) as server, socket.create_server((ADDRESS, 0)) as taken:
        port = taken.getsockname()[1]
        taken.close()
        (name,) = walk(server, replace(endpoint(server), address="no-such-host.invalid"))
        refused = walk(server, replace(endpoint(server), port=port))[-1]
    assert (name.name, name.kind) == ("name", FailureKind.NAME_NOT_FOUND)
    assert (refused.name, refused.kind) == ("port", FailureKind.REFUSED)


def test_missing_rights_are_no_failure_and_have_a_next_step(tmp_path: Path) -> None:
    with Wsman(tmp_path, "no-admin-rights", ADDRESS) as server:
        steps = walk(server, endpoint(server))
    privilege = next(step for step in steps if step.name == "privilege")
    assert privilege.ok
    assert "without an administrator's rights" in privilege.said
    assert "administrator" in privilege.next_step
    assert steps[-1].name == "probe"
    assert steps[-1].ok


def test_leaving_early_closes_everything(tmp_path: Path) -> None:
    with Wsman(tmp_path, MACHINE, ADDRESS) as server:
        steps = over_winrm(WinrmTransport(secret_of, way_to(server)), endpoint(server))
        for name in WALK[:6]:
            assert next(steps).name == name
        assert server.open_shells == 1
        steps.close()  # type: ignore[attr-defined]  # a generator; the contract promises an iterator
        assert server.open_shells == 0


def test_examine_takes_the_way_of_the_inventory(tmp_path: Path) -> None:
    """HTTPS unless the port is one of plain HTTP; without a credential nothing but the door is looked at."""
    with Wsman(tmp_path, MACHINE, ADDRESS, tls="good") as server:
        steps = list(examine(replace(endpoint(server), credential=Credential("w", "c")), secret_of))
        assert not server.requests["authentication"]
    assert [step.name for step in steps] == WALK[:4]
    assert steps[-1].kind is FailureKind.CERTIFICATE_INVALID
