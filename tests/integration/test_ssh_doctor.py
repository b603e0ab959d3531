"""The walk behind `scorecard doctor`, against a real sshd: it stops at the first step that fails and says what to do."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from scorecard.doctor import Step, examine
from scorecard.errors import FailureKind, InputError
from scorecard.model import Connection, Endpoint, HostKeyPolicy, Jump
from tests.rig.sshd import Account, Sshd, free_port, key_credential, keygen, need_root, no_secrets

WALK = ["name", "port", "handshake", "host key", "login", "privilege", "probe"]


@pytest.fixture(scope="module")
def key(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return keygen(tmp_path_factory.mktemp("key") / "key")


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory, key: Path) -> Iterator[Sshd]:
    with Sshd(tmp_path_factory.mktemp("server"), authorized=[key]) as server:
        yield server


def walk(endpoint: Endpoint, deadline_s: float = 120) -> list[Step]:
    steps = list(examine(endpoint, no_secrets, deadline_s))
    assert all(step.ok for step in steps[:-1])
    assert all(step.said and "\n" not in step.said for step in steps)
    assert all(step.next_step and step.kind for step in steps if not step.ok)
    return steps


def test_a_healthy_endpoint_passes_every_step(server: Sshd, key: Path) -> None:
    steps = walk(server.endpoint(key_credential(key)))
    assert [step.name for step in steps] == WALK
    assert all(step.ok for step in steps)
    said = {step.name: step.said for step in steps}
    assert "OpenSSH" in said["handshake"]
    assert "SHA256:" in said["host key"]
    assert str(key) in said["login"]


def test_each_failure_stops_at_its_step(server: Sshd, key: Path, tmp_path: Path) -> None:
    ours = server.endpoint(key_credential(key))
    other = keygen(tmp_path / "other")
    known = tmp_path / "known"
    known.write_text(f"[{server.address}]:{server.port} {other.with_name('other.pub').read_text()}")
    changed = replace(ours, connection=Connection(known_hosts=(str(known),)))
    cases = {
        "name": (replace(ours, address="no-such-host.invalid"), FailureKind.NAME_NOT_FOUND),
        "port": (replace(ours, port=free_port(server.address)), FailureKind.REFUSED),
        "host key": (changed, FailureKind.HOST_KEY_CHANGED),
        "login": (server.endpoint(key_credential(other)), FailureKind.AUTH_FAILED),
    }
    for name, (endpoint, kind) in cases.items():
        steps = walk(endpoint)
        assert [step.name for step in steps] == WALK[: WALK.index(name) + 1]
        assert steps[-1].kind is kind
        assert not steps[-1].ok


def test_known_hosts_that_cannot_be_read_stop_it_before_it_begins(server: Sshd, key: Path, tmp_path: Path) -> None:
    steps = walk(server.endpoint(key_credential(key), known_hosts=(str(tmp_path),)))
    assert [(step.name, step.ok) for step in steps] == [("host key", False)]


def test_a_login_that_runs_nothing_stops_at_privilege(tmp_path: Path, key: Path) -> None:
    with Sshd(tmp_path, authorized=[key], options=("ForceCommand echo no",)) as server:
        steps = walk(server.endpoint(key_credential(key)))
    assert [step.name for step in steps] == WALK[:-1]
    assert steps[-1].kind is FailureKind.PERMISSION_DENIED


def test_missing_rights_are_no_failure_and_have_a_next_step(tmp_path: Path, key: Path) -> None:
    need_root()
    with Sshd(tmp_path, authorized=[key], accounts=[Account("pat", "x")]) as server:
        steps = walk(server.endpoint(key_credential(key, user="pat")))
    privilege = next(step for step in steps if step.name == "privilege")
    assert privilege.ok
    assert "without root's rights" in privilege.said
    assert "sudoers" in privilege.next_step
    assert steps[-1].name == "probe"
    assert steps[-1].ok


def test_every_hop_is_walked(server: Sshd, tmp_path: Path, key: Path) -> None:
    with Sshd(tmp_path / "end", address="127.0.7.4", authorized=[key]) as end:
        known = tmp_path / "known"
        known.write_text(server.known_hosts_line() + end.known_hosts_line())
        connection = Connection(jumps=(Jump(server.address, server.port),), known_hosts=(str(known),))
        endpoint = replace(end.endpoint(key_credential(key)), connection=connection)
        steps = walk(endpoint)
    jump = [f"{name} of jump 1 ({server.address})" for name in WALK[:5]]
    assert [step.name for step in steps] == jump + WALK


def test_first_contact_is_said(server: Sshd, key: Path, tmp_path: Path) -> None:
    known = str(tmp_path / "known")
    steps = walk(server.endpoint(key_credential(key), known_hosts=(known,), host_key_policy=HostKeyPolicy.ACCEPT_NEW))
    said = next(step.said for step in steps if step.name == "host key")
    assert known in said
    assert "accepted" in said


def test_leaving_early_closes_the_connection(server: Sshd, key: Path) -> None:
    steps = examine(server.endpoint(key_credential(key)), no_secrets)
    assert next(steps).name == "name"
    assert next(steps).name == "port"
    steps.close()  # type: ignore[attr-defined]  # a generator; the contract promises an iterator


def test_an_unheard_of_transport() -> None:
    with pytest.raises(InputError, match="telepathy"):
        list(examine(Endpoint("pc", "c", "pc", transport="telepathy"), no_secrets))
