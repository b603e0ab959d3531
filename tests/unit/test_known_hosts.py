"""known_hosts files as ssh-keygen and ssh-keyscan write them, and as people do."""

from __future__ import annotations

import base64
import subprocess
import sys
from pathlib import Path

import pytest

from scorecard.transports.known_hosts import HostKey, KnownHosts, KnownHostsError, State


def make_key(seed: int, kind: str = "ssh-ed25519") -> HostKey:
    def field(data: bytes) -> bytes:
        return len(data).to_bytes(4, "big") + data

    return HostKey(kind, field(kind.encode()) + field(seed.to_bytes(32, "big")))


def line(names: str, key: HostKey, marker: str = "") -> str:
    return f"{marker} {names} {key.kind} {base64.b64encode(key.blob).decode()}".strip() + "\n"


ONE, TWO = make_key(1), make_key(2)
ECDSA = make_key(3, "ecdsa-sha2-nistp256")


def read(tmp_path: Path, *texts: str) -> KnownHosts:
    files = []
    for number, text in enumerate(texts):
        file = tmp_path / f"known-{number}"
        file.write_text(text, encoding="utf-8", errors="surrogateescape")
        files.append(file)
    return KnownHosts(files)


def hash_names(file: Path) -> None:
    subprocess.run(["ssh-keygen", "-q", "-H", "-f", file], check=True, capture_output=True)


@pytest.mark.parametrize(
    ("names", "address", "port", "state"),
    [
        ("web.example.com", "web.example.com", 22, State.KNOWN),
        ("WEB.example.com", "web.EXAMPLE.com", 22, State.KNOWN),
        ("web.example.com,10.0.0.5", "10.0.0.5", 22, State.KNOWN),
        ("web.example.com", "mail.example.com", 22, State.UNKNOWN),
        ("[web.example.com]:2222", "web.example.com", 2222, State.KNOWN),
        ("[web.example.com]:2222", "web.example.com", 22, State.UNKNOWN),
        ("[web.example.com]:2222", "web.example.com", 2223, State.UNKNOWN),
        ("web.example.com", "web.example.com", 2222, State.KNOWN),  # as ssh: without a port it vouches for all
        ("2001:db8::5", "2001:db8::5", 22, State.KNOWN),
        ("[2001:db8::5]:2222", "2001:DB8::5", 2222, State.KNOWN),
        ("*.example.com", "web.example.com", 22, State.KNOWN),
        ("*.example.com", "example.com", 22, State.UNKNOWN),
        ("10.0.0.?", "10.0.0.5", 22, State.KNOWN),
        ("10.0.0.?", "10.0.0.15", 22, State.UNKNOWN),
        ("*.example.com,!bad.example.com", "bad.example.com", 22, State.UNKNOWN),
        ("!bad.example.com,*.example.com", "good.example.com", 22, State.KNOWN),
        ("!bad.example.com", "good.example.com", 22, State.UNKNOWN),  # negation alone matches nobody
        ("[*.example.com]:2222", "web.example.com", 2222, State.KNOWN),
        ("[*.example.com]:2222", "w", 2222, State.UNKNOWN),
        ("web.example.c[o]m", "web.example.com", 22, State.UNKNOWN),  # brackets are not special
        ("web.example.com.", "web.example.com", 22, State.UNKNOWN),
        ("a" * 30 + "*" * 30 + "b", "a" * 60, 22, State.UNKNOWN),
    ],
)
def test_who_is_known(tmp_path: Path, names: str, address: str, port: int, state: State) -> None:
    assert read(tmp_path, line(names, ONE)).judge(address, port, ONE).state is state


