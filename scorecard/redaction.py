"""Takes secrets out of text before it is hashed, stored or shown (design section 11).

Two nets: every secret that was resolved in this run, with its usual encodings, and the shapes that secrets have
(recovery passwords, private keys, `password=` and the like). A resolved secret shorter than four characters is not
looked for: it would be found everywhere and make answers unreadable, which would hide more than it protects.

Redaction runs before answers are parsed, so it must leave settings readable: `PasswordAuthentication no`,
`ClearTextPassword = 0` and `"password": null` stay. In an answer of Windows an apostrophe is `\\u0027`. All patterns take
time linear in the text.
"""

from __future__ import annotations

import base64
import html
import json
import re
import shlex
import threading
from collections.abc import Iterator
from urllib.parse import quote, quote_plus

REDACTED = "[redacted]"
MIN_LENGTH = 4
_FEW = 64  # up to so many forms, looking for each is the faster way
_MAX_KEY_CHARS = 16 * 1024

# Eight groups of six digits: a BitLocker recovery password (windows.md 1).
_BITLOCKER = re.compile(r"[0-9]{6}(?:[- ]?[0-9]{6}){7}(?![0-9])")
# Six groups of four: a FileVault personal recovery key (macos.md 1).
_FILEVAULT = re.compile(r"[0-9A-Z]{4}(?:-[0-9A-Z]{4}){5}(?![0-9A-Z-])")
_KEY_BEGIN = re.compile(r"-----BEGIN [A-Z0-9 ]{0,40}PRIVATE KEY(?: BLOCK)?-----")
_KEY_END = re.compile(r"-----END [A-Z0-9 ]{0,40}PRIVATE KEY(?: BLOCK)?-----")
_BEARER = re.compile(r"\b((?:[Bb]earer|BEARER|[Bb]asic)[ \t]{1,8})[A-Za-z0-9._~+/=-]{12,}")
_JWT = re.compile(r"\beyJ[\w-]{8,512}\.[\w-]{8,4096}\.[\w-]{0,4096}")
_URL_USER = re.compile(r"(://[^\s/:@\"']{0,64}:)[^\s/@\"']{1,256}(?=@)")

# Every name below starts with one of these. Looked for first, because plain searching is ten times as fast as the
# pattern that decides.
_STARTS = ("pass", "pwd", "secret", "token", "api", "access")
_HARMLESS = r"""(?!(?:["'\\]{0,5}|\\u0027)(?:yes|no|true|false|null|none|on|off|[0-9]{1,2}|\*+)(?:["'\\\s,;}\]]|$))"""
_ASSIGNMENT = re.compile(
    r"""
    (?P<head>
        (?: (?P<pass>password|passphrase) | passwd | pwd(?!=/) | secret | (?<!publickey)token | (?:api|access)[_-]?key )
        (?: [ \t]{0,8} = [ \t]{0,8}                         # password=…
          | (?P<quote>\\{0,4}["']|\\u0027) [ \t]{0,8} [:=] [ \t]{0,8}   # "password": …
          | (?(pass) : [ \t]{0,8} | (?!) )                  # password: …   (passwd: is a line of nsswitch.conf)
        )
    )
    """
    + _HARMLESS
    + r"""
    (?: (?P<escaped>\\{1,4}["']|\\u0027) (?: [^"'\\\r\n] | \\u(?!0027)[0-9a-f]{4} )+
      | (?P<double>") (?: [^"\\\r\n] | \\[^\r\n] )+
      | (?P<single>') [^'\r\n]+
      | (?: (?(quote) [^\s"'\\<>,{}\[\]] | [^\s"'\\<>] ) | \\u(?!0027|003[ce])[0-9a-f]{4} )+
    )
    """,
    re.IGNORECASE | re.VERBOSE,
)
_OPTION = re.compile(r"(--(?:password|passwd|passphrase|secret|token)[ \t]{1,8})(?!-)[^\s\"']+")


# Every digit becomes 0 (and every capital A, or 0 as well): then the shape of a key can be searched for plainly.
_RUN = b"0" * 24
_DIGITS = bytes(ord("0") if chr(code).isdigit() and code < 128 else code for code in range(256))
_CAPITALS = bytes(ord("0") if code < 128 and (chr(code).isdigit() or chr(code).isupper()) else code for code in range(256))


def redact_shapes(text: str) -> str:
    """Replace whatever has the shape of a secret, known or not."""
    if "-----BEGIN " in text:
        text = _without_keys(text)
    coarse = text.encode("ascii", "replace")
    digits = coarse.translate(_DIGITS)
    if b"000000-000000-" in digits or b"000000 000000 " in digits or _RUN in digits:
        text = _BITLOCKER.sub(REDACTED, text)
    if b"0000-0000-0000-" in coarse.translate(_CAPITALS):
        text = _FILEVAULT.sub(REDACTED, text)
    text = _without_assigned(text)
    if "--" in text:
        text = _OPTION.sub(rf"\1{REDACTED}", text)
    if "earer" in text or "asic" in text or "BEARER" in text:
        text = _BEARER.sub(rf"\1{REDACTED}", text)
    if "eyJ" in text:
        text = _JWT.sub(REDACTED, text)
    if "://" in text:
        text = _URL_USER.sub(rf"\1{REDACTED}", text)
    return text


