"""Inventories with mistakes: each is one line with file, line, key, what was expected and what to do; all at once."""

from __future__ import annotations

import os
import re
import stat
from pathlib import Path
from typing import Any

import pytest
import yaml
from click.testing import CliRunner
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from scorecard.cli.inventory import inventory as command
from scorecard.errors import InventoryError
from scorecard.inventory import load, schema

PLAIN = (
    "a plain secret stands here; secrets are never kept in this file, so write where it is: "
    'env:NAME, file:PATH, keyring:SERVICE/USER, {command: [program, "{name}"]} or prompt'
)
SETTINGS = (
    "platform, transport, port, credential, role, tags, managed, owner, proxy_jump, proxy, known_hosts, host_key_policy, "
    "connect_timeout_s, keep_alive_s, https, authentication, ca_file"
)
PROXY = "endpoints[a].proxy: expected socks5://host:port or http://host:port"
LOGINS = "ntlm, kerberos, basic, certificate, credssp"
INSTEAD = "use HTTPS, or ntlm or kerberos"
CLEAR = f"Basic would send the password in clear text; {INSTEAD}"
LOGIN = "is not a key here; define a credential under credentials: and name it with the key credential"
NOT_HOST = "expected a host name or IP address, but this"
AS_ADDRESS = "the name serves as address, but it is not a host name or IP address; add the key address"
NUMBER_ALONE = "found text; write the number alone, without quotes"
CLIENT_KEYS = (
    "client, time_zone, standard, exceptions, provider, authorised, contract, goal, contact, locale, paper, credentials, "
    "defaults, sites, groups, endpoints, endpoints_from, retired"
)
OF_ANOTHER = "and is not used for another; define one under credentials: of this client"
NOT_CREDENTIAL = "there is no credential named 'c'; define it under credentials: or correct the name"
HEAD = "client: A\nendpoints:\n- web1\n"  # what follows starts on line 4


def mistakes(*files: Path) -> list[str]:
    with pytest.raises(InventoryError) as raised:
        load(files)
    assert raised.value.problems
    folders = "|".join(re.escape(f"{file.parent}/") for file in files)
    return [re.sub(f"^(?:{folders})", "", problem) for problem in raised.value.problems]


def of_text(folder: Path, text: str) -> list[str]:
    file = folder / "i.yaml"
    file.write_text(text, encoding="utf-8")
    file.chmod(0o600)
    return mistakes(file)


