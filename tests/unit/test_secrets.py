"""Secret references: what is accepted, how each resolves, and that no message ever holds a secret."""

from __future__ import annotations

import os
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import keyring
import keyring.backend
import keyring.errors
import pytest

from scorecard.errors import CredentialError
from scorecard.model import Connection, Credential, Endpoint, Jump, SecretRef
from scorecard.secrets import BadReference, Redactor, Resolver, parse_reference

SECRET = "correct-horse-battery"
ENDPOINT = Endpoint("web 1", "Harbour; rm -rf", "192.0.2.1")
POSIX = pytest.mark.skipif(os.name != "posix", reason="the mode of a file says nothing on Windows")


@pytest.fixture
def redactor() -> Redactor:
    return Redactor()


@pytest.fixture
def resolve(redactor: Redactor) -> Resolver:
    return Resolver(redactor)


def python(code: str, *arguments: str) -> SecretRef:
    return SecretRef("command", (sys.executable, "-c", code, *arguments), "inv.yaml:7")


@pytest.mark.parametrize(
    ("value", "kind", "shown"),
    [
        ("env:PASS", "env", "env:PASS"),
        ("file:~/secret file", "file", "file:~/secret file"),
        ("keyring:https://a/b/user", "keyring", "keyring:https://a/b/user"),
        ("prompt", "prompt", "prompt"),
        (
            {"command": ["pass", "show", "{client}/{name}", "{print $1}"]},
            "command",
            "command:pass show {client}/{name} {print $1}",
        ),
    ],
)
def test_references(value: object, kind: str, shown: str) -> None:
    reference = parse_reference(value)
    assert reference.kind == kind
    assert str(reference) == shown


@pytest.mark.parametrize(
    ("value", "words"),
    [
        (SECRET, "a plain secret stands here"),
        (f"vault:{SECRET}", "a plain secret stands here"),
        (f"ENV:{SECRET}", "a plain secret stands here"),
        (f"prompt:{SECRET}", "a plain secret stands here"),
        (f" env:{SECRET}", "a plain secret stands here"),
        ("", "a plain secret stands here"),
        (12345678, "a plain secret stands here"),
        (True, "a plain secret stands here"),
        ([SECRET], "a plain secret stands here"),
        (None, "is empty"),
        (f"env: {SECRET}", "must be followed at once"),
        ("env:", "must be followed at once"),
        (f"file:{SECRET}\n", "must be followed at once"),
        (f"env:{SECRET}", "expected letters, digits and underscores"),
        (f"keyring:{SECRET}", "expected keyring:SERVICE/USER"),
        (f"keyring:{SECRET}/", "expected keyring:SERVICE/USER"),
        (f"command:{SECRET}", "a command is a list"),
        ({"value": SECRET}, "not a reference"),
        ({"command": ["a"], "x": SECRET}, "not a reference"),
        ({"command": SECRET}, "needs a list of texts"),
        ({"command": []}, "needs a list of texts"),
        ({"command": ["a", 5]}, "needs a list of texts"),
        ({"command": ["a", ""]}, "needs a list of texts"),
        ({"command": ["a", f"{SECRET}\0"]}, "NUL"),
        ({"command": ["{name}"]}, "the program of a command is fixed"),
        ({"command": ["a", SECRET, "{nmae}"]}, "unknown placeholder"),
    ],
)
def test_what_is_no_reference_is_refused_and_not_quoted(value: object, words: str) -> None:
    with pytest.raises(BadReference, match=words) as raised:
        parse_reference(value)
    assert SECRET not in str(raised.value)
    assert "correct" not in str(raised.value)
    assert "12345678" not in str(raised.value)


