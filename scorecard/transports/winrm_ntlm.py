"""NTLM as WinRM wants it: raw tokens in `Negotiate`, bound to the connection.

requests-ntlm first sends a request only to be refused; Windows takes the first token unasked, which saves a round trip at
every endpoint. The login is tried once for each connection, never again after a refusal.
"""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Callable
from typing import Any

import requests
import spnego
from cryptography import x509
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes
from requests.auth import AuthBase
from requests_ntlm.requests_ntlm import ShimSessionSecurity
from spnego.channel_bindings import GssChannelBindings

_TOKEN = re.compile(r"(?:Negotiate|NTLM) +([A-Za-z0-9+/=]+)", re.IGNORECASE)
_HEADER_BYTES = 64 * 1024


class NtlmLogin(AuthBase):
    """`certificate` gives what the server showed over TLS, for the channel binding; `connection` counts connections."""

    def __init__(
        self, user: str, password: str, host: str, certificate: Callable[[], bytes | None], connection: Callable[[], int]
    ) -> None:
        self._user, self._password, self._host = user, password, host
        self._certificate = certificate
        self._connection = connection
        self._context: spnego.ContextProxy | None = None
        self._logged_in_on = 0
        self.session_security: ShimSessionSecurity | None = None  # what pywinrm seals messages with

    def __call__(self, request: requests.PreparedRequest) -> requests.PreparedRequest:
        request.headers["Connection"] = "Keep-Alive"
        if self._context is None:
            self._begin(request)
        request.register_hook("response", self._answered)
        return request

    def _begin(self, request: requests.PreparedRequest) -> None:
        self._context = spnego.client(
            self._user,
            self._password,
            hostname=self._host,
            service="http",
            protocol="ntlm",
            options=spnego.NegotiateOptions.use_ntlm,
        )
        self._say(request, self._context.step())

    def _answered(self, response: requests.Response, **settings: Any) -> requests.Response:
        if response.status_code != requests.codes.unauthorized:
            return response
        if self._logged_in_on == self._connection():
            return response  # it was logged in, or was refused: not tried again
        if self._logged_in_on:  # another connection since: each has a login of its own
            request = self._again(response)
            self._begin(request)
            response = self._send(response, request, settings)
        token = _challenge(response)
        if token is None or self._context is None:
            return response
        self._logged_in_on = self._connection()
        request = self._again(response)
        self._say(request, self._context.step(token, channel_bindings=self._bindings()))
        answer = self._send(response, request, settings)
        if answer.status_code != requests.codes.unauthorized:
            self.session_security = ShimSessionSecurity(self._context)
        return answer

    @staticmethod
    def _say(request: requests.PreparedRequest, token: bytes | None) -> None:
        request.headers["Authorization"] = f"Negotiate {base64.b64encode(token or b'').decode()}"

    @staticmethod
    def _again(response: requests.Response) -> requests.PreparedRequest:
        _ = response.content  # read to its end, so that the connection can be used again
        response.raw.release_conn()
        return response.request.copy()

    @staticmethod
    def _send(
        response: requests.Response, request: requests.PreparedRequest, settings: dict[str, Any]
    ) -> requests.Response:
        answer = response.connection.send(request, **settings)
        answer.history.append(response)
        return answer

    def _bindings(self) -> GssChannelBindings | None:
        certificate = self._certificate()
        if certificate is None:
            return None
        return GssChannelBindings(application_data=b"tls-server-end-point:" + _fingerprint(certificate))


def _fingerprint(certificate: bytes) -> bytes:
    """RFC 5929, section 4.1: by the hash that the certificate is signed with, but SHA-256 for MD5 and SHA-1."""
    try:
        signed_with = x509.load_der_x509_certificate(certificate).signature_hash_algorithm
    except (ValueError, UnsupportedAlgorithm):
        signed_with = None
    weak = signed_with is None or signed_with.name in ("md5", "sha1")
    digest = hashes.Hash(hashes.SHA256() if weak or signed_with is None else signed_with)
    digest.update(certificate)
    return digest.finalize()


def _challenge(response: requests.Response) -> bytes | None:
    match = _TOKEN.search(response.headers.get("WWW-Authenticate", "")[:_HEADER_BYTES])
    try:
        return base64.b64decode(match[1], validate=True) if match else None
    except binascii.Error:
        return None