# What stands on line 4, after HEAD -> everything that is said about it, without "i.yaml:4: ".
IN_ENDPOINT = {
    "5": ["endpoints[2]: expected a mapping (keys with values), found a number"],
    "": ["endpoints[2]: expected a mapping (keys with values), found nothing"],
    "[a]": ["endpoints[2]: expected a mapping (keys with values), found a list"],
    "{address: a}": [
        "endpoints[2].name: is missing. Expected: Its name, unique within the client. Findings and history go by it."
    ],
    "{name: no}": ["endpoints[2].name: expected a name, found no; put it in quotes"],
    "{name: 007}": ["endpoints[2].name: expected a name, found the number 7; put it in quotes"],
    "{name: 2026-01-01}": ["endpoints[2].name: expected a name, found the date 2026-01-01; put it in quotes"],
    "{name: ''}": ["endpoints[2].name: expected a name, found empty text"],
    "{name: ' a'}": ["endpoints[ a].name: expected a name, found one with spaces around it; remove them"],
    '{name: "a\\eb"}': [
        "endpoints[2].name: expected a name, found text with control or invisible characters; remove them",
    ],
    '{name: "a\\u202eb"}': [
        "endpoints[2].name: expected a name, found text with control or invisible characters; remove them",
    ],
    "{name: " + "x" * 256 + "}": ["endpoints[2].name: expected a name of at most 255 characters, found 256"],
    "web1": [
        "endpoints[web1].name: an endpoint named 'web1' is already on line 3; names are unique (capitals do not count)"
    ],
    "WEB1": [
        "endpoints[WEB1].name: an endpoint named 'WEB1' is already on line 3; names are unique (capitals do not count)"
    ],
    "front desk": ["endpoints[front desk].name: " + AS_ADDRESS],
    "-oProxyCommand=x": ["endpoints[2].name: " + AS_ADDRESS],
    "{name: a, address: me@host}": [
        "endpoints[a].address: " + NOT_HOST + " has a user in it; put the user into a credential"
    ],
    "{name: a, address: 'host:22'}": ["endpoints[a].address: " + NOT_HOST + " holds a port; put it under the key port"],
    "{name: a, address: 'ssh://host'}": [
        "endpoints[a].address: " + NOT_HOST + " is a web or file address; write the host name or IP address alone"
    ],
    "{name: a, address: 10.0.0.256}": ["endpoints[a].address: " + NOT_HOST + " is not a valid IP address"],
    "{name: a, address: 'fe80::1::2'}": ["endpoints[a].address: " + NOT_HOST + " is not a valid IP address"],
    "{name: a, address: }": ["endpoints[a].address: expected a host name or IP address, found nothing"],
    "{name: a, port: 0}": ["endpoints[a].port: expected a port number from 1 to 65535, found the number 0"],
    "{name: a, port: 65536}": ["endpoints[a].port: expected a port number from 1 to 65535, found the number 65536"],
    "{name: a, port: yes}": ["endpoints[a].port: expected a port number from 1 to 65535, found yes"],
    "{name: a, port: '22'}": ["endpoints[a].port: expected a port number from 1 to 65535, " + NUMBER_ALONE],
    "{name: a, port: 22.5}": ["endpoints[a].port: expected a port number from 1 to 65535, found the number 22.5"],
    "{name: a, port: }": ["endpoints[a].port: expected a port number from 1 to 65535, found nothing"],
    "{name: a, platform: linx}": [
        "endpoints[a].platform: expected one of windows, linux, macos, auto, found 'linx'; did you mean 'linux'?"
    ],
    "{name: a, platform: 10}": ["endpoints[a].platform: expected one of windows, linux, macos, auto, found the number 10"],
    "{name: a, transport: telnet}": ["endpoints[a].transport: expected one of ssh, winrm, local, replay, found 'telnet'"],
    "{name: a, role: Server}": [
        "endpoints[a].role: expected one of workstation, laptop, server, found 'Server'; did you mean 'server'?"
    ],
    "{name: a, host_key_policy: no}": ["endpoints[a].host_key_policy: expected one of strict, accept-new, found no"],
    "{name: a, managed: maybe}": ["endpoints[a].managed: expected yes or no, found text"],
    "{name: a, connect_timeout_s: 10s}": [
        "endpoints[a].connect_timeout_s: expected a number of seconds from 0.1 to 600, " + NUMBER_ALONE
    ],
    "{name: a, connect_timeout_s: .inf}": [
        "endpoints[a].connect_timeout_s: expected a number of seconds from 0.1 to 600, found a huge number"
    ],
    "{name: a, connect_timeout_s: .nan}": [
        "endpoints[a].connect_timeout_s: expected a number of seconds from 0.1 to 600, found a huge number"
    ],
    "{name: a, keep_alive_s: -1}": [
        "endpoints[a].keep_alive_s: expected a whole number of seconds from 0 to 3600, found the number -1"
    ],
    "{name: a, https: 'yes'}": ["endpoints[a].https: expected yes or no, found text"],
    "{name: a, https: 1}": ["endpoints[a].https: expected yes or no, found a number"],
    "{name: a, https: }": ["endpoints[a].https: expected yes or no, found nothing"],
    "{name: a, authentication: NTLM}": [
        f"endpoints[a].authentication: expected one of {LOGINS}, found 'NTLM'; did you mean 'ntlm'?"
    ],
    "{name: a, authentication: [ntlm]}": [f"endpoints[a].authentication: expected one of {LOGINS}, found a list"],
    "{name: a, authentication: }": [f"endpoints[a].authentication: expected one of {LOGINS}, found nothing"],
    "{name: a, ca_file: [x]}": ["endpoints[a].ca_file: expected the path of a file, found a list"],
    "{name: a, ca_file: ''}": ["endpoints[a].ca_file: expected the path of a file, found empty text"],
    "{name: a, ca_file: no}": ["endpoints[a].ca_file: expected the path of a file, found no"],
    "{name: a, transport: winrm, https: no, authentication: basic}": [
        f"endpoints[a].authentication: authentication basic and https: no do not go together: {CLEAR}"
    ],
    "{name: a, platform: windows, port: 5985, authentication: basic}": [
        f"endpoints[a].authentication: authentication basic and port 5985 (plain HTTP) do not go together: {CLEAR}"
    ],
    "{name: a, platform: windows, port: 80, authentication: credssp}": [
        "endpoints[a].authentication: authentication credssp and port 80 (plain HTTP) do not go together: CredSSP hands "
        f"over the password itself, and plain HTTP does not prove to whom; {INSTEAD}"
    ],
    "{name: a, platform: windows, https: no, authentication: certificate}": [
        "endpoints[a].authentication: authentication certificate and https: no do not go together: a login by "
        f"certificate needs HTTPS; {INSTEAD}"
    ],
    "{name: a, tags: 5}": ["endpoints[a].tags: expected a name or a list of them, found a number"],
    "{name: a, tags: [5]}": ["endpoints[a].tags: expected a name, found the number 5; put it in quotes"],
    "{name: a, known_hosts: {x: y}}": [
        "endpoints[a].known_hosts: expected the path of a file or a list of them, found a mapping"
    ],
    "{name: a, transport: winrm, platform: linux}": [
        "endpoints[a]: platform linux cannot be reached over winrm; set transport: ssh, or platform: windows"
    ],
    "{name: a, site: londn}": [
        "endpoints[a].site: there is no site named 'londn'; define it under sites: or correct the name",
    ],
    "{name: a, groups: [x, y]}": [
        "endpoints[a].groups[x]: there is no group named 'x'; define it under groups: or correct the name",
        "endpoints[a].groups[y]: there is no group named 'y'; define it under groups: or correct the name",
    ],
    "{name: a, credential: c}": ["endpoints[a].credential: " + NOT_CREDENTIAL],
    "{name: a, host: b, group: c}": [
        "endpoints[a].group: 'group' is not a key here; did you mean 'groups'?",
        "endpoints[a].host: 'host' is not a key here; did you mean 'address'?",
    ],
    "{name: a, zzz: b}": [
        f"endpoints[a].zzz: 'zzz' is not a key here; expected one of {SETTINGS}, name, address, site, groups"
    ],
    "{name: a, password: hunter2, user: hunter2}": [f"endpoints[a].password: {LOGIN}", f"endpoints[a].user: {LOGIN}"],
    "{name: a, proxy_jump: 'root:hunter2@host'}": [
        "endpoints[a].proxy_jump[1]: "
        "expected user@host:port, with user and port optional; a password belongs into a credential"
    ],
    "{name: a, proxy_jump: 'host:hunter2'}": [
        "endpoints[a].proxy_jump[1].port: expected a port number from 1 to 65535, " + NUMBER_ALONE
    ],
    "{name: a, proxy_jump: 'me@'}": [
        "endpoints[a].proxy_jump[1].address: expected a host name or IP address, found empty text"
    ],
    "{name: a, proxy_jump: [b, {port: 1}]}": [
        "endpoints[a].proxy_jump[2].address: is missing. Expected: Host name or IP address of the machine in between."
    ],
    "{name: a, proxy_jump: 7}": ["endpoints[a].proxy_jump: expected user@host:port or a list of them, found a number"],
    "{name: a, proxy_jump: {address: b, credential: c}}": ["endpoints[a].proxy_jump.credential: " + NOT_CREDENTIAL],
    "{name: a, proxy: 7}": [PROXY + ", or none, found a number"],
    "{name: a, proxy: hunter2}": [PROXY + ", found text without socks5:// or http:// at its start"],
    "{name: a, proxy: 'https://b:1'}": [PROXY + "; no other kind of proxy can be used"],
    "{name: a, proxy: 'socks5://me:hunter2@b:1'}": [PROXY + ", without a user or a password: a proxy is given none"],
    "{name: a, proxy: 'socks5://b'}": [PROXY + ", but the port is missing"],
    "{name: a, proxy: 'http://b/'}": [PROXY + ", but the port is missing"],
    "{name: a, proxy: 'http://[::1]'}": [
        "endpoints[a].proxy: expected a host name or IP address, but this is not a host name or IP address"
    ],
    "{name: a, proxy: 'http://b:hunter2'}": [PROXY + ", but the port is not a number from 1 to 65535"],
    "{name: a, proxy: 'http://b:0'}": [PROXY + ", but the port is not a number from 1 to 65535"],
    "{name: a, proxy: 'http://b:99999999999'}": [PROXY + ", but the port is not a number from 1 to 65535"],
    "{name: a, proxy: 'http://:1'}": ["endpoints[a].proxy: expected a host name or IP address, found empty text"],
    "{name: a, proxy: 'http://b:1/path'}": [PROXY + ", but the port is not a number from 1 to 65535"],
    "{name: a, http_proxy: 'http://b:1'}": [
        "endpoints[a].http_proxy: 'http_proxy' is not a key here; did you mean 'proxy'?"
    ],
    "{name: a, port: 1, port: 2}": ["endpoints[a].port: is set here and already on line 4; keep one of them"],
}


