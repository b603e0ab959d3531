"""What the tests of Kerberos share: how a machine called localhost is asked with a ticket."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest

from scorecard.bundle_windows import WindowsBundle
from scorecard.errors import TransportError
from scorecard.model import Authentication, Credential, Endpoint, SecretRef
from scorecard.transports.base import Answer
from tests.integration.winrm_kit import BUNDLE, DEADLINE_S, PART, QUESTION, endpoint, transport
from tests.rig.wsman.kerberos import PASSWORD
from tests.rig.wsman.server import Wsman

HOME = "127.0.0.1"
KERBEROS = Authentication.KERBEROS
MakeServer = Callable[..., Wsman]


def at(server: Wsman, user: str | None = None, password: str | None = None, address: str = "localhost") -> Endpoint:
    secret = SecretRef("env", password) if password else None
    return replace(endpoint(server), address=address, credential=Credential("windows", "c", user, secret))


def ask(
    server: Wsman, asked: Endpoint | None = None, bundle: WindowsBundle = BUNDLE, deadline_s: float = DEADLINE_S
) -> Answer:
    with transport(server, KERBEROS) as winrm:
        return winrm.ask(asked or at(server), bundle, deadline_s)


def failure(
    server: Wsman, asked: Endpoint | None = None, bundle: WindowsBundle = BUNDLE, deadline_s: float = DEADLINE_S
) -> TransportError:
    """One plain sentence and what to do, without a secret in either."""
    with pytest.raises(TransportError) as caught:
        ask(server, asked, bundle, deadline_s)
    for said in (caught.value.message, caught.value.next_step):
        assert said
        assert "\n" not in said
        assert PASSWORD not in said
    return caught.value


def many_questions() -> WindowsBundle:
    """So many that they are sent in several pieces."""
    parts = [f"test.n{number}" for number in range(900)]
    return WindowsBundle(tuple(replace(QUESTION, part=part, text=QUESTION.text.replace(PART, part)) for part in parts))
