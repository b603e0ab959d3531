"""Whose certificates are taken: an authority's, or the machine's own that somebody put into the file."""

from __future__ import annotations

import hashlib
import ssl
from pathlib import Path

import pytest

from scorecard.errors import FailureKind, TransportError
from scorecard.model import Identity
from tests.integration.winrm_kit import BUNDLE, DEADLINE_S, MACHINE, endpoint, transport
from tests.rig.wsman.server import Tls, Wsman

ADDRESS = "127.0.9.31"


def own(server: Wsman, file: Path) -> Path:
    """A file with the certificate that the server shows, and nothing of who issued it."""
    assert server.certificate is not None
    file.write_text(ssl.DER_cert_to_PEM_cert(server.certificate), encoding="ascii")
    return file


def refusal(server: Wsman, trusted: Path) -> TransportError:
    with transport(server, trusted=trusted) as winrm, pytest.raises(TransportError) as caught:
        winrm.ask(endpoint(server), BUNDLE, DEADLINE_S)
    assert not server.requests, "nothing may be sent before the certificate is right"
    assert caught.value.kind is FailureKind.CERTIFICATE_INVALID
    return caught.value


@pytest.mark.parametrize("tls", ["self-signed", "good"])
def test_the_machines_own_certificate_is_enough(tls: Tls, tmp_path: Path) -> None:
    with Wsman(tmp_path, MACHINE, ADDRESS, tls=tls) as server:
        with transport(server, trusted=own(server, tmp_path / "own.pem")) as winrm:
            answer = winrm.ask(endpoint(server), BUNDLE, DEADLINE_S)
        assert server.open_shells == 0
    assert answer.complete
    assert answer.identity is Identity.PROVEN


def test_one_file_may_hold_the_certificates_of_many(tmp_path: Path) -> None:
    with (
        Wsman(tmp_path, MACHINE, ADDRESS, tls="self-signed") as one,
        Wsman(tmp_path, MACHINE, "127.0.9.32", tls="good") as other,
    ):
        both = tmp_path / "both.pem"
        both.write_text("".join(own(server, tmp_path / "own.pem").read_text() for server in (one, other)))
        for server in (one, other):
            with transport(server, trusted=both) as winrm:
                assert winrm.ask(endpoint(server), BUNDLE, DEADLINE_S).complete


@pytest.mark.parametrize(
    ("tls", "words"), [("wrong-name", "is for other.example"), ("expired", "The certificate of 127.0.9.31 port")]
)
def test_name_and_date_are_looked_at_all_the_same(tls: Tls, words: str, tmp_path: Path) -> None:
    with Wsman(tmp_path, MACHINE, ADDRESS, tls=tls) as server:
        error = refusal(server, own(server, tmp_path / "own.pem"))
    assert words in error.message
    assert ("expired" in error.message) == (tls == "expired")


@pytest.mark.parametrize(
    ("tls", "why"), [("self-signed", "nobody but the machine itself vouches for it"), ("good", "its issuer is not known")]
)
def test_one_that_is_not_in_the_file_is_named_by_its_fingerprint(tls: Tls, why: str, tmp_path: Path) -> None:
    with (
        Wsman(tmp_path, MACHINE, ADDRESS, tls=tls) as server,
        Wsman(tmp_path, MACHINE, "127.0.9.32", tls="self-signed") as other,
    ):
        error = refusal(server, own(other, tmp_path / "own.pem"))
        assert server.certificate is not None
        digest = hashlib.sha256(server.certificate).hexdigest().upper()
    assert why in error.message
    assert error.next_step.startswith(
        "Put this very certificate" if tls == "self-signed" else "Name the certificate of the"
    )
    assert error.next_step.replace(":", "").endswith(digest)
