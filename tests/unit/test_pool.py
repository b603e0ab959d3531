"""How many processes ask, and to which of them an endpoint goes."""

from __future__ import annotations

import os
import pickle
from types import MappingProxyType

import pytest

from scorecard import pool
from scorecard.model import Credential, Endpoint, SecretRef
from scorecard.redaction import Redactor
from scorecard.secrets import Resolver
from scorecard.transports.accounts import passwords_of


def test_small_fleets_are_asked_by_one_process(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "sched_getaffinity", lambda _pid: set(range(16)), raising=False)
    assert [pool.how_many(count) for count in (0, 1, 499, 500, 650, 10_000)] == [0, 0, 0, 5, 6, pool.MOST]
    monkeypatch.setattr(os, "sched_getaffinity", lambda _pid: {0}, raising=False)
    assert pool.how_many(10_000) == 0


def test_read_only_evidence_crosses_and_stays_read_only() -> None:
    there = pickle.loads(pickle.dumps(MappingProxyType({"a": [1, "ü"]})))
    assert there == {"a": [1, "ü"]}
    assert isinstance(there, MappingProxyType)


def test_what_was_typed_in_is_known_to_the_other_process() -> None:
    asked: list[str] = []

    def ask(question: str) -> str:
        asked.append(question)
        return "typed-in-once"

    prompt = Credential("c", "Acme", user="audit", password=SecretRef("prompt", ""))
    endpoint = Endpoint("a", "Acme", "a", credential=prompt)
    assert prompt.password is not None
    first = Resolver(Redactor(), ask)
    assert first(prompt.password, endpoint) == "typed-in-once"
    redactor = Redactor()
    second = Resolver(redactor, ask, known=pickle.loads(pickle.dumps(first.known())))
    assert second(prompt.password, endpoint) == "typed-in-once"
    assert len(asked) == 1
    assert redactor("it is typed-in-once") == "it is [redacted]"


def test_passwords_that_endpoints_share() -> None:
    shared = Credential("c", "Acme", user="audit", password=SecretRef("env", "P"))
    own = Credential("d", "Acme", user="audit", password=SecretRef("command", ("laps", "{name}")))
    keyed = Credential("e", "Acme", user="audit", key_file="key")
    assert passwords_of(Endpoint("a", "Acme", "a", credential=shared)) == passwords_of(
        Endpoint("b", "Acme", "b", credential=shared)
    )
    for credential in (own, keyed, None):
        assert passwords_of(Endpoint("a", "Acme", "a", credential=credential)) == frozenset()
    both = Credential("f", "Acme", user="audit", key_file="key", password=SecretRef("env", "P"))
    assert len(passwords_of(Endpoint("a", "Acme", "a", credential=both))) == 1
    assert passwords_of(Endpoint("a", "Acme", "a", credential=both), used=True) == frozenset()  # the key may have done
