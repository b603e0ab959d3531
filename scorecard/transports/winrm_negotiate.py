"""What NTLM and Kerberos have in common over HTTP: the login, tokens in `Negotiate`, the binding to TLS."""

from __future__ import annotations

import base64
import binascii
import re
from abc import ABC, abstractmethod
from typing import Any, Generic, TypeVar

import requests
from cryptography import x509
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes
from requests.auth import AuthBase

Context = TypeVar("Context")

_TOKEN = re.compile(r"(?:Negotiate|Kerberos|NTLM) +([A-Za-z0-9+/=]+)", re.IGNORECASE)
_HEADER_BYTES = 64 * 1024


def say(request: requests.PreparedRequest, token: bytes | None) -> None:
    request.headers["Authorization"] = f"Negotiate {base64.b64encode(token or b'').decode()}"


def again(response: requests.Response) -> requests.PreparedRequest:
    """The request of an answer, to be sent once more over the same connection."""
    _ = response.content  # read to its end, so that the connection can be used again
    response.raw.release_conn()
    return response.request.copy()


def send(response: requests.Response, request: requests.PreparedRequest, settings: dict[str, Any]) -> requests.Response:
    answer = response.connection.send(request, **settings)
    answer.history.append(response)
    return answer


def token_in(response: requests.Response) -> bytes | None:
    match = _TOKEN.search(response.headers.get("WWW-Authenticate", "")[:_HEADER_BYTES])
    try:
        return base64.b64decode(match[1], validate=True) if match else None
    except binascii.Error:
        return None


class NegotiateLogin(AuthBase, ABC, Generic[Context]):
    """Logs in with the first request, unasked, and sees what is answered to each. Tried once a connection.

    `_context`: what the login was begun with; none before. `_logged_in_on`: the number of the connection.
    """

    def __init__(self) -> None:
        self._context: Context | None = None
        self._logged_in_on = 0

    def __call__(self, request: requests.PreparedRequest) -> requests.PreparedRequest:
        request.headers["Connection"] = "Keep-Alive"
        if self._context is None:
            self._begin(request)
        request.register_hook("response", self._answered)
        return request

    @abstractmethod
    def _begin(self, request: requests.PreparedRequest) -> None:
        """Make a new context, and let the request say its first token."""

    @abstractmethod
    def _answered(self, response: requests.Response, **settings: Any) -> requests.Response: ...

    def _begin_again(self, response: requests.Response, settings: dict[str, Any]) -> requests.Response:
        """There is another connection since: each has a login of its own."""
        request = again(response)
        self._begin(request)
        return send(response, request, settings)


def binding_to(certificate: bytes) -> bytes:
    """The channel binding to a server's certificate (DER).

    RFC 5929, section 4.1: by the hash that the certificate is signed with, but SHA-256 for MD5 and SHA-1.
    """
    try:
        signed_with = x509.load_der_x509_certificate(certificate).signature_hash_algorithm
    except (ValueError, UnsupportedAlgorithm):
        signed_with = None
    weak = signed_with is None or signed_with.name in ("md5", "sha1")
    digest = hashes.Hash(hashes.SHA256() if weak or signed_with is None else signed_with)
    digest.update(certificate)
    return b"tls-server-end-point:" + digest.finalize()
