"""What goes wrong on purpose: `fault="name"`, `"name:number"` or `"name:number@Action"`.

The number says how often, how long or how much, whichever the fault's line below says. The action is the step of the
conversation at which it happens.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from tests.rig.wsman import soap

_QUOTA = "The WS-Management service cannot process the request. "
_SHELLS = _QUOTA + "This user is allowed a maximum number of 30 concurrent shells, which has been exceeded. "
_OPERATIONS = _QUOTA + "The maximum number of concurrent operations for this user has been exceeded. "

# Name -> the action it happens at ("" is any) and the fault that is told. The number is how often; without one, always.
_TOLD = {
    "access-denied": ("Create", soap.Fault(5, "AccessDenied", "Access is denied. ", sender=True)),
    "quota-shells": ("Create", soap.Fault(2150859173, "QuotaLimit", _SHELLS, sender=True)),
    "quota-shells-wmi": ("Create", soap.Fault(2150859173, "InternalError", _SHELLS, wmi=True)),
    "quota-operations": ("Command", soap.Fault(2150859174, "QuotaLimit", _OPERATIONS, sender=True)),
    "quota-operations-wmi": ("Command", soap.Fault(2150859174, "InternalError", _OPERATIONS, wmi=True)),
    "shell-expired": ("Receive", soap.no_such_shell("00000000-0000-0000-0000-000000000000")),
    "remote-shells-disallowed": (
        "Create",
        soap.Fault(2150859180, "AccessDenied", "The WS-Management service does not allow remote shells. ", sender=True),
    ),
    "too-slow": ("Create", soap.timed_out()),
    "no-powershell": (
        "Command",
        soap.Fault(2147942402, "InternalError", "The system cannot find the file specified. ", provider=True),
    ),
}
# Name -> the action, and the number where none is given.
_OTHER = {
    "dead": ("", 0),  # accepts the connection and never says a word
    "slow": ("", 1),  # every answer comes so many seconds late
    "401": ("", 0),  # refuses right credentials
    "basic-off": ("", 0),  # neither offers nor takes Basic, as Windows where nobody allowed it
    "503": ("", 0),  # the HTTP layer answers without the service
    "html": ("", 200),  # a web server that is no WS-Management service; the number is its status
    "empty-500": ("Create", 0),
    "empty-400": ("Receive", 0),  # how often, as a host that lost the session
    "reset": ("Receive", 0),  # the connection is reset in the middle of the body
    "truncated": ("Receive", 0),  # whole as HTTP, broken off as XML
    "doctype": ("Receive", 0),  # an entity that grows
    "random-bytes": ("Receive", 0),  # the body is noise
    "trickle": ("Receive", 20),  # so many bytes a second
    "closing": ("", 0),  # the connection is closed after each answer, without a word before
    "no-exit-code": ("", 0),
    "stuck": ("", 1),  # so many whole parts, then nothing for ever
    "broken-off": ("", 1),  # so many whole parts, half of one, and the command ends
    "big-output": ("", 100),  # so many megabytes of noise before the frames
    "random-output": ("", 0),  # the command's output is noise
    "cp437": ("", 0),  # a banner in the code page of a console, before the frames
}
NAMES = frozenset(_TOLD) | frozenset(_OTHER)


@dataclass
class Trouble:
    """The fault of one server, with how often it still happens."""

    name: str
    number: float
    action: str
    told: soap.Fault | None
    left: float

    def at(self, name: str, action: str = "") -> bool:
        """Whether this fault happens now; counts where the fault has a count."""
        if self.name != name or (self.action and action and self.action != action) or self.left <= 0:
            return False
        self.left -= 1
        return True

    def told_at(self, action: str) -> soap.Fault | None:
        return self.told if self.told and self.at(self.name, action) else None


def read(text: str | None) -> Trouble:
    if text is None:
        return Trouble("", 0, "", None, 0)
    match = re.fullmatch(r"([a-z0-9-]+)(?::([0-9.]+))?(?:@(\w+))?", text)
    if not match or match[1] not in NAMES:
        raise ValueError(f"no such fault: {text}; there are {', '.join(sorted(NAMES))}")
    name = match[1]
    if name in _TOLD:
        action, told = _TOLD[name]
        return Trouble(name, 0, match[3] or action, told, float(match[2] or "inf"))
    action, number = _OTHER[name]
    counted = name in ("empty-400", "empty-500", "reset", "truncated") and match[2]
    return Trouble(name, float(match[2] or number), match[3] or action, None, float(match[2]) if counted else float("inf"))