@pytest.mark.parametrize("text", IN_ENDPOINT)
def test_mistakes_in_an_endpoint(tmp_path: Path, text: str) -> None:
    # Expected texts hold slashes nowhere, so that the folder can be cut off.
    assert of_text(tmp_path, f"{HEAD}- {text}\n") == [f"i.yaml:4: {line}" for line in IN_ENDPOINT[text]]


IN_CLIENT = {
    "time_zone: Mars/Olympus": ["time_zone: expected a time zone such as Europe/London or UTC, found 'Mars/Olympus'"],
    "time_zone: europe/london": [
        "time_zone: expected a time zone such as Europe/London or UTC, found 'europe/london'; did you mean 'Europe/London'?"
    ],
    "time_zone: ../../etc/passwd": [
        "time_zone: expected a time zone such as Europe/London or UTC, found '../../etc/passwd'"
    ],
    "time_zone: Europe": None,
    "timezone: UTC": ["timezone: 'timezone' is not a key here; did you mean 'time_zone'?"],
    "provider: North Quay": ["provider: expected a mapping (keys with values), found text"],
    "provider: {contact: x}": ["provider.name: is missing. Expected: Name of the IT provider."],
    "authorised: {by: me, on: yesterday, scope: all}": [
        "authorised.on: expected a date such as 2026-01-31, found 'yesterday'"
    ],
    "authorised: {by: me, on: 2026-01-31T10:00:00Z, scope: all}": None,
    "authorised: {by: me, on: 20260131, scope: all}": [
        "authorised.on: expected a date such as 2026-01-31, found the number 20260131"
    ],
    "authorised: {by: me, on: '2026-02-30', scope: all}": [
        "authorised.on: expected a date such as 2026-01-31, found '2026-02-30'"
    ],
    "authorised: {by: me, on: 2026-02-30, scope: all}": [
        "authorised.on: this is not a valid timestamp; correct it, or put it in quotes to make it text"
    ],
    "authorised: {by: me, on: 2026-02-01, until: 2026-01-31, scope: all}": [
        "authorised.until: expected a day not before 2026-02-01, found 2026-01-31"
    ],
    "contract: {}": ["contract.hours_per_month: is missing. Expected: Hours of work that the contract holds each month."],
    "contract: {hours_per_month: 0}": [
        "contract.hours_per_month: expected a number of hours from 0.1 to 10,000, found the number 0"
    ],
    "contract: {hours_per_month: '10'}": [
        "contract.hours_per_month: expected a number of hours from 0.1 to 10,000, "
        "found text; write the number alone, without quotes"
    ],
    "contract: {hours_per_month: .nan}": [
        "contract.hours_per_month: expected a number of hours from 0.1 to 10,000, found a huge number"
    ],
    "contract: {hours_per_month: 10, rate: 95}": [
        "contract: expected a currency beside rate and prices; add currency, such as EUR"
    ],
    "contract: {hours_per_month: 10, prices: {laptop: 900}}": [
        "contract: expected a currency beside rate and prices; add currency, such as EUR"
    ],
    "contract: {hours_per_month: 10, currency: EUR}": [
        "contract: expected rate or prices beside currency; add one of them, or leave currency out"
    ],
    "contract: {hours_per_month: 10, currency: EUR, prices: {notebook: 900, server: cheap}}": [
        "contract.prices.notebook: 'notebook' is not a key here; expected one of workstation, laptop, server",
        "contract.prices.server: expected a price from 0.01 to 1,000,000, found text; write the number alone, "
        "without quotes",
    ],
    "goal: A": ["goal: expected a mapping (keys with values), found text"],
    "goal: {letter: a}": ["goal.letter: expected one of A, B, C, D, found 'a'; did you mean 'A'?"],
    "goal: {letter: F, by: soon}": [
        "goal.by: expected a date such as 2026-01-31, found 'soon'",
        "goal.letter: expected one of A, B, C, D, found 'F'",
    ],
    "goal: {by: 2027-03-31}": ["goal.letter: is missing. Expected: The letter, from A to D."],
    "contact: {name: Jo, mail: jo, phone: ask}": [
        "contact.mail: expected a mail address such as jo@larkspur.example, found 'jo'",
        "contact.phone: expected a telephone number such as '+44 20 7946 0000', found 'ask'",
    ],
    "contact: {name: Jo, phone: 2079460000}": [
        "contact.phone: expected a telephone number, found the number 2079460000; put it in quotes"
    ],
    "contact: {mail: jo@larkspur.example}": ["contact.name: is missing. Expected: Name of the person, or of the desk."],
    "sites: {a: {contact: Jo}}": ["sites.a.contact: expected a mapping (keys with values), found text"],
    "locale: en_US": [
        "locale: expected one of en-GB, en-IE, en-US, en-CA, en-AU, en-NZ, found 'en_US'; did you mean 'en-US'?"
    ],
    "paper: legal": ["paper: expected one of a4, letter, found 'legal'"],
    "contract: {hours_per_month: 10, rate: 95, currency: pounds}": [
        "contract.currency: expected a currency such as EUR, in three capital letters, found 'pounds'"
    ],
    "contract: {hours_per_month: 10, rate: -1, currency: GBP}": [
        "contract.rate: expected a price for an hour from 0.01 to 1,000,000, found the number -1"
    ],
    "retired: [{name: web1, on: 2026-01-01, reason: sold}]": [
        "retired[web1].name: 'web1' is retired here and still listed on line 3; remove it in one of the two places"
    ],
    "retired: [web2]": ["retired[web2]: expected a mapping (keys with values), found text"],
    "retired: {name: web2}": ["retired: expected a list, each item on a line that starts with '- ', found a mapping"],
    "sites: [a]": ["sites: expected a mapping (keys with values), found a list"],
    "sites: {a: {site: b}}": [
        f"sites.a.site: 'site' is not a key here; expected one of {SETTINGS}, max_parallel, start_gap_s, contact"
    ],
    "sites: {a: {max_parallel: 0, start_gap_s: -1}}": [
        "sites.a.max_parallel: expected a number of endpoints from 1 to 1000, found the number 0",
        "sites.a.start_gap_s: expected a number of seconds from 0 to 3600, found the number -1",
    ],
    "defaults: {max_parallel: 3}": [
        f"defaults.max_parallel: 'max_parallel' is not a key here; expected one of {SETTINGS}, site"
    ],
    "sites: {'': {}}": ["sites.: expected a name, found empty text"],
    'sites: {"a\\eb": }': ["sites.a\\x1bb: expected a name, found text with control or invisible characters; remove them"],
    "groups: {g: {endpoints: [web1, web9]}}": [
        "groups.g.endpoints[web9]: there is no endpoint named 'web9'; did you mean 'web1'?"
    ],
    "defaults: {site: nowhere}": [
        "defaults.site: there is no site named 'nowhere'; define it under sites: or correct the name"
    ],
    "defaults: [a]": ["defaults: expected a mapping (keys with values), found a list"],
    "credentials: hunter2": ["credentials: expected a mapping (keys with values), found text"],
    "credentials: {a: hunter2}": ["credentials.a: expected a mapping (keys with values), found text"],
    "credentials: {a: {password: hunter2}}": [f"credentials.a.password: {PLAIN}"],
    "credentials: {a: {password: 12345678}}": [f"credentials.a.password: {PLAIN}"],
    "credentials: {a: {password: }}": [
        "credentials.a.password: is empty; expected a reference to a secret: env:NAME, file:PATH, keyring:SERVICE/USER, "
        '{command: [program, "{name}"]} or prompt'
    ],
    "credentials: {a: {pass: hunter2}}": ["credentials.a.pass: 'pass' is not a key here; did you mean 'password'?"],
    "credentials: {a: {agent: hunter2}}": ["credentials.a.agent: expected yes or no, found text"],
    "credentials: {a: {key_file: [hunter2]}}": ["credentials.a.key_file: expected the path of a file, found a list"],
    "credentials: {a: {passphrase: env:X}}": [
        "credentials.a.passphrase: belongs to a key; give key_file too, or remove it"
    ],
    "credentials: {a: {certificate_file: x}}": [
        "credentials.a.certificate_file: belongs to a key; give key_file too, or remove it"
    ],
    "clients: []": None,
}


