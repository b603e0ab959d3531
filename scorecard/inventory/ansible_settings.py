"""From Ansible's variables to settings of ours, for one host at a time.

A variable `scorecard_KEY` sets the key of ours and wins over what Ansible's variables say. How Ansible's are understood:
their descriptions in the connection plugins ssh, winrm and psrp of ansible-core 2.19.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache

from scorecard.inventory import ansible_names as names
from scorecard.inventory import ansible_ssh as ssh
from scorecard.inventory.ansible_templates import NotStatic, Template, env_reference
from scorecard.inventory.ansible_tree import Found, Host, Notes, Origin, Variable, is_template
from scorecard.inventory.fields_network import address_fault
from scorecard.marked_yaml import printable
from scorecard.yaml_values import Value

_SSH = frozenset({"smart", "ssh", "paramiko", "paramiko_ssh", "libssh"})
_KINDS = {**dict.fromkeys(_SSH, "ssh"), "winrm": "winrm", "psrp": "psrp", "local": "local"}
_NO_COMPUTER = frozenset({"network_cli", "netconf", "httpapi", "grpc", "gnmi"})
# Ansible's words for a login -> ours; an empty one leaves the choice to us, which is NTLM.
_LOGINS = {
    "basic": "basic",
    "plaintext": "basic",
    "ssl": "basic",
    "certificate": "certificate",
    "credssp": "credssp",
    "kerberos": "kerberos",
    "ntlm": "ntlm",
    "negotiate": "",
}
_WITHOUT_PASSWORD = ("kerberos", "certificate")
_YES_NO = {"yes": True, "true": True, "on": True, "no": False, "false": False, "off": False}
_OWN_FLAGS = ("managed", "https")
_OWN_NUMBERS = ("port", "connect_timeout_s", "keep_alive_s")
_OF_CREDENTIAL = (names.CLIENT, names.OWN_PASSWORD, names.OWN_PASSPHRASE)
_NOT_OURS = ("name", "groups", "credential", "endpoints")
_NO_PASSWORD_TAKEN = f"set {names.OWN_PASSWORD} to a reference such as env:NAME"


@dataclass(frozen=True, slots=True)
class Place:
    """Where a setting comes from, and what it is called there."""

    origin: Origin
    key: str


@dataclass(frozen=True, slots=True)
class Given:
    """A setting's value and place."""

    value: Value
    place: Place


@dataclass(slots=True)
class Machine:
    """One endpoint: its own keys, those of its credential, and the client that it names."""

    host: Host
    settings: dict[str, Given] = field(default_factory=dict)
    login: dict[str, Given] = field(default_factory=dict)
    hops: tuple[ssh.Hop, ...] | None = None  # what `proxy_jump` stands for, with the keys to log in there
    client: Given | None = None

    @property
    def place(self) -> Place:
        return Place(self.host.origin, printable(self.host.name))


class LeftOut:
    """Warnings that hold for several hosts, each said once with their names."""

    def __init__(self) -> None:
        self._hosts: dict[tuple[Place, str], list[str]] = {}

    def add(self, place: Place, message: str, host: str) -> None:
        self._hosts.setdefault((place, message), []).append(host)

    def say(self, notes: Notes) -> None:
        for (place, message), hosts in self._hosts.items():
            shown = ", ".join(printable(host) for host in hosts[:3])
            more = f" and {len(hosts) - 3:,} more" if len(hosts) > 3 else ""
            notes.warn(place.origin, place.key, f"{message} ({shown}{more})")


@lru_cache(maxsize=256)
def _way(text: str) -> ssh.Way:
    return ssh.read(text)


