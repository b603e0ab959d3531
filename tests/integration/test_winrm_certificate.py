"""Logging in with a certificate: it is shown in the TLS handshake, before a server that wants one."""

from __future__ import annotations

import datetime
import ssl
import threading
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    NoEncryption,
    PrivateFormat,
)
from cryptography.x509.oid import NameOID

from scorecard.errors import CredentialError, FailureKind, TransportError
from scorecard.model import Authentication, Credential, Endpoint, SecretRef
from scorecard.transports.winrm import WinrmTransport
from scorecard.transports.winrm_way import Way
from tests.integration.winrm_kit import BUNDLE, DEADLINE_S, secret_of
from tests.rig.wsman import certificates

ADDRESS = "127.0.9.41"
PASSPHRASE = "a key's own words"


def our_certificate(folder: Path, passphrase: str = "") -> tuple[Path, Path]:
    """Files of a certificate that vouches for itself, and of its key."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "audit")])
    now = datetime.datetime.now(datetime.UTC)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - datetime.timedelta(days=1))
        .not_valid_after(now + datetime.timedelta(days=1))
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    folder.mkdir(parents=True, exist_ok=True)
    shown, kept = folder / "our.pem", folder / "our.key"
    shown.write_bytes(certificate.public_bytes(Encoding.PEM))
    lock = BestAvailableEncryption(passphrase.encode()) if passphrase else NoEncryption()
    kept.write_bytes(key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, lock))
    return shown, kept


@dataclass
class Door:
    """A server that wants a certificate, and lets nobody in."""

    port: int
    ca_file: Path
    seen: list[tuple[str, str]] = field(default_factory=list)  # Authorization, the name in the certificate


@contextmanager
def wanting(folder: Path, trusted: Path) -> Iterator[Door]:
    folder.mkdir()
    ca_file, server_file, _ = certificates.make(folder, "good", ADDRESS)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(server_file)
    context.load_verify_locations(trusted)
    context.verify_mode = ssl.CERT_REQUIRED

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_POST(self) -> None:
            certificate = x509.load_der_x509_certificate(self.connection.getpeercert(binary_form=True))
            (name,) = certificate.subject.get_attributes_for_oid(NameOID.COMMON_NAME)
            door.seen.append((self.headers["Authorization"], str(name.value)))
            self.rfile.read(int(self.headers["Content-Length"]))
            self.send_response(403)
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, *_: object) -> None:
            return

    with HTTPServer((ADDRESS, 0), Handler) as server:
        server.socket = context.wrap_socket(server.socket, server_side=True)
        server.handle_error = lambda *_: None  # type: ignore[method-assign]  # a refused handshake is no news
        door = Door(server.server_address[1], ca_file)
        thread = threading.Thread(target=server.serve_forever, args=(0.05,))
        thread.start()
        try:
            yield door
        finally:
            server.shutdown()
            thread.join()


def refusal(door: Door, credential: Credential) -> TransportError:
    asked = Endpoint("pc", "c", ADDRESS, transport="winrm", port=door.port, credential=credential)
    winrm = WinrmTransport(
        secret_of, lambda to: Way(to.address, to.port or 0, True, Authentication.CERTIFICATE, str(door.ca_file))
    )
    with closing(winrm), pytest.raises(TransportError) as caught:
        winrm.ask(asked, BUNDLE, DEADLINE_S)
    return caught.value


@pytest.mark.parametrize("passphrase", ["", PASSPHRASE])
def test_the_certificate_is_shown_and_no_password_goes_along(passphrase: str, tmp_path: Path) -> None:
    shown, kept = our_certificate(tmp_path, passphrase)
    secret = SecretRef("env", passphrase) if passphrase else None
    with wanting(tmp_path / "server", shown) as door:
        error = refusal(door, Credential("w", "c", key_file=str(kept), certificate_file=str(shown), passphrase=secret))
    assert error.kind is FailureKind.AUTH_FAILED
    assert "did not accept our certificate" in error.message
    assert door.seen == [("http://schemas.dmtf.org/wbem/wsman/1/wsman/secprofile/https/mutual", "audit")]


def test_a_certificate_that_cannot_be_used_is_told_before_anything_is_sent(tmp_path: Path) -> None:
    shown, kept = our_certificate(tmp_path, PASSPHRASE)
    wrong = SecretRef("env", "other words")
    cases = (
        (Credential("w", "c", key_file=str(kept), certificate_file=str(shown), passphrase=wrong), "locked"),
        (Credential("w", "c", key_file=str(kept), certificate_file=str(shown)), "locked"),
        (Credential("w", "c", key_file=str(tmp_path / "absent"), certificate_file=str(shown)), "there is no file"),
        (Credential("w", "c", key_file=str(shown), certificate_file=str(shown)), "no PEM"),
        (Credential("w", "c"), "There is no key file"),
    )
    with wanting(tmp_path / "server", shown) as door:
        for credential, words in cases:
            error = refusal(door, credential)
            assert error.kind is FailureKind.AUTH_FAILED
            assert words in error.message
        assert door.seen == []


def test_a_passphrase_that_cannot_be_found_is_named() -> None:
    def nothing(reference: SecretRef, endpoint: Endpoint) -> str:
        raise CredentialError(f"{reference} holds nothing")

    credential = Credential("w", "c", key_file="our.key", passphrase=SecretRef("env", "NAME"))
    winrm = WinrmTransport(nothing, lambda to: Way(to.address, 1, True, Authentication.CERTIFICATE))
    with closing(winrm), pytest.raises(TransportError, match="env:NAME holds nothing"):
        winrm.ask(Endpoint("pc", "c", ADDRESS, transport="winrm", credential=credential), BUNDLE, DEADLINE_S)