@pytest.mark.parametrize(
    ("text", "key", "state"),
    [
        (line("host", ONE), TWO, State.CHANGED),
        (line("host", ECDSA), ONE, State.CHANGED),  # another type in place of the known one
        (line("host", ONE) + line("host", TWO), TWO, State.KNOWN),
        (line("host", ONE) + line("*", TWO), TWO, State.KNOWN),
        (line("*", ONE), TWO, State.CHANGED),
        (line("host", ONE, "@cert-authority"), ONE, State.AUTHORITY),
        (line("host", ONE, "@cert-authority") + line("host", ONE), ONE, State.KNOWN),
        (line("host", ONE, "@cert-authority") + line("host", ONE), TWO, State.CHANGED),
        (line("host", ONE, "@revoked") + line("host", ONE), ONE, State.REVOKED),
        (line("*", ONE, "@revoked"), ONE, State.REVOKED),
        (line("host", ONE, "@revoked") + line("host", TWO), TWO, State.KNOWN),
        (line("host", ONE, "@revoked"), TWO, State.UNKNOWN),
        (line("other", ONE, "@revoked") + line("host", ONE), ONE, State.KNOWN),
        (line("host", ONE, "@unheard-of"), ONE, State.UNKNOWN),
        ("", ONE, State.UNKNOWN),
        ("# host " + line("host", ONE), ONE, State.UNKNOWN),
    ],
)
def test_what_is_known_of_a_key(tmp_path: Path, text: str, key: HostKey, state: State) -> None:
    assert read(tmp_path, text).judge("host", 22, key).state is state


def test_a_key_without_port_that_differs_does_not_make_it_changed(tmp_path: Path) -> None:
    known = read(tmp_path, line("host", ONE))
    assert known.judge("host", 2222, TWO).state is State.UNKNOWN
    assert known.judge("host", 22, TWO).state is State.CHANGED


@pytest.mark.parametrize("marker", ["", "@revoked", "@cert-authority"])
def test_hashed_names(tmp_path: Path, marker: str) -> None:
    file = tmp_path / "known"
    file.write_text(
        line("web.example.com", ONE, marker) + line("[web.example.com]:2222", TWO, marker) + line("10.0.0.5", ECDSA)
    )
    hash_names(file)
    assert "example" not in file.read_text() or marker  # ssh-keygen leaves names beside a marker as they are
    known = KnownHosts([file])
    expected = {"": State.KNOWN, "@revoked": State.REVOKED, "@cert-authority": State.AUTHORITY}[marker]
    assert known.judge("WEB.example.com", 22, ONE).state is expected
    assert known.judge("web.example.com", 2222, TWO).state is expected
    assert known.judge("10.0.0.5", 22, ONE).state is State.CHANGED
    assert known.kinds("10.0.0.5", 22) == (ECDSA.kind,)
    assert known.judge("10.0.0.6", 22, ONE).state is State.UNKNOWN
    assert known.junk_lines == 0


def test_a_hashed_line_counts_beside_a_plain_one(tmp_path: Path) -> None:
    file = tmp_path / "known"
    file.write_text(line("host", ONE))
    hash_names(file)
    text = file.read_text() + line("host", ECDSA)
    known = read(tmp_path, text)
    assert known.judge("host", 22, ONE).state is State.KNOWN
    assert known.judge("host", 22, TWO).state is State.CHANGED
    assert {entry.key for entry in known.judge("host", 22, TWO).known} == {ONE, ECDSA}


def test_types_are_given_in_the_order_of_the_files(tmp_path: Path) -> None:
    known = read(tmp_path, line("host", ECDSA), line("host", ONE) + line("host", TWO, "@revoked") + line("[host]:99", TWO))
    assert known.kinds("host", 22) == (ECDSA.kind, ONE.kind)
    assert known.kinds("host", 99) == (TWO.kind,)
    assert known.kinds("host", 98) == (ECDSA.kind, ONE.kind)
    assert known.kinds("nobody", 22) == ()


def test_changed_names_the_lines(tmp_path: Path) -> None:
    judgement = read(tmp_path, "# comment\n\n" + line("host", ONE)).judge("host", 22, TWO)
    assert [(Path(entry.file).name, entry.line, entry.key) for entry in judgement.known] == [("known-0", 3, ONE)]


def test_fingerprints_are_those_of_ssh_keygen(tmp_path: Path) -> None:
    subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", tmp_path / "key"], check=True)
    kind, text, _ = (tmp_path / "key.pub").read_text().split(maxsplit=2)
    said = subprocess.run(["ssh-keygen", "-lf", tmp_path / "key.pub"], capture_output=True, text=True, check=True).stdout
    assert HostKey(kind, base64.b64decode(text)).fingerprint == said.split()[1]