@pytest.mark.parametrize("text", [text for text, expected in IN_CLIENT.items() if expected])
def test_mistakes_in_a_client(tmp_path: Path, text: str) -> None:
    file = tmp_path / "i.yaml"
    file.write_text(f"{HEAD}{text}\n", encoding="utf-8")
    with pytest.raises(InventoryError) as raised:
        load([file])
    assert list(raised.value.problems) == [f"{file}:4: {line}" for line in IN_CLIENT[text] or ()]


@pytest.mark.parametrize("text", [text for text, expected in IN_CLIENT.items() if expected is None])
def test_more_mistakes_in_a_client(tmp_path: Path, text: str) -> None:
    """Where the wording depends on this computer's time zone files, or there are many lines."""
    assert of_text(tmp_path, f"{HEAD}{text}\n")


def test_a_login_in_clear_text_is_said_once_where_its_keys_meet(tmp_path: Path) -> None:
    """At the nearer of the two keys, so that a fleet with one mistake gets one line."""
    text = """clients:
  - client: A
    defaults: {platform: windows, authentication: basic, https: no}
    endpoints: [a, b, {name: safe, https: yes}, {name: sealed, authentication: ntlm}, {name: linux, transport: ssh}]
  - client: B
    defaults: {transport: winrm, authentication: basic}
    sites: {one: {port: 5985}, two: {port: 5986}}
    groups: {g: {https: no, endpoints: [f]}}
    endpoints: [{name: c, site: one}, {name: d, site: two}, {name: e, site: one, https: yes}, {name: f, site: two}]
  - client: C
    credentials: {key: {key_file: ~/key}, word: {user: u, password: prompt}}
    defaults: {platform: windows, credential: key, port: 5985}
    endpoints: [g, {name: h, credential: word}, {name: i, authentication: ntlm}, {name: j, credential: key}]
"""
    file = tmp_path / "i.yaml"
    file.write_text(text)
    with pytest.raises(InventoryError) as raised:
        load([file])
    certificate = f"port 5985 (plain HTTP) do not go together: a login by certificate needs HTTPS; {INSTEAD}"
    assert [problem.removeprefix(f"{file}:") for problem in raised.value.problems] == [
        f"3: clients[1].defaults.authentication: authentication basic and https: no do not go together: {CLEAR}",
        f"7: clients[2].sites.one.port: authentication basic and port 5985 (plain HTTP) do not go together: {CLEAR}",
        f"8: clients[2].groups.g.https: authentication basic and https: no do not go together: {CLEAR}",
        f"12: clients[3].defaults.credential: authentication certificate and {certificate}",
        f"13: clients[3].endpoints[j].credential: authentication certificate and {certificate}",
    ]


