"""Which ways lead to Windows: whoever makes a transport, asks through it or walks to an endpoint has to agree."""

from __future__ import annotations

from types import SimpleNamespace

import pytest

from scorecard import doctor, transports
from scorecard.collect import Collector
from scorecard.errors import FailureKind
from scorecard.model import Endpoint, SecretRef
from scorecard.registry import Registry
from scorecard.standard import DEFAULT
from scorecard.standard import load as load_standard
from scorecard.transports.local import LocalTransport
from scorecard.transports.local_windows import LocalWindowsTransport

HERE = Endpoint("here", "Acme", "localhost", transport="local")


def no_secret(reference: SecretRef, endpoint: Endpoint) -> str:
    raise AssertionError(f"{reference} is wanted for {endpoint.name}")


@pytest.fixture
def windows(monkeypatch: pytest.MonkeyPatch) -> None:
    """This computer as Windows, as far as the transports can tell; PowerShell is not found on it."""
    monkeypatch.setattr(transports, "os", SimpleNamespace(name="nt"))


def test_winrm_always_leads_to_windows_and_local_where_this_computer_runs_it(monkeypatch: pytest.MonkeyPatch) -> None:
    ways: dict[str, set[str]] = {}
    for name in ("posix", "nt"):
        monkeypatch.setattr(transports, "os", SimpleNamespace(name=name))
        ways[name] = {way for way in transports.NAMES if transports.leads_to_windows(way)}
    assert ways == {"posix": {"winrm"}, "nt": {"winrm", "local"}}


def test_elsewhere_the_shell_is_asked() -> None:
    assert isinstance(transports.make("local", no_secret), LocalTransport)


@pytest.mark.usefixtures("windows")
def test_on_windows_powershell_is_asked_by_the_audit_and_by_the_doctor() -> None:
    local = transports.make("local", no_secret)
    assert isinstance(local, LocalWindowsTransport)
    registry = Registry.load()
    collector = Collector(registry, load_standard(DEFAULT, registry.checks), lambda _name: local, str)
    failure = collector.ask(HERE).device.failure
    (step,) = doctor.examine(HERE, no_secret)
    assert failure is not None
    assert (failure.kind, step.kind) == (FailureKind.INTERNAL, FailureKind.INTERNAL)
    assert failure.message == step.said
    assert "did not start Windows PowerShell" in step.said
