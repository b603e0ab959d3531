"""Whose certificates are trusted, and in plain words why one is not.

Trust comes from the inventory's file, which may hold issuers or machines' own certificates, else from this computer's
own store, else from certifi's list; never from variables of the environment (winrm.md section 3, trap 7).
"""

from __future__ import annotations

import socket
import ssl
import sys
from datetime import UTC, datetime
from pathlib import Path

import certifi
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.x509.oid import NameOID

from scorecard.errors import CredentialError, FailureKind, TransportError
from scorecard.model import Endpoint
from scorecard.reading import clean
from scorecard.transports.base import Secrets
from scorecard.transports.winrm_way import Way

_NOT_YET, _EXPIRED = 9, 10
_OTHER_NAME = (62, 64)  # a host name, an IP address


def client_context(ca_file: str) -> ssl.SSLContext:
    """Verifies certificate, dates and name. Raises TransportError when the file holds no certificate."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    if not ca_file:
        _trust_this_computer(context)
        return context
    try:
        context.load_verify_locations(cafile=ca_file)
    except OSError as error:
        said = "it holds no certificate" if isinstance(error, ssl.SSLError) else error.strerror or "it cannot be read"
        raise TransportError(
            FailureKind.CERTIFICATE_INVALID,
            f"The file of trusted certificates {ca_file} cannot be used: {said}",
            "Name a readable PEM file with the certificate of your own certification authority, or of the machine.",
        ) from error
    # A machine's own certificate is trusted as it stands, whoever issued it (RFC 5280 6.1: the file names trust anchors).
    context.verify_flags |= ssl.VERIFY_X509_PARTIAL_CHAIN
    return context


def _trust_this_computer(context: ssl.SSLContext) -> None:
    """As load_default_certs does, but without SSL_CERT_FILE and SSL_CERT_DIR."""
    if sys.platform == "win32":
        for store in ("CA", "ROOT"):
            for certificate, encoding, trust in ssl.enum_certificates(store):
                if encoding == "x509_asn" and (trust is True or ssl.Purpose.SERVER_AUTH.oid in trust):
                    context.load_verify_locations(cadata=certificate)
        return
    paths = ssl.get_default_verify_paths()
    file, folder = Path(paths.openssl_cafile), Path(paths.openssl_capath)
    found = folder.is_dir() and any(folder.iterdir())
    if file.is_file():
        context.load_verify_locations(cafile=str(file))
    if found:
        context.load_verify_locations(capath=str(folder))
    if not found and not file.is_file():
        context.load_verify_locations(cafile=certifi.where())


def unverified_context() -> ssl.SSLContext:
    """For looking at a certificate and for asking "is this WinRM?". Nothing of ours ever goes over it."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    return context


def with_certificate(context: ssl.SSLContext, way: Way, endpoint: Endpoint, secrets: Secrets) -> ssl.SSLContext:
    """The context with our own certificate to show. Raises TransportError when it cannot be used."""
    credential = endpoint.credential
    if credential is None or not credential.key_file:
        return context
    try:
        passphrase = secrets(credential.passphrase, endpoint) if credential.passphrase else ""
        # Without a password OpenSSL would ask on the terminal.
        context.load_cert_chain(
            credential.certificate_file or credential.key_file, credential.key_file, password=lambda: passphrase
        )
    except (OSError, ValueError, CredentialError) as error:
        said = str(error) if isinstance(error, CredentialError) else "it is no PEM certificate with its key, or locked"
        said = f"there is no file {error.filename or credential.key_file}" if isinstance(error, FileNotFoundError) else said
        raise TransportError(
            FailureKind.AUTH_FAILED,
            f"Our certificate for {way.where} cannot be used: {said}",
            "Correct key_file, certificate_file and passphrase of the credential.",
        ) from error
    # Windows asks for the certificate after the handshake, once it has seen which address is meant.
    context.post_handshake_auth = True
    return context


def described(der: bytes) -> str:
    """Whom a certificate is for and until when, one line."""
    try:
        certificate = x509.load_der_x509_certificate(der)
        until = certificate.not_valid_after_utc
    except ValueError:
        return "a certificate that cannot be read"
    return f"for {_names(certificate) or 'no name'}, valid until {until:%Y-%m-%d}"


def fingerprint(certificate: x509.Certificate) -> str:
    """SHA-256, as `openssl x509 -fingerprint -sha256` writes it."""
    return certificate.fingerprint(hashes.SHA256()).hex(":").upper()


def _names(certificate: x509.Certificate) -> str:
    found: list[str] = []
    try:
        names = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
        found += [str(name.value) for name in names if isinstance(name, x509.DNSName | x509.IPAddress)]
    except (ValueError, x509.ExtensionNotFound, x509.DuplicateExtension):
        pass  # without names in the extension, or garbled: the subject has to do
    if not found:
        found = [str(attribute.value) for attribute in certificate.subject.get_attributes_for_oid(NameOID.COMMON_NAME)]
    return ", ".join(clean(name, 80) for name in found[:4])


def not_trusted(error: ssl.SSLCertVerificationError, way: Way, der: bytes | None) -> TransportError:
    """`der`: the certificate that was shown, where it could be looked at."""
    kind = FailureKind.CERTIFICATE_INVALID
    shown = _load(der)
    if error.verify_code == _EXPIRED:
        on = f" on {shown.not_valid_after_utc:%Y-%m-%d}" if shown and shown.not_valid_after_utc < datetime.now(UTC) else ""
        return TransportError(
            kind, f"The certificate of {way.where} expired{on}", "Renew it there, and check this computer's clock."
        )
    if error.verify_code == _NOT_YET:
        return TransportError(
            kind,
            f"The certificate of {way.where} is not valid yet",
            "Check the clock of that machine and of this computer.",
        )
    if error.verify_code in _OTHER_NAME:
        names = (_names(shown) if shown else "") or "another name"
        return TransportError(
            kind,
            f"The certificate of {way.where} is for {names}",
            "Give the name of the certificate as the endpoint's address, or issue one there for this address.",
        )
    own = shown is not None and shown.issuer == shown.subject
    why = "nobody but the machine itself vouches for it" if own else "its issuer is not known here"
    return TransportError(
        kind,
        f"The certificate of {way.where} is not trusted: {why}",
        _trust_it(shown),
    )


def _trust_it(shown: x509.Certificate | None) -> str:
    authority = "Name the certificate of the authority that issued it in ca_file, or issue one there that is trusted here"
    if shown is None:
        return f"{authority}."
    begin = "Put" if shown.issuer == shown.subject else f"{authority}; or put"
    return (
        f"{begin} this very certificate into ca_file of the inventory, once its SHA-256 fingerprint was compared with "
        f"the machine's own (docs/prepare-windows.md): {fingerprint(shown)}"
    )


def _load(der: bytes | None) -> x509.Certificate | None:
    try:
        return x509.load_der_x509_certificate(der) if der else None
    except ValueError:
        return None


def shown_certificate(sock: socket.socket, address: str) -> bytes | None:
    """The certificate that the machine shows to anybody, unverified; None when there is no handshake."""
    try:
        with unverified_context().wrap_socket(sock, server_hostname=address) as tls:
            return tls.getpeercert(binary_form=True)
    except (OSError, ValueError):
        return None
