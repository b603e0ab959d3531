"""Redaction: nothing that is or looks like a secret stays; settings and JSON stay readable; hostile text costs no time."""

from __future__ import annotations

import base64
import html
import json
import random
import shlex
import time
from urllib.parse import quote, quote_plus

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scorecard.redaction import REDACTED, Redactor, redact_shapes

SECRET = 'Pä$$/w+rd & "x"\'\\'
BITLOCKER = "-".join(["123456"] * 8)
FILEVAULT = "ABCD-1234-EF56-GH78-IJ90-KLMN"
PEM = "-----BEGIN OPENSSH PRIVATE KEY-----\nb3BlbnNzaC1rZXk\n-----END OPENSSH PRIVATE KEY-----"
JWT = "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxMjM0In0.c2lnbmF0dXJl"


def as_windows(text: str) -> str:
    """JSON as ConvertTo-Json of Windows PowerShell 5.1 writes it: four more signs are escaped."""
    for sign in "'<>&":
        text = text.replace(sign, f"\\u{ord(sign):04x}")
    return text


def learned(*secrets: str) -> Redactor:
    redactor = Redactor()
    for secret in secrets:
        redactor.learn(secret)
    return redactor


@pytest.mark.parametrize(
    "form",
    [
        SECRET,
        quote(SECRET, safe=""),
        quote(SECRET, safe="").lower(),
        quote(SECRET),
        quote_plus(SECRET),
        json.dumps(SECRET)[1:-1],
        json.dumps(SECRET, ensure_ascii=False)[1:-1],
        as_windows(json.dumps(SECRET)[1:-1]),
        html.escape(SECRET),
        html.escape(SECRET, quote=False),
        shlex.quote(SECRET),
    ],
)
def test_a_known_secret_goes_in_every_encoding(form: str) -> None:
    assert learned(SECRET).redact(f"<{form}>") == f"<{REDACTED}>"


@pytest.mark.parametrize("before", ["", "u", "us", "user:"])
@pytest.mark.parametrize("encoding", ["utf-8", "utf-16-le"])
@pytest.mark.parametrize("urlsafe", [False, True])
def test_a_known_secret_goes_from_base64_at_every_offset(before: str, encoding: str, urlsafe: bool) -> None:
    raw = f"{before}{SECRET} and more".encode(encoding)
    text = (base64.urlsafe_b64encode if urlsafe else base64.b64encode)(raw).decode("ascii")
    redacted = learned(SECRET).redact(text)
    assert REDACTED in redacted
    # What is left are the neighbours' characters and at most those that the secret shares with them.
    left = redacted.split(REDACTED)
    assert len(left[0]) <= len(base64.b64encode(before.encode(encoding))) + 1
    assert text.endswith(left[1])


def test_longer_secrets_go_before_shorter_ones() -> None:
    assert learned("abcd", "abcdefgh").redact("abcdefgh abcd") == f"{REDACTED} {REDACTED}"


def test_short_secrets_are_not_looked_for() -> None:
    assert learned("abc", "").redact("abc in abcdef") == "abc in abcdef"


def test_each_longer_line_of_a_secret_is_known() -> None:
    redacted = learned("first-line\nsecond-line\nx").redact("got second-line and first-line, x")
    assert redacted == f"got {REDACTED} and {REDACTED}, x"


def test_many_secrets_are_found_by_the_index_as_well() -> None:
    redactor = learned(*(f"machine-{number:04}-pass" for number in range(300)), "abcd-other")
    text = "a machine-0007-pass b machine-0299-pass c machine-0300-pass d abcd-other " + quote("machine-0001-pass")
    expected = f"a {REDACTED} b {REDACTED} c machine-0300-pass d {REDACTED} {REDACTED}"
    assert redactor.redact(text) == expected


@given(st.text(min_size=4, max_size=20), st.text(max_size=20), st.text(max_size=20))
def test_no_known_secret_survives(secret: str, before: str, after: str) -> None:
    few = learned(secret)
    many = learned(secret, *(f"{number:08}-filler" for number in range(100)))
    for redactor in (few, many):
        assert all(secret not in left for left in redactor.redact(before + secret + after).split(REDACTED))