def test_what_means_nothing_together_with_a_mistake_elsewhere_is_left_alone(tmp_path: Path) -> None:
    """Keys of the wrong kind are named for themselves and never meet."""
    text = "client: A\nendpoints:\n- {name: a, platform: windows, authentication: {x: y}, https: {x: y}, port: [5985]}\n"
    assert [line.split(": ")[1] for line in of_text(tmp_path, text)] == [
        "endpoints[a].authentication",
        "endpoints[a].https",
        "endpoints[a].port",
    ]


def test_files_that_are_no_inventory(tmp_path: Path) -> None:
    assert of_text(tmp_path, "") == ["i.yaml: is empty; expected YAML with keys and values"]
    assert of_text(tmp_path, "- a\n- b\n") == ["i.yaml:1: expected a mapping (keys with values), found a list"]
    assert of_text(tmp_path, "hunter2") == ["i.yaml:1: expected a mapping (keys with values), found text"]
    assert of_text(tmp_path, "client: A\n") == [
        "i.yaml:1: endpoints: is missing. Expected: Every machine that is expected to be in order; here, in the lists of "
        "endpoints_from, or both."
    ]
    assert of_text(tmp_path, "client: A\nendpoints: []\n") == [
        "i.yaml:2: endpoints: expected at least one item, found an empty list"
    ]
    assert of_text(tmp_path, "client: A\nendpoints: web1\n") == [
        "i.yaml:2: endpoints: expected a list, each item on a line that starts with '- ', found text"
    ]
    assert mistakes(tmp_path / "none.yaml") == ["none.yaml: cannot be read: No such file or directory"]
    (tmp_path / "empty").mkdir()
    (said,) = mistakes(tmp_path / "empty")
    assert said.startswith("empty: this folder holds no file that ends in .yaml, .yml, ")
    assert said.endswith("; expected one a client")
    assert mistakes(Path("a\0b")) == ["a\\x00b: cannot be read: this is not a file name"]


