"""NTLM as WinRM wants it: raw tokens in `Negotiate`, bound to the connection.

requests-ntlm first sends a request only to be refused; Windows takes the first token unasked, which saves a round trip at
every endpoint. The login is tried once for each connection, never again after a refusal.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import requests
import spnego
from requests_ntlm.requests_ntlm import ShimSessionSecurity
from spnego._ntlm_raw.crypto import ntowfv1
from spnego.channel_bindings import GssChannelBindings

from scorecard.transports.winrm_negotiate import NegotiateLogin, again, binding_to, say, send, token_in


class NtlmLogin(NegotiateLogin[spnego.ContextProxy]):
    """`certificate` gives what the server showed over TLS, for the channel binding; `connection` counts connections."""

    def __init__(
        self, user: str, password: str, host: str, certificate: Callable[[], bytes | None], connection: Callable[[], int]
    ) -> None:
        super().__init__()
        self._user, self._password, self._host = user, password, host
        self._certificate = certificate
        self._connection = connection
        self.session_security: ShimSessionSecurity | None = None  # what pywinrm seals messages with

    def _begin(self, request: requests.PreparedRequest) -> None:
        self._context = spnego.client(
            # Given the password, pyspnego makes a LAN Manager hash as well: two milliseconds for what NTLMv2 never uses.
            spnego.NTLMHash(self._user, nt_hash=ntowfv1(self._password).hex()),
            hostname=self._host,
            service="http",
            protocol="ntlm",
            options=spnego.NegotiateOptions.use_ntlm,
        )
        say(request, self._context.step())

    def _answered(self, response: requests.Response, **settings: Any) -> requests.Response:
        if response.status_code != requests.codes.unauthorized:
            return response
        if self._logged_in_on == self._connection():
            return response  # it was logged in, or was refused: not tried again
        if self._logged_in_on:
            response = self._begin_again(response, settings)
        token = token_in(response)
        if token is None or self._context is None:
            return response
        self._logged_in_on = self._connection()
        request = again(response)
        say(request, self._context.step(token, channel_bindings=self._bindings()))
        answer = send(response, request, settings)
        if answer.status_code != requests.codes.unauthorized:
            self.session_security = ShimSessionSecurity(self._context)
        return answer

    def _bindings(self) -> GssChannelBindings | None:
        certificate = self._certificate()
        if certificate is None:
            return None
        return GssChannelBindings(application_data=binding_to(certificate))