GONE = {
    BITLOCKER: REDACTED,
    f"id 1\n    {BITLOCKER}\n": f"id 1\n    {REDACTED}\n",
    BITLOCKER.replace("-", ""): REDACTED,
    BITLOCKER.replace("-", " "): REDACTED,
    f"key = '{FILEVAULT}'.": f"key = '{REDACTED}'.",
    f"a {PEM} b": f"a {REDACTED} b",
    f"a {PEM[:-10]}": f"a {REDACTED}",
    "-----BEGIN RSA PRIVATE KEY-----": REDACTED,
    "-----BEGIN PGP PRIVATE KEY BLOCK-----\nx\n-----END PGP PRIVATE KEY BLOCK-----\n": f"{REDACTED}\n",
    json.dumps({"key": PEM, "b": 1}): json.dumps({"key": REDACTED, "b": 1}),
    "password=hunter2 next": f"password={REDACTED} next",
    "Password = hunter2": f"Password = {REDACTED}",
    "PASSWORD: hunter2": f"PASSWORD: {REDACTED}",
    "DB_PASSWORD='two words' x": f"DB_PASSWORD='{REDACTED}' x",
    'passwd="two \\" words" x': f'passwd="{REDACTED}" x',
    "pwd=hunter2;Server=db": f"pwd={REDACTED}",
    "api_key=abc apikey=abc api-key=abc": f"api_key={REDACTED} apikey={REDACTED} api-key={REDACTED}",
    "AWS_SECRET_ACCESS_KEY=abc/def": f"AWS_SECRET_ACCESS_KEY={REDACTED}",
    "client_secret=abc&token=def": f"client_secret={REDACTED}",
    "--password hunter2 --user x": f"--password {REDACTED} --user x",
    "\u0130 password=hunter2": f"\u0130 password={REDACTED}",
    "Authorization: Bearer abcdefghijklmnop.-_~+/=": f"Authorization: Bearer {REDACTED}",
    "authorization: Basic dXNlcjpwYXNzd29yZA==": f"authorization: Basic {REDACTED}",
    f"x {JWT} y": f"x {REDACTED} y",
    "deb https://user:hunter2@repo.example/ bookworm": f"deb https://user:{REDACTED}@repo.example/ bookworm",
    r"x.exe --db-password=\u0027two words\u0027 -v": rf"x.exe --db-password=\u0027{REDACTED}\u0027 -v",
    r"\u0027password\u0027: \u0027hunt\u00e9r\u0027, 1": rf"\u0027password\u0027: \u0027{REDACTED}\u0027, 1",
    r"password=Schl\u00fcssel\u0026more next": f"password={REDACTED} next",
    r'"text":"password=hunter2\u003cend"': rf'"text":"password={REDACTED}\u003cend"',
    'password="never closed': f'password="{REDACTED}',
}


@pytest.mark.parametrize("text", GONE)
def test_what_looks_like_a_secret_goes(text: str) -> None:
    assert redact_shapes(text) == GONE[text]
    assert redact_shapes(GONE[text]) == GONE[text]


@pytest.mark.parametrize(
    "text",
    [
        "PasswordAuthentication no",
        "ClearTextPassword = 0",
        "MinimumPasswordLength = 12",
        '{"password": null, "secret": true, "token": "none", "pwd": 0}',
        "passwd:         files systemd sss",
        "PASS_MAX_DAYS 90",
        "password [success=1 default=ignore] pam_unix.so obscure",
        "password\trequisite\tpam_pwquality.so retry=3",
        "Last password change : Nov 01, 2026",
        "libpam-passwdqc 2.0.2-1 install ok installed",
        "passwd 1:4.13+dfsg1-1+b1",
        "PWD=/root",
        "PublicKeyToken=31bf3856ad364e35",
        "UUID 4c4c4544-0042-3510-8053-b7c04f4a4e32",
        "XXXXX-XXXXX-XXXXX-XXXXX-XXXXX",
        "1234567-123456-123456-123456-123456-123456-123456-1234567",
        "http://mirror.example:80/debian bookworm main",
        "-----BEGIN CERTIFICATE-----\nMII\n-----END CERTIFICATE-----",
        "basic protection is on",
        "",
    ],
)
def test_settings_stay_readable(text: str) -> None:
    assert redact_shapes(text) == text


@given(
    st.recursive(
        st.none() | st.booleans() | st.integers() | st.text(max_size=12) | st.sampled_from([BITLOCKER, FILEVAULT, PEM]),
        lambda inner: (
            st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(["password", "Secret", "a", "api_key"]), inner)
        ),
        max_leaves=12,
    )
)
def test_json_stays_json(value: object) -> None:
    json.loads(redact_shapes(json.dumps(value)))
    json.loads(redact_shapes(as_windows(json.dumps(value))))
    json.loads(json.loads(redact_shapes(json.dumps(json.dumps(value)))))


@given(st.text(alphabet="passwordtokensecret=:\"'\\-{} \n0AbeyJ./@BEGINu27", max_size=200))
def test_any_text_is_taken(text: str) -> None:
    redact_shapes(text)


HOSTILE = [
    "password=",
    r"password=\u0027",
    r"password=\u00e9",
    r"\u0027",
    'password="',
    "password='\\",
    'password\\\\"',
    '"password":"\\',
    "-----BEGIN PRIVATE KEY-----",
    "eyJ-",
    "eyJaaaaaaaa.",
    "0",
    "123456-",
    "ABCD-",
    "bearer ",
    "://",
    "://a:",
    "A",
    "--password ",
    "\u0130password=",
]


def test_time_grows_with_the_text_and_no_faster() -> None:
    """The order of growth of CPU time, not speed: four times the text must not cost sixteen times as much."""
    rows = [(unit, _seconds(unit, 100_000), _seconds(unit, 400_000)) for unit in HOSTILE]
    for unit, short, long in rows:
        print(f"{unit!r:30} {short * 1000:7.1f} ms {long * 1000:7.1f} ms")
    assert all(long < 1 or long < 12 * short for _, short, long in rows)


def _seconds(unit: str, length: int) -> float:
    text = unit * (length // len(unit))
    times = []
    for _ in range(2):
        started = time.process_time()
        redact_shapes(text)
        times.append(time.process_time() - started)
    return min(times)


def test_random_noise_of_the_alphabet_is_left_alone() -> None:
    letters = random.Random(7)
    text = "".join(letters.choice("abcdefghijklmnoquvxyz \n") for _ in range(50_000))
    assert redact_shapes(text) == text