def _without_assigned(text: str) -> str:
    """Cut the values of `password=` and the like; keys and quotes stay, so that JSON stays JSON."""
    lower = text.lower()
    if len(lower) != len(text):  # one capital grows by a mark when it is made small
        lower = text.replace("\u0130", "i").lower()
    starts = sorted(index for word in _STARTS if word in lower for index in _occurrences(lower, word))
    if not starts:
        return text
    kept: list[str] = []
    position = 0
    for start in starts:
        if start >= position and (match := _ASSIGNMENT.match(text, start)):
            opening = match["escaped"] or match["double"] or match["single"]
            bare = (match["quote"] or "") if opening is None else ""
            kept += (text[position:start], match["head"], opening or bare, REDACTED, bare)
            position = match.end()
    return "".join((*kept, text[position:]))


def _occurrences(text: str, word: str) -> Iterator[int]:
    index = text.find(word)
    while index >= 0:
        yield index
        index = text.find(word, index + len(word))


def _without_keys(text: str) -> str:
    """Cut private keys out, from BEGIN to END, or as far as a key can reach where the end is missing."""
    kept: list[str] = []
    position = 0
    while begin := _KEY_BEGIN.search(text, position):
        kept += (text[position : begin.start()], REDACTED)
        reach = begin.end() + _MAX_KEY_CHARS
        end = _KEY_END.search(text, begin.end(), reach)
        position = end.end() if end else min(reach, len(text))
    return "".join((*kept, text[position:]))


# What ConvertTo-Json writes as an escape beyond those of JSON (Windows PowerShell 5.1; 0x7f by our prelude).
AS_WINDOWS = {ord(sign): f"\\u{ord(sign):04x}" for sign in "'<>&\x7f"}


def _forms(secret: str) -> Iterator[str]:
    """The secret, its longer lines, and how they look when quoted for a URL, JSON, XML, a shell, or in Base64."""
    pieces = {secret, *(line for line in secret.splitlines() if len(line) >= 2 * MIN_LENGTH)}
    for piece in pieces:
        if len(piece) < MIN_LENGTH:
            continue
        raw = piece.encode("utf-8", "surrogatepass")
        percent = quote(raw, safe="")
        yield from (piece, percent, percent.lower(), quote(raw), quote_plus(raw))
        escaped = json.dumps(piece)[1:-1]
        yield from (escaped, escaped.translate(AS_WINDOWS), json.dumps(piece, ensure_ascii=False)[1:-1])
        yield from (html.escape(piece), html.escape(piece, quote=False), shlex.quote(piece))
        for encoded in (raw, piece.encode("utf-16-le", "surrogatepass")):
            for shift in range(3):
                yield from _base64_core(encoded, shift)


def _base64_core(raw: bytes, shift: int) -> Iterator[str]:
    """The Base64 characters that depend on `raw` alone when `shift` bytes stand before it in its group of three."""
    encoded = base64.b64encode(b"\0" * shift + raw).decode("ascii")
    first = -(-shift * 8 // 6)
    core = encoded[first : (shift + len(raw)) * 8 // 6]
    if len(core) >= 2 * MIN_LENGTH:
        yield from {core, core.translate(str.maketrans("+/", "-_"))}


class Redactor:
    """Knows the secrets of this run. Safe to share between threads."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._secrets: set[str] = set()
        self._forms: tuple[str, ...] = ()  # longest first
        self._by_start: dict[str, tuple[str, ...]] = {}

    def learn(self, secret: str) -> None:
        """From now on `secret` and its usual encodings are taken out of every text."""
        with self._lock:
            if secret in self._secrets:
                return
            self._secrets.add(secret)
            added = set(_forms(secret)).difference(self._forms)
            self._forms = tuple(sorted((*self._forms, *added), key=len, reverse=True))
            by_start = dict(self._by_start) if len(self._forms) <= _FEW else self._by_start
            for form in added:
                by_start[form[:MIN_LENGTH]] = (*by_start.get(form[:MIN_LENGTH], ()), form)
            self._by_start = by_start

    def __call__(self, text: str) -> str:
        return self.redact(text)

    def redact(self, text: str) -> str:
        """The text with every known secret and everything of a secret's shape replaced by `[redacted]`."""
        if not text:
            return text
        for form in self._present(text):
            text = text.replace(form, REDACTED)
        return redact_shapes(text)

    def _present(self, text: str) -> list[str]:
        """Known forms that occur in the text, longest first."""
        if len(self._forms) <= _FEW:
            return [form for form in self._forms if form in text]
        by_start = self._by_start
        starts = {text[index : index + MIN_LENGTH] for index in range(len(text) - MIN_LENGTH + 1)}
        found = [form for start in starts if start in by_start for form in by_start[start] if form in text]
        return sorted(found, key=len, reverse=True)
