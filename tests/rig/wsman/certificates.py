"""What a server that wants TLS shows: a certificate of an authority, both made anew, or one that vouches for itself."""

from __future__ import annotations

import ipaddress
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Literal

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

Kind = Literal["good", "expired", "wrong-name", "self-signed"]
WRONG_NAME = "other.example"
_AUTHORITY = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "Rig authority")])


def make(folder: Path, kind: Kind, address: str) -> tuple[Path, Path, bytes]:
    """The files of what a client may trust and of the server (certificate and key in one), and its certificate as DER.

    What may be trusted is the authority's certificate, and of a self-signed one that certificate itself.
    """
    server_key = ec.generate_private_key(ec.SECP256R1())
    if kind == "self-signed":
        certificate = trusted = _self_signed(server_key, address)
    else:
        authority_key = ec.generate_private_key(ec.SECP256R1())
        trusted = _authority(authority_key)
        certificate = _issued(server_key, authority_key, kind, address)
    trusted_file, server_file = folder / "authority.pem", folder / "server.pem"
    pem = serialization.Encoding.PEM
    trusted_file.write_bytes(trusted.public_bytes(pem))
    server_file.touch(mode=0o600)
    server_file.write_bytes(
        server_key.private_bytes(pem, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
        + certificate.public_bytes(pem)
    )
    return trusted_file, server_file, certificate.public_bytes(serialization.Encoding.DER)


def _authority(key: ec.EllipticCurvePrivateKey) -> x509.Certificate:
    now = datetime.now(UTC)
    return (
        _builder(_AUTHORITY, _AUTHORITY, key.public_key(), now - timedelta(days=800), now + timedelta(days=800))
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .add_extension(_usage(signs_certificates=True), critical=True)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
        .sign(key, hashes.SHA256())
    )


def _issued(
    key: ec.EllipticCurvePrivateKey, authority_key: ec.EllipticCurvePrivateKey, kind: Kind, address: str
) -> x509.Certificate:
    now = datetime.now(UTC)
    name = WRONG_NAME if kind == "wrong-name" else address
    ends = now - timedelta(days=3) if kind == "expired" else now + timedelta(days=300)
    return (
        _builder(_named(name), _AUTHORITY, key.public_key(), now - timedelta(days=400), ends)
        .add_extension(_alternative(name), critical=False)
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .add_extension(_usage(signs_certificates=False), critical=True)
        .add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH]), critical=False)
        .add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(authority_key.public_key()), critical=False)
        .sign(authority_key, hashes.SHA256())
    )


def _self_signed(key: ec.EllipticCurvePrivateKey, address: str) -> x509.Certificate:
    """With the extensions that New-SelfSignedCertificate gives: no basic constraints, and no right to sign certificates."""
    now = datetime.now(UTC)
    usages = [ExtendedKeyUsageOID.CLIENT_AUTH, ExtendedKeyUsageOID.SERVER_AUTH]
    return (
        _builder(_named(address), _named(address), key.public_key(), now - timedelta(days=1), now + timedelta(days=365))
        .add_extension(_usage(signs_certificates=False), critical=True)
        .add_extension(x509.ExtendedKeyUsage(usages), critical=False)
        .add_extension(_alternative(address), critical=False)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
        .sign(key, hashes.SHA256())
    )


def _named(name: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])


def _alternative(name: str) -> x509.SubjectAlternativeName:
    try:
        return x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address(name))])
    except ValueError:
        return x509.SubjectAlternativeName([x509.DNSName(name)])


def _builder(
    subject: x509.Name, issuer: x509.Name, key: ec.EllipticCurvePublicKey, starts: datetime, ends: datetime
) -> x509.CertificateBuilder:
    return x509.CertificateBuilder(issuer, subject, key, x509.random_serial_number(), starts, ends)


def _usage(*, signs_certificates: bool) -> x509.KeyUsage:
    return x509.KeyUsage(
        digital_signature=True,
        content_commitment=False,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        key_cert_sign=signs_certificates,
        crl_sign=signs_certificates,
        encipher_only=False,
        decipher_only=False,
    )