class Reading:
    """Reads one host's variables."""

    def __init__(self, host: Host, variables: Found, own: Mapping[str, str], notes: Notes, left_out: LeftOut) -> None:
        self._variables = variables
        self._template = Template(variables, own)
        self._notes = notes
        self._left_out = left_out
        self._machine = Machine(host)

    def machine(self) -> Machine | None:
        """None where no computer stands there that could be audited; that is said."""
        kind = self._kind()
        if kind is None:
            return None
        self._machine.client = self._text((names.CLIENT,))
        if kind == "local":
            self._set("transport", Given("local", self._place_of("ansible_connection")))
        else:
            self._address(kind)
            self._port(kind)
            self._log_in("user", self._text(names.USER[kind]))
            if kind == "ssh":
                self._ssh()
            else:
                self._windows(kind)
        self._own()
        if kind != "local" and "password" not in self._machine.login:
            self._no_password(kind)
        return self._machine

    def _kind(self) -> str | None:
        own = self._text((names.OWN_TRANSPORT,))
        if own is not None:
            return str(own.value) if own.value in ("winrm", "local") else "ssh"
        given = self._text(names.CONNECTION)
        if given is None:
            return "ssh"
        word = str(given.value).rpartition(".")[2].lower()
        if kind := _KINDS.get(word):
            return kind
        said = "this kind of connection leads to no computer that can be asked; left out"
        if word in _NO_COMPUTER:
            said = "a device without an operating system to audit; left out"
        self._warn(given.place, said)
        return None

    def _address(self, kind: str) -> None:
        name = self._machine.host.name
        given = self._text(names.HOST[kind])
        if given is not None and given.value != name:
            self._set("address", given)
        elif address_fault(name):
            self._set("address", Given(name, self._machine.place))

    def _port(self, kind: str) -> None:
        self._set("port", _number(self._value(names.PORT[kind])))

    def _ssh(self) -> None:
        self._log_in("key_file", self._text(names.KEY_FILE))
        self._way_in()
        shell = self._text(names.SHELL)
        if shell is not None and shell.value in ("powershell", "cmd"):
            self._set("platform", Given("windows", shell.place))
            self._set("transport", Given("ssh", shell.place))
            self._warn(shell.place, "Windows is asked over WinRM, not over SSH; set scorecard_transport to winrm")
        checking = self._value(names.HOST_KEYS)
        if checking is not None and str(checking.value).lower() in ("false", "no", "0", "off"):
            self._warn_of_host_keys(checking.place)

    def _way_in(self) -> None:
        """Of what the arguments say twice ssh takes the first, so what is set already stays."""
        own = self._text(names.PROXY_COMMAND)
        texts = [given for name in names.SSH_ARGUMENTS if (given := self._text((name,)))]
        for given in (own, *texts):
            if given is None:
                continue
            try:
                way = ssh.Way(ssh.proxy_command(str(given.value))) if given is own else _way(str(given.value))
            except ssh.Unreadable as error:
                self._notes.problem(given.place.origin, given.place.key, str(error))
                continue
            if given is own and way.hops is None:
                self._warn(own.place, "only ssh -W %h:%p with a host is understood here; ignored")
            self._take_over(way, given.place)

    def _take_over(self, way: ssh.Way, place: Place) -> None:
        machine = self._machine
        if way.hops is not None and machine.hops is None:
            machine.hops = way.hops
            if way.hops:
                self._set("proxy_jump", Given([hop.text for hop in way.hops], place))
        for key, value in (("user", way.user), ("key_file", way.key_file)):
            if value and key not in machine.login:
                self._log_in(key, Given(value, place))
        if way.port and "port" not in machine.settings:
            self._set("port", _number(Given(way.port, place)))
        if way.unchecked:
            self._warn_of_host_keys(place)
        if way.left_out:
            self._warn(place, f"not understood here and ignored: {', '.join(sorted(set(way.left_out)))}")

    def _warn_of_host_keys(self, place: Place) -> None:
        said = "host keys are checked all the same; scorecard_host_key_policy may be set to accept-new, which reports show"
        self._warn(place, said)

    def _windows(self, kind: str) -> None:
        self._set("transport", Given("winrm", self._place_of("ansible_connection")))
        scheme = self._text(names.SCHEME[kind])
        if scheme is not None:
            https = {"https": True, "http": False}.get(str(scheme.value).lower(), scheme.value)
            self._set("https", Given(https, scheme.place))
        unchecked = self._text(names.UNCHECKED[kind])
        if unchecked is not None and str(unchecked.value).lower() == "ignore":
            said = "certificates are checked all the same; name a file with those to trust in "
            self._warn(unchecked.place, said + names.TRUSTED[kind][0])
        trusted = self._text(names.TRUSTED[kind])
        self._set("ca_file", trusted if trusted is None or trusted.value != "legacy_requests" else None)
        self._set("proxy", self._text(names.PROXY[kind]))
        self._authentication(kind)
        certificate, key = self._text(names.CERTIFICATE[kind]), self._text(names.CERTIFICATE_KEY[kind])
        if certificate is not None and key is not None:
            self._log_in("certificate_file", certificate)
            self._log_in("key_file", key)

    def _authentication(self, kind: str) -> None:
        given = self._value(names.LOGIN[kind])
        if given is None:
            return
        words = given.value if isinstance(given.value, list) else str(given.value).split(",")
        ours = [_LOGINS[word] for word in (str(word).strip().lower() for word in words) if word in _LOGINS]
        if not ours:
            self._set("authentication", Given(str(given.value), given.place))  # to be refused with those there are
        elif ours[0]:
            self._set("authentication", Given(ours[0], given.place))

    def _no_password(self, kind: str) -> None:
        """Say what Ansible would log in with and is not taken; a variable of the environment is."""
        chosen = self._machine.settings.get("authentication")
        known = [(name, found) for name in names.PASSWORDS[kind] if (found := self._variables.get(name)) is not None]
        if known and (reference := env_reference(known[-1][1].value)):
            self._log_in("password", Given(reference, Place(known[-1][1].origin, known[-1][0])))
        elif "key_file" in self._machine.login or (chosen is not None and chosen.value in _WITHOUT_PASSWORD):
            return
        elif known:
            self._warn(Place(known[-1][1].origin, known[-1][0]), f"no password is taken from here; {_NO_PASSWORD_TAKEN}")
        elif kind != "ssh":
            self._warn(self._place_of("ansible_connection"), f"a login over WinRM needs a password; {_NO_PASSWORD_TAKEN}")

    def _own(self) -> None:
        """Variables of ours win over what Ansible's say."""
        for key in ("password", "passphrase"):
            self._log_in(key, self._value((names.OWN + key,)))
        for name in sorted(self._notes.own_names.intersection(self._variables).difference(_OF_CREDENTIAL)):
            key, given = name.removeprefix(names.OWN), self._value((name,))
            if key == "proxy_jump":
                self._machine.hops = ()
            if key in _NOT_OURS:
                place = Place(self._variables[name].origin, name)
                self._notes.problem(place.origin, name, "cannot be set: it comes from Ansible's own names and variables")
            elif given is not None and key in _OWN_FLAGS and isinstance(given.value, str):
                self._set(key, Given(_YES_NO.get(given.value.lower(), given.value), given.place))
            else:
                self._set(key, _number(given) if key in _OWN_NUMBERS else given)

    def _set(self, key: str, given: Given | None) -> None:
        if given is not None:
            self._machine.settings[key] = given

    def _log_in(self, key: str, given: Given | None) -> None:
        if given is not None:
            self._machine.login[key] = given

    def _warn(self, place: Place, message: str) -> None:
        self._left_out.add(place, message, self._machine.host.name)

    def _place_of(self, name: str) -> Place:
        found = self._variables.get(name)
        return Place(found.origin, name) if found else self._machine.place

    def _value(self, wanted: Sequence[str]) -> Given | None:
        """What the last of these names that is set holds, templates filled in; None with a problem where they cannot be."""
        for name in reversed(wanted):
            found: Variable | None = self._variables.get(name)
            if found is None or found.value is None or found.value == "":
                continue
            place = Place(found.origin, name)
            if not is_template(found.value):
                return Given(found.value, place)
            try:
                return Given(self._template.value(found.value), place)
            except NotStatic as error:
                said = f"{error}; write the value itself"
                self._notes.problem(found.origin, name, said)
                return None
        return None

    def _text(self, wanted: Sequence[str]) -> Given | None:
        """The same as text where it is a number."""
        given = self._value(wanted)
        if given is not None and isinstance(given.value, int | float) and not isinstance(given.value, bool):
            return Given(str(given.value), given.place)
        return given


def _number(given: Given | None) -> Given | None:
    """A number that is written as text."""
    if given is not None and isinstance(given.value, str) and given.value.isascii() and given.value.isdigit():
        return Given(int(given.value[:9]), given.place)
    return given
