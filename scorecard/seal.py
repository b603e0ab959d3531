"""Hashes over an audit document, so that a change to it is found, and where: of each key, of each endpoint, and of all.

The seal is no signature: whoever changes a document can make a new one. But each audit's seal holds the chain of the audit
before it, so that an old one cannot be changed without all that came after; keep a chain elsewhere, and nobody can.

Hashes are SHA-256 in hexadecimal over canonical JSON: UTF-8, keys sorted, no spaces, nothing escaped that need not be.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping
from typing import Any

KEY = "seal"
_PER_ENDPOINT = frozenset({"endpoints", "findings"})
_OUTSIDE = frozenset({KEY, "observations"})  # raw answers have hashes of their own, which the findings name


class Sealing:
    """Takes a document in as it is written: its endpoints, then its findings, then what else it has."""

    def __init__(self, previous: str | None) -> None:
        self._previous = previous
        self._endpoints: dict[str, Any] = {}
        self.chain = ""  # once sealed

    def endpoint(self, entry: Mapping[str, Any]) -> Mapping[str, Any]:
        self._endpoints[entry["name"]] = hashlib.sha256(canonical(entry))
        return entry

    def finding(self, entry: Mapping[str, Any]) -> Mapping[str, Any]:
        """Of one of the endpoints. Raises KeyError for any other."""
        self._endpoints[entry["endpoint"]].update(b"\n" + canonical(entry))
        return entry

    def seal(self, document: Mapping[str, Any]) -> dict[str, Any]:
        """Once every endpoint and finding is in. `document`: all other keys."""
        keys = {key: _sha256(canonical(value)) for key, value in document.items() if key not in _PER_ENDPOINT | _OUTSIDE}
        endpoints = {name: "sha256:" + hashed.hexdigest() for name, hashed in self._endpoints.items()}
        self.chain = _sha256(canonical([self._previous, keys, list(endpoints.items())]))
        return {"previous": self._previous, "keys": keys, "endpoints": endpoints, "chain": self.chain}


def evidence(digests: Iterable[str]) -> str:
    """One hash over all that an endpoint answered."""
    return _sha256("\n".join(sorted(digests)).encode())


def broken(document: Mapping[str, Any]) -> tuple[str, ...]:
    """What of a document does not fit its seal any more, a line each.

    Raises KeyError or TypeError for what is not a document.
    """
    kept = document[KEY]
    sealing = Sealing(kept["previous"])
    for entry in document["endpoints"]:
        sealing.endpoint(entry)
    for entry in document["findings"]:
        sealing.finding(entry)
    now = sealing.seal(document)
    found = [f"{key}: was changed after the document was sealed" for key in _differing(now["keys"], kept["keys"])]
    found += [
        f"endpoint {name}: its entry, or a finding on it, was changed after the document was sealed"
        for name in _differing(now["endpoints"], kept["endpoints"])
    ]
    if not found and now["chain"] != kept["chain"]:
        found.append("seal: the chain does not fit; the order of endpoints, `previous` or the chain itself was changed")
    return tuple(found)


def _differing(now: Mapping[str, str], kept: Mapping[str, str]) -> list[str]:
    return sorted(name for name in {*now, *kept} if now.get(name) != kept.get(name))


def canonical(value: object) -> bytes:
    text = json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False)
    return text.encode("utf-8", errors="replace")  # as the file is written


def _sha256(data: bytes) -> str:
    return "sha256:" + hashlib.sha256(data).hexdigest()
