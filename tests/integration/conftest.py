"""Kerberos for the tests of WinRM: a client, a KDC, tickets, and machines that accept them."""

from __future__ import annotations

import itertools
import sys
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from tests.integration.kerberos_kit import HOME, MakeServer
from tests.integration.winrm_kit import MACHINE
from tests.rig.needs import RigUnavailable
from tests.rig.required import cannot_run
from tests.rig.wsman.kerberos import Kdc, Proof
from tests.rig.wsman.kerberos_client import client_folder
from tests.rig.wsman.server import Tls, Wsman


@pytest.fixture(scope="module")
def kerberos_client() -> Iterator[Path]:
    """pykerberos can be imported while these tests run, and not for any other."""
    try:
        folder = client_folder()
    except RigUnavailable as error:
        cannot_run(str(error))
    sys.path.insert(0, str(folder))
    yield folder
    sys.path.remove(str(folder))
    sys.modules.pop("kerberos", None)


@pytest.fixture(scope="module")
def kdc(kerberos_client: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Kdc]:
    try:
        with Kdc(tmp_path_factory.mktemp("kerberos")) as kdc:
            yield kdc
    except RigUnavailable as error:
        cannot_run(str(error))


@pytest.fixture
def tickets(kdc: Kdc, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A file of tickets with one for the account; that and the settings in `KRB5_CONFIG` may be spoilt."""
    file, config = tmp_path / "tickets", tmp_path / "krb5.conf"
    config.write_bytes(kdc.config.read_bytes())
    kdc.get_ticket(file)
    for name, value in kdc.environment(file, config).items():
        monkeypatch.setenv(name, value)
    monkeypatch.delenv("KRB5_CLIENT_KTNAME", raising=False)
    return file


@pytest.fixture
def serve(kdc: Kdc, tmp_path: Path) -> Iterator[MakeServer]:
    """Makes machines called localhost, and sees at the end that no shell stays open there."""
    count = itertools.count(1)
    with ExitStack() as stack:

        def made(
            tls: Tls | None = None, proof: Proof = "good", keytab: Path | None = None, fault: str | None = None
        ) -> Wsman:
            folder = tmp_path / f"machine-{next(count)}"
            folder.mkdir()
            server = Wsman(folder, MACHINE, HOME, tls=tls, fault=fault, kerberos=kdc.service(proof, keytab))
            if proof not in ("none", "forged"):  # who is not proven is not asked to close what he opened
                stack.callback(_check, server)
            return stack.enter_context(server)

        yield made


def _check(server: Wsman) -> None:
    assert (server.open_shells, server.refused) == (0, [])