def test_all_mistakes_of_all_files_come_at_once_in_order(tmp_path: Path) -> None:
    (tmp_path / "b.yaml").write_text(
        "client: B\nendpoints:\n- {name: x, port: 0}\n- x\n- {name: y, role: boss, site: s}\nfoo: 1\n"
    )
    (tmp_path / "a.yaml").write_text("client: [\n")
    (tmp_path / "c.yaml").write_text("client: b\nendpoints: [{name: x, credential: office}]\n")
    (tmp_path / "d.yaml").write_text("client: D\ncredentials: {office: {user: u, agent: yes}}\nendpoints: [z]\n")
    with pytest.raises(InventoryError) as raised:
        load([tmp_path])
    assert [problem.removeprefix(f"{tmp_path}/") for problem in raised.value.problems] == [
        "a.yaml:1: this is not YAML: expected a value here; check brackets, braces and commas",
        "b.yaml:3: endpoints[x].port: expected a port number from 1 to 65535, found the number 0",
        "b.yaml:4: endpoints[x].name: an endpoint named 'x' is already on line 3; names are unique (capitals do not count)",
        "b.yaml:5: endpoints[y].role: expected one of workstation, laptop, server, found 'boss'",
        "b.yaml:5: endpoints[y].site: there is no site named 's'; define it under sites: or correct the name",
        f"b.yaml:6: foo: 'foo' is not a key here; expected one of {CLIENT_KEYS}",
        f"c.yaml:1: client: this client is already defined at {tmp_path}/b.yaml:1; a client has one definition",
        "c.yaml:2: endpoints[x].credential: credential 'office' belongs to client 'D' " + OF_ANOTHER,
    ]