JUNK = (
    "host\n",
    "host ssh-ed25519\n",
    "host ssh-ed25519 not*base64\n",
    "host ssh-ed25519 AAAA\n",
    "host ssh-rsa " + base64.b64encode(ONE.blob).decode() + "\n",  # the bytes say ed25519
    "host 2048 65537 1234567890123456789\n",  # SSH 1
    "|1|short " + line("", ONE),
    "|1|!!|!! ssh-ed25519 " + base64.b64encode(ONE.blob).decode() + "\n",
    "|2|AAAA|AAAA ssh-ed25519 " + base64.b64encode(ONE.blob).decode() + "\n",
    "@revoked\n",
    "@what host ssh-ed25519 AAAA\n",
    "\udcff\udcfe \udc80 \udc81\n",
    "host ssh-\udcff " + base64.b64encode(ONE.blob).decode() + "\n",
    ", ssh-ed25519 " + base64.b64encode(ONE.blob).decode() + "\n",
)


@pytest.mark.parametrize("junk", JUNK)
def test_junk_is_counted_and_never_trusted(tmp_path: Path, junk: str) -> None:
    known = read(tmp_path, junk + line("good", TWO))
    assert known.junk_lines == 1
    assert known.judge("host", 22, ONE).state is State.UNKNOWN
    assert known.judge("good", 22, TWO).state is State.KNOWN


def test_lines_of_windows_and_a_last_line_without_its_end(tmp_path: Path) -> None:
    known = read(tmp_path, line("one", ONE).replace("\n", "\r\n") + line("two", TWO).rstrip("\n"))
    assert known.junk_lines == 0
    assert known.judge("one", 22, ONE).state is State.KNOWN
    assert known.judge("two", 22, TWO).state is State.KNOWN


def test_missing_files_are_remembered_and_others_read(tmp_path: Path) -> None:
    known = KnownHosts([tmp_path / "none", read(tmp_path, line("host", ONE)).files[0]])
    assert known.missing == [tmp_path / "none"]
    assert known.judge("host", 22, ONE).state is State.KNOWN


def test_a_file_that_cannot_be_read_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(KnownHostsError, match="cannot be read"):
        KnownHosts([tmp_path])


# --- adding --------------------------------------------------------------------------------------------------------


def test_a_recorded_key_is_known_to_us_and_to_ssh_keygen(tmp_path: Path) -> None:
    known = read(tmp_path, line("other", TWO).rstrip("\n"))  # no line feed at its end
    known.record("Host", 2222, ONE)
    assert known.judge("host", 2222, ONE).state is State.KNOWN
    assert known.files[0].read_text() == line("other", TWO) + line("[host]:2222", ONE)
    found = subprocess.run(
        ["ssh-keygen", "-F", "[host]:2222", "-f", known.files[0]], capture_output=True, text=True, check=True
    )
    assert base64.b64encode(ONE.blob).decode() in found.stdout


ADD_FIFTY = """
import sys
from pathlib import Path
from scorecard.transports.known_hosts import HostKey, KnownHosts
known = KnownHosts([Path(sys.argv[1])])
key = HostKey("ssh-ed25519", bytes.fromhex(sys.argv[3]))
for number in range(50):
    known.record(f"host-{sys.argv[2]}-{number}", 22, key)
"""


def test_many_processes_add_whole_lines(tmp_path: Path) -> None:
    file = tmp_path / "known"
    names = ("a", "b", "c")
    processes = [subprocess.Popen([sys.executable, "-c", ADD_FIFTY, file, name, ONE.blob.hex()]) for name in names]
    assert [process.wait() for process in processes] == [0, 0, 0]
    known = KnownHosts([file])
    assert known.junk_lines == 0
    hosts = [f"host-{name}-{number}" for name in names for number in range(50)]
    assert all(known.judge(host, 22, ONE).state is State.KNOWN for host in hosts)


def test_nowhere_to_add_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(KnownHostsError):
        KnownHosts([]).record("host", 22, ONE)
    astray = tmp_path / "link"
    astray.symlink_to(tmp_path / "no folder" / "known")
    with pytest.raises(KnownHostsError, match="cannot be added"):
        KnownHosts([astray]).record("host", 22, ONE)