def test_environment(resolve: Resolver, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SCORECARD_TEST_SECRET", SECRET)
    assert resolve(SecretRef("env", "SCORECARD_TEST_SECRET"), ENDPOINT) == SECRET
    monkeypatch.setenv("SCORECARD_TEST_EMPTY", "")
    with pytest.raises(CredentialError, match=r"^env:SCORECARD_TEST_EMPTY \(inv.yaml:3\): gives an empty secret"):
        resolve(SecretRef("env", "SCORECARD_TEST_EMPTY", "inv.yaml:3"), ENDPOINT)
    with pytest.raises(CredentialError, match=r"^env:SCORECARD_TEST_NONE: this environment variable is not set; set it"):
        resolve(SecretRef("env", "SCORECARD_TEST_NONE"), ENDPOINT)


@pytest.mark.parametrize(
    ("content", "secret"),
    [
        (b"two words\n", "two words"),
        (b"x\n\n", "x\n"),
        (b"line\r\n", "line"),
        (b" kept \t", " kept \t"),
        ("pä$$".encode(), "pä$$"),
    ],
)
def test_file_loses_one_line_break(resolve: Resolver, tmp_path: Path, content: bytes, secret: str) -> None:
    file = tmp_path / "secret"
    file.write_bytes(content)
    file.chmod(0o600)
    assert resolve(SecretRef("file", str(file)), ENDPOINT) == secret


@POSIX
@pytest.mark.parametrize("mode", [0o604, 0o602, 0o644, 0o666])
def test_file_that_everybody_can_reach_is_refused(resolve: Resolver, tmp_path: Path, mode: int) -> None:
    file = tmp_path / "secret"
    file.write_text(SECRET)
    file.chmod(mode)
    with pytest.raises(CredentialError, match=f"every user of this computer can read or write it; run: chmod o-rwx {file}"):
        resolve(SecretRef("file", str(file)), ENDPOINT)


@POSIX
def test_file_for_a_group_is_accepted(resolve: Resolver, tmp_path: Path) -> None:
    file = tmp_path / "secret"
    file.write_text(SECRET)
    file.chmod(0o640)
    assert resolve(SecretRef("file", str(file)), ENDPOINT) == SECRET


@POSIX
def test_files_that_hold_no_secret(resolve: Resolver, tmp_path: Path) -> None:
    def refused(file: Path, words: str) -> None:
        with pytest.raises(CredentialError, match=words) as raised:
            resolve(SecretRef("file", str(file)), ENDPOINT)
        assert str(file) in str(raised.value)
        assert raised.value.__cause__ is None or isinstance(raised.value.__cause__, OSError)

    refused(tmp_path / "none", "cannot be read: No such file")
    refused(tmp_path, "is not a plain file")
    os.mkfifo(tmp_path / "pipe", 0o600)
    refused(tmp_path / "pipe", "is not a plain file")
    for name, content, words in [
        ("big", b"x" * 70_000, "larger than 64 KiB"),
        ("bytes", b"\xff\xfe", "not UTF-8"),
        ("empty", b"\n", "empty"),
    ]:
        file = tmp_path / name
        file.write_bytes(content)
        file.chmod(0o600)
        refused(file, words)


class MemoryKeyring(keyring.backend.KeyringBackend):
    """A real backend of the keyring library that keeps its entries in memory."""

    priority = 1

    def __init__(self) -> None:  # the parent's reads settings from the environment
        self.entries = {("harbour/nas", "audit"): SECRET}

    def get_password(self, service: str, username: str) -> str | None:
        if service == "locked":
            raise keyring.errors.KeyringLocked(SECRET)
        return self.entries.get((service, username))

    def set_password(self, service: str, username: str, password: str) -> None:
        raise keyring.errors.PasswordSetError("read only")


@pytest.fixture
def memory_keyring() -> Iterator[None]:
    before = keyring.get_keyring()
    keyring.set_keyring(MemoryKeyring())
    yield
    keyring.set_keyring(before)


@pytest.mark.usefixtures("memory_keyring")
def test_keyring(resolve: Resolver) -> None:
    assert resolve(SecretRef("keyring", "harbour/nas/audit"), ENDPOINT) == SECRET
    with pytest.raises(CredentialError, match="no such entry; add it with: keyring set harbour other"):
        resolve(SecretRef("keyring", "harbour/other"), ENDPOINT)
    with pytest.raises(CredentialError, match=r"the keyring does not answer \(KeyringLocked\)") as raised:
        resolve(SecretRef("keyring", "locked/x"), ENDPOINT)
    assert SECRET not in str(raised.value)


def test_command_gets_each_value_as_part_of_one_argument(resolve: Resolver) -> None:
    code = "import sys; print('|'.join(sys.argv[1:])); print('second line')"
    reference = python(code, "{name}", "x/{client}:{address}", "$(id)")
    assert resolve(reference, ENDPOINT) == "web 1|x/Harbour; rm -rf:192.0.2.1|$(id)"


def test_placeholders_inside_values_are_not_filled_again(resolve: Resolver) -> None:
    endpoint = Endpoint("{address}", "{name}", "h")
    assert resolve(python("import sys; print(sys.argv[1])", "{client}-{name}"), endpoint) == "{name}-{address}"


def test_a_name_cannot_become_an_option(resolve: Resolver) -> None:
    with pytest.raises(CredentialError, match="would be taken for an option"):
        resolve(python("print(1)", "{name}"), Endpoint("--help", "A", "h"))
    assert resolve(python("import sys; print(sys.argv[1])", "--name={name}"), Endpoint("--x", "A", "h")) == "--name=--x"


@pytest.mark.parametrize(
    ("code", "words"),
    [
        (
            f"import sys; print('{SECRET}'); print('{SECRET}', file=sys.stderr); sys.exit(3)",
            "ended with code 3 for web 1; run it by hand",
        ),
        (f"import sys; print(); print('{SECRET}')", "gives an empty secret"),
        ("pass", "gives an empty secret"),
        (r"import sys; sys.stdout.buffer.write(b'\xff\n')", "not UTF-8 text for web 1"),
    ],
)
def test_command_that_fails_shows_none_of_its_output(
    resolve: Resolver, capfd: pytest.CaptureFixture[str], code: str, words: str
) -> None:
    reference = SecretRef(
        "command", (sys.executable, "-c", code.replace(SECRET, "'+'-'.join(['correct','horse'])+'")), "inv.yaml:7"
    )
    with pytest.raises(CredentialError, match=words) as raised:
        resolve(reference, ENDPOINT)
    assert "(inv.yaml:7)" in str(raised.value)
    assert "correct-horse" not in str(raised.value) + capfd.readouterr().err


def test_command_that_is_not_there(resolve: Resolver) -> None:
    with pytest.raises(CredentialError, match="cannot be started: No such file"):
        resolve(SecretRef("command", ("/nowhere/program",)), ENDPOINT)


@POSIX
def test_command_that_hangs_is_ended_with_its_children(
    resolve: Resolver, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr("scorecard.secrets.COMMAND_LIMIT_S", 1)
    alive = tmp_path / "alive"
    os.mkfifo(alive)
    # The grandchild holds the pipe open for writing; when it is gone, the reader sees the end.
    reference = SecretRef("command", ("/bin/sh", "-c", f"sleep 600 > {alive} & sleep 600"))
    watcher = threading.Thread(target=alive.read_bytes, daemon=True)
    watcher.start()
    with pytest.raises(CredentialError, match="gave no answer within 1 seconds for web 1"):
        resolve(reference, ENDPOINT)
    watcher.join(timeout=20)
    assert not watcher.is_alive()


def test_command_has_no_input(resolve: Resolver) -> None:
    assert resolve(python("import sys; print('read:' + sys.stdin.read())"), ENDPOINT) == "read:"


def test_prompt_asks_once_for_each_place(redactor: Redactor) -> None:
    asked: list[str] = []

    def ask(question: str) -> str:
        asked.append(question)
        return SECRET + str(len(asked))

    password, passphrase = SecretRef("prompt", "", "inv.yaml:3"), SecretRef("prompt", "", "inv.yaml:5")
    credential = Credential("office", "Harbour", "audit", password, key_file="/keys/id", passphrase=passphrase)
    first = Endpoint("a", "Harbour", "a", credential=credential)
    second = Endpoint("b", "Harbour", "b", credential=credential)
    resolve = Resolver(redactor, ask)
    assert [resolve(password, first), resolve(password, second), resolve(passphrase, second)] == [
        SECRET + "1",
        SECRET + "1",
        SECRET + "2",
    ]
    assert asked == [
        "Password for audit (credential office of Harbour): ",
        "Passphrase of /keys/id (credential office of Harbour): ",
    ]


def test_prompt_without_a_terminal_is_refused(resolve: Resolver) -> None:
    # pytest's standard input is no terminal
    with pytest.raises(
        CredentialError, match="there is no terminal to ask on; use env:, file:, keyring: or command: instead"
    ):
        resolve(SecretRef("prompt", ""), ENDPOINT)


def test_each_secret_is_found_once_whatever_the_threads(redactor: Redactor, tmp_path: Path) -> None:
    log = tmp_path / "log"
    code = f"open({str(log)!r}, 'a').write('x'); print('{SECRET}')"
    resolve, reference = Resolver(redactor), python(code, "{name}")
    found: list[str] = []
    threads = [threading.Thread(target=lambda: found.append(resolve(reference, ENDPOINT))) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert found == [SECRET] * 8
    assert log.read_text() == "x"
    resolve(reference, Endpoint("other", "A", "h"))
    assert log.read_text() == "xx"


def test_a_failure_is_found_once_as_well(redactor: Redactor) -> None:
    asked: list[str] = []

    def ask(question: str) -> str:
        asked.append(question)
        raise CredentialError("prompt: nothing was typed")

    resolve = Resolver(redactor, ask)
    for _ in range(3):
        with pytest.raises(CredentialError, match="nothing was typed"):
            resolve(SecretRef("prompt", ""), ENDPOINT)
    assert len(asked) == 1


def test_prepare_resolves_ahead_what_does_not_depend_on_the_endpoint(redactor: Redactor, tmp_path: Path) -> None:
    ran = tmp_path / "ran"
    missing = SecretRef("env", "SCORECARD_TEST_NONE", "inv.yaml:4")
    jump = Credential("gate", "A", "jump", passphrase=SecretRef("file", "/nowhere/secret", "inv.yaml:9"))
    office = Credential("office", "A", "audit", missing)
    each = Credential("each", "A", "audit", python(f"open({str(ran)!r}, 'w')"))
    endpoints = [
        Endpoint("a", "A", "a", credential=office, connection=Connection(jumps=(Jump("gate", credential=jump),))),
        Endpoint("b", "A", "b", credential=office),
        Endpoint("c", "A", "c", credential=each),
        Endpoint("d", "A", "d"),
    ]
    assert Resolver(redactor).prepare(endpoints) == (
        "env:SCORECARD_TEST_NONE (inv.yaml:4): this environment variable is not set; set it and run again",
        "file:/nowhere/secret (inv.yaml:9): cannot be read: No such file or directory",
    )
    assert not ran.exists()


def test_what_was_resolved_is_redacted_from_then_on(
    resolve: Resolver, redactor: Redactor, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SCORECARD_TEST_SECRET", SECRET)
    assert redactor.redact(f"it is {SECRET}!") == f"it is {SECRET}!"
    resolve(SecretRef("env", "SCORECARD_TEST_SECRET"), ENDPOINT)
    assert redactor.redact(f"it is {SECRET}!") == "it is [redacted]!"