def test_mistakes_among_several_clients_have_their_place(tmp_path: Path) -> None:
    text = """defaults: {credential: office, port: x}
clients:
  - client: A
    credentials: {office: {user: u}}
    endpoints: [a]
  - client: B
    endpoints: [b, {name: c, prot: 1}]
  - client: a
    endpoints: [b]
    credentials: {office: {user: u}}
"""
    file = tmp_path / "i.yaml"
    file.write_text(text)
    with pytest.raises(InventoryError) as raised:
        load([file])
    belongs = f"credential 'office' belongs to client 'A' {OF_ANOTHER}"
    assert [problem.removeprefix(f"{file}:") for problem in raised.value.problems] == [
        f"1: defaults.credential: {belongs}",
        "1: defaults.port: expected a port number from 1 to 65535, " + NUMBER_ALONE,
        "7: clients[2].endpoints[c].prot: 'prot' is not a key here; did you mean 'port'?",
        f"8: clients[3].client: this client is already defined at {file}:3; a client has one definition",
    ]


@pytest.mark.skipif(os.name != "posix", reason="the owner of a file cannot be told on Windows")
@pytest.mark.parametrize(("mode", "accepted"), [(0o600, True), (0o644, True), (0o664, False), (0o646, False)])
def test_commands_need_a_file_of_our_own(tmp_path: Path, mode: int, accepted: bool) -> None:
    file = tmp_path / "i.yaml"
    file.write_text(HEAD + "credentials: {a: {user: u, password: {command: [pass, '{name}']}}}\n")
    file.chmod(mode)
    if accepted:
        load([file])
        return
    with pytest.raises(InventoryError) as raised:
        load([file])
    assert raised.value.problems == (
        f"{file}:4: credentials.a.password: a command is only accepted from a file that you own "
        f"and that nobody else can write; run: chmod go-w {file}, or use env:, file: or keyring:",
    )


