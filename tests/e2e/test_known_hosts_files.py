"""Files of known host keys as they grow over years: 10,000 hashed lines, lines that are none, and one that is no file."""

from __future__ import annotations

import base64
import getpass
import hmac
import json
import random
from pathlib import Path

from tests.e2e.commands import scorecard
from tests.e2e.recordings import inventory
from tests.rig.recorded import Recorded, need_programs, own_reply
from tests.rig.sshd import Sshd, free_port, keygen

GOOD = [f"127.94.0.{number}" for number in range(1, 4)]
STRANGER, FOLDER = "127.94.1.1", "127.94.1.2"
JUNK = ("this is not a line\n", "|1|short ssh-ed25519 AAAA\n", "host ssh-ed25519 not*base64\n", "\x00\x07\n")
DICE = random.Random(4)


def hashed(name: str, key: str) -> str:
    """As `ssh-keygen -H` writes it."""
    salt = DICE.randbytes(20)
    digest = hmac.digest(salt, name.encode(), "sha1")
    return f"|1|{base64.b64encode(salt).decode()}|{base64.b64encode(digest).decode()} {key}\n"


def test_ten_thousand_hashed_lines_with_junk_among_them(tmp_path: Path) -> None:
    need_programs()
    key, port = keygen(tmp_path / "key"), free_port("127.0.0.1")
    recorded = Recorded(tmp_path / "recorded", [*GOOD, STRANGER, FOLDER], own_reply())
    with Sshd(
        tmp_path / "server",
        address="127.0.0.1",
        port=port,
        listen=f"0.0.0.0:{port} rdomain lo",  # bound to the loopback interface, so that it hears nothing else
        authorized=[key],
        options=(f"ForceCommand {recorded.command}",),
        log_level="INFO",
    ) as server:
        others = [hashed(f"host-{number}.example.com", server.public_key("ecdsa")) for number in range(10_000)]
        ours = [hashed(f"[{address}]:{port}", server.public_key("ed25519")) for address in GOOD]
        lines = [*others, *ours, *(JUNK * 50)]
        DICE.shuffle(lines)
        file = tmp_path / "known_hosts"
        file.write_text("".join(lines))
        (tmp_path / "folder").mkdir()
        endpoints = [{"name": address, "address": address, "port": port} for address in (*GOOD, STRANGER)]
        endpoints.append({"name": FOLDER, "address": FOLDER, "port": port, "known_hosts": [str(tmp_path / "folder")]})
        listed = inventory(
            tmp_path / "inventory.yaml",
            "Acme",
            endpoints,
            credentials={"key": {"user": getpass.getuser(), "key_file": str(key)}},
            defaults={"credential": "key", "platform": "linux", "role": "server", "known_hosts": [str(file)]},
        )
        done = scorecard("audit", listed, "--json", home=tmp_path / "home")
    assert done.returncode == 3, done.stderr
    told = {entry["name"]: entry["failure"] for entry in json.loads(done.stdout)["endpoints"]}
    assert [told[address] for address in GOOD] == [None] * len(GOOD)
    assert told[STRANGER]["kind"] == told[FOLDER]["kind"] == "host-key-unknown"
    assert "200 lines of the files cannot be read" in told[STRANGER]["message"]
    assert f"{tmp_path / 'folder'} cannot be read" in told[FOLDER]["message"]
    assert sorted(recorded.asked()) == GOOD