@pytest.mark.skipif(os.name != "posix" or os.geteuid() != 0, reason="only root can give a file away")
def test_commands_are_refused_from_another_users_file(tmp_path: Path) -> None:
    file = tmp_path / "i.yaml"
    file.write_text(HEAD + "credentials: {a: {user: u, password: {command: [pass]}}}\n")
    os.chown(file, 12345, -1)
    assert stat.S_IMODE(file.stat().st_mode) & 0o022 == 0
    with pytest.raises(InventoryError, match="only accepted from a file that you own"):
        load([file])


SECRET = "Hunter2-Qzxw"
PLANTED = [
    f"password: {SECRET}",
    f"password: '{SECRET}'",
    f"password: [{SECRET}]",
    f"password: {{value: {SECRET}}}",
    f"password: {{{SECRET}: }}",
    f"password: {{command: {SECRET}}}",
    f"password: {{command: [], x: {SECRET}}}",
    f"password: env:{SECRET}",
    f"password: env:{SECRET}!",
    f"password: plain:{SECRET}",
    f"password: !{SECRET}",
    f"password: '!{SECRET}",
    f"password: *{SECRET}",
    f"password: @{SECRET}",
    f"password: {SECRET}\n    password: {SECRET}2",
    f"password: keyring:{SECRET}",
    f"passphrase: {SECRET}",
    f"pasword: {SECRET}",
    f"secret: {SECRET}",
    f"key_file: {{x: {SECRET}}}",
    f"agent: {SECRET}",
    f"user: [{SECRET}]",
]


@pytest.mark.parametrize("line", PLANTED)
def test_a_planted_password_is_refused_and_never_echoed(tmp_path: Path, line: str) -> None:
    file = tmp_path / "i.yaml"
    file.write_text(f"{HEAD}credentials:\n  office:\n    {line}\n")
    result = CliRunner().invoke(command, ["check", str(file)])
    as_json = CliRunner().invoke(command, ["check", "--json", str(file)])
    assert (result.exit_code, as_json.exit_code) == (2, 2)
    assert f"{file}:" in result.stderr
    for said in (result.output, as_json.output, str(result.exception), repr(result.exc_info)):
        assert "hunter" not in said.lower()
        assert "qzxw" not in said.lower()


SCALARS = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(),
    st.floats(),
    st.text(max_size=12),
    st.dates(),
    st.sampled_from(
        ["a", "web1", "one", "env:X", "prompt", "none", "me@host:1", "a,b", "windows", "ssh", "strict", "server"]
    ),
)
KEYS = st.sampled_from(
    sorted(
        {key for definition in schema()["$defs"].values() for key in definition["properties"]}
        | {"command", "a", "web1", "<<"}
    )
)
SHAPES = st.recursive(
    SCALARS, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(KEYS, inner, max_size=5), max_leaves=25
)


def loads_or_explains(file: Path) -> None:
    problems: tuple[str, ...] | None = None
    try:
        load([file])
    except InventoryError as error:  # whatever else is raised fails the test
        problems = error.problems
    assert problems is None or problems
    for problem in problems or ():
        assert problem.startswith(str(file))
        assert problem.isprintable(), problem


@settings(max_examples=300, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.dictionaries(KEYS, SHAPES, max_size=8))
def test_any_shape_loads_or_is_explained(tmp_path: Path, value: dict[str, Any]) -> None:
    file = tmp_path / "shape.yaml"
    file.write_text(yaml.safe_dump(value), encoding="utf-8")
    loads_or_explains(file)


@settings(max_examples=200, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.binary(max_size=200) | st.text(max_size=100).map(lambda text: text.encode("utf-8", "replace")))
def test_any_bytes_load_or_are_explained(tmp_path: Path, data: bytes) -> None:
    file = tmp_path / "bytes.yaml"
    file.write_bytes(data)
    loads_or_explains(file)


@settings(max_examples=300, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    st.integers(0, 3000),
    st.integers(0, 40),
    st.sampled_from(["", ":", "- ", "{", "]", "\t", "'", '"', "*x", "&x ", "!x ", "\x00", "\n"]),
)
def test_a_damaged_example_loads_or_is_explained(tmp_path: Path, start: int, length: int, instead: str) -> None:
    text = (Path(__file__).parents[2] / "inventory.example.yaml").read_text(encoding="utf-8")
    start = start * len(text) // 3000
    file = tmp_path / "damaged.yaml"
    file.write_text(text[:start] + instead + text[start + length :], encoding="utf-8")
    loads_or_explains(file)
