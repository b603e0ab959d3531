"""Findings as SARIF 2.1.0, the format in which engineers' tools read results (docs/handover.md has what stands where).

Every check is a rule and every open finding a result; its fingerprint is made of client, check and machine, so it stays
the same from month to month. A machine is a logical location; the file that viewers for source code ask for beside it,
`machines/<name>`, exists nowhere. What is not known is no result: it is told as a notification, never left out.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from pathlib import Path
from urllib.parse import quote

from scorecard.errors import InputError, ReportError
from scorecard.model import OPEN, ExceptionKind, Finding, Json, Severity, Status
from scorecard.reporting import Report, ReportContext
from scorecard.result import Audit, Device

from . import agreed as agreed_
from . import hygiene, sarif_words, unchecked, words
from .agreed import CheckInfo

_SCHEMA = "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json"
_VERSION = "2.1.0"
_LEVELS = {Severity.CRITICAL: "error", Severity.HIGH: "error", Severity.MEDIUM: "warning", Severity.LOW: "note"}
# In the middle of the ranges that viewers call critical, high, medium and low; no figure of a scoring system.
_SECURITY = {Severity.CRITICAL: "9.5", Severity.HIGH: "8.0", Severity.MEDIUM: "5.5", Severity.LOW: "2.0"}
_NOT_SEEN, _NO_ANSWER, _STOPPED = "not-seen", "no-answer", "stopped"
_SEVERITIES = tuple(Severity)

_Object = dict[str, Json]


def document(audit: Audit) -> _Object:
    """The whole log: one run, which is the audit."""
    return {"$schema": _SCHEMA, "version": _VERSION, "runs": [_Run(audit).run()]}


class _Run:
    def __init__(self, audit: Audit) -> None:
        self._audit = audit
        self._agreed = agreed_.read(audit)
        self._devices = {device.name: device for device in audit.devices}
        self._severities = _severities(audit)
        self._rules = {check: place for place, check in enumerate(self._severities)}
        self._notices = {id_: place for place, id_ in enumerate(sarif_words.NOTICES)}
        self._agreements = {str(entry.get("id")): entry for entry in audit.exceptions}

    def run(self) -> _Object:
        audit = self._audit
        return {
            "tool": {"driver": self._driver()},
            "automationDetails": {
                "id": f"scorecard/{_named(audit.client)}/{_time(audit.as_of)}",
                "description": _text(sarif_words.run(self._client())),
            },
            "invocations": [self._invocation()],
            "results": [self._result(finding) for finding in audit.findings if finding.status in OPEN],
            "properties": {
                "audit": hygiene.name(audit.id),
                "client": self._client(),
                "madeUp": audit.made_up,
                "standard": self._agreed.name,
                "standardVersion": self._agreed.version,
                "letter": audit.scorecard.letter,
                "score": audit.scorecard.score,
                "coverage": audit.scorecard.coverage,
                "scope": hygiene.line(audit.scope),
                "machines": len(audit.devices),
                "machinesSeen": sum(device.seen for device in audit.devices),
            },
        }

    def _client(self) -> str:
        return hygiene.name(words.client_name(self._audit.client, made_up=self._audit.made_up))

    def _driver(self) -> _Object:
        notices: list[Json] = [
            {"id": id_, "shortDescription": _text(said), "defaultConfiguration": {"level": "warning"}}
            for id_, said in sarif_words.NOTICES.items()
        ]
        return {
            "name": words.PRODUCT,
            "version": hygiene.name(self._audit.tool_version),
            "rules": [self._rule(self._agreed.check(check), severity) for check, severity in self._severities.items()],
            "notifications": notices,
        }

    def _rule(self, info: CheckInfo, severity: Severity) -> _Object:
        tags: list[Json] = [*dict.fromkeys(tag for tag in ("security", hygiene.name(info.topic), info.category) if tag)]
        return {
            "id": hygiene.name(info.id),
            "name": _pascal(info.id),
            "shortDescription": _text(info.title),
            "fullDescription": _text(info.why or info.title),
            "help": _text(sarif_words.help_text(info.task, info.fix)),
            "defaultConfiguration": {"level": _LEVELS[severity]},
            "properties": {
                "tags": tags,
                "precision": "very-high",
                "security-severity": _SECURITY[severity],
                "severity": severity.value,
                "graded": info.graded,
            },
        }

    def _result(self, finding: Finding) -> _Object:
        device = self._devices[finding.endpoint]
        verdict = finding.verdict
        said = sarif_words.result(
            hygiene.name(finding.endpoint), hygiene.line(verdict.measured), hygiene.line(verdict.expected)
        )
        print_ = _fingerprint(self._audit.client, finding)
        return {
            "ruleId": hygiene.name(finding.check),
            "ruleIndex": self._rules[finding.check],
            "kind": "fail",
            "level": _level(finding),
            "message": _text(said),
            "locations": [_location(device)],
            "partialFingerprints": {"scorecardFinding/v1": print_, "primaryLocationLineHash": f"{print_[:16]}:1"},
            "suppressions": self._suppressions(finding),
            "properties": {
                "machine": hygiene.name(device.name),
                "site": hygiene.name(device.site),
                "status": finding.status.value,
                "severity": finding.severity.value,
                "graded": finding.counts,
                "observedAt": _time(finding.observed_at),
                "firstSeen": _time(finding.first_seen),
                "cameBack": _time(finding.came_back),
                "exception": hygiene.name(finding.exception.id) if finding.exception else None,
                "exceptionKind": finding.exception.kind.value if finding.exception else None,
                "observations": [hygiene.name(digest) for digest in finding.observations],
            },
        }

    def _suppressions(self, finding: Finding) -> list[Json]:
        """What was agreed to leave for a while. Work that the client declined is as open as before."""
        mark = finding.exception
        if mark is None or mark.kind is not ExceptionKind.WAIVED:
            return []
        entry = self._agreements.get(mark.id, {})
        reason = agreed_.string(entry.get("reason"))
        said = sarif_words.agreed(hygiene.name(mark.id), reason)
        return [{"kind": "external", "status": "accepted", "justification": said}]

    def _invocation(self) -> _Object:
        return {
            "executionSuccessful": not self._audit.interrupted,
            "startTimeUtc": _time(self._audit.started_at),
            "endTimeUtc": _time(self._audit.finished_at),
            "toolExecutionNotifications": [*self._notifications()],
        }

    def _notifications(self) -> Iterator[_Object]:
        """The run that was stopped, the machines that were not seen, and what seen ones did not tell."""
        if self._audit.interrupted:
            yield self._notice(_STOPPED, words.INTERRUPTED)
        for device in self._audit.devices:
            if not device.seen:
                failure = device.failure
                why = unchecked.reason(device)
                more = f"{hygiene.line(failure.message)} {hygiene.line(failure.next_step)}" if failure else ""
                said = sarif_words.not_seen(hygiene.name(device.name), why, more)
                yield {**self._notice(_NOT_SEEN, said), "locations": [_location(device)]}
        for finding in self._audit.findings:
            device = self._devices[finding.endpoint]
            if finding.status is Status.UNKNOWN and device.seen:
                yield self._unanswered(finding, device)

    def _unanswered(self, finding: Finding, device: Device) -> _Object:
        title = self._agreed.check(finding.check).title
        reason = hygiene.line(finding.verdict.reason or "")
        said = sarif_words.no_answer(hygiene.name(device.name), title, reason, stated=finding.is_stated)
        rule: _Object = {"id": hygiene.name(finding.check), "index": self._rules[finding.check]}
        level = "note" if finding.is_stated or not finding.counts else "warning"
        return {
            **self._notice(_NO_ANSWER, said, level),
            "associatedRule": rule,
            "locations": [_location(device)],
        }

    def _notice(self, id_: str, said: str, level: str = "warning") -> _Object:
        return {
            "descriptor": {"id": id_, "index": self._notices[id_]},
            "level": level,
            "message": _text(said),
            "timeUtc": _time(self._audit.finished_at),
        }


def _severities(audit: Audit) -> Mapping[str, Severity]:
    """Every check of the audit with its own severity, and those with a finding that it does not describe."""
    known = {severity.value for severity in Severity}
    found: dict[str, Severity] = {}
    for check, raw in audit.checks.items():
        named = agreed_.mapping(raw).get("severity")
        if named in known:
            found[check] = Severity(named)
    worst: dict[str, Severity] = {}
    for finding in audit.findings:
        worst[finding.check] = min(worst.get(finding.check, finding.severity), finding.severity, key=_SEVERITIES.index)
    checks = dict.fromkeys((*audit.checks, *worst))
    return {check: found.get(check) or worst.get(check, Severity.LOW) for check in checks}


def _level(finding: Finding) -> str:
    """By severity; a warning is no error, and what is shown without being graded is a note."""
    if not finding.counts:
        return "note"
    level = _LEVELS[finding.severity]
    return "warning" if level == "error" and finding.status is Status.WARN else level


def _location(device: Device) -> _Object:
    """The machine. Viewers for source code ask for a file and a line: they get a name that is no file, and line 1."""
    shown, site = hygiene.name(device.name), hygiene.name(device.site)
    return {
        "physicalLocation": {
            "artifactLocation": {"uri": f"machines/{_named(device.name)}"},
            "region": {"startLine": 1},
        },
        "logicalLocations": [
            {"name": shown, "fullyQualifiedName": f"{site}/{shown}" if site else shown, "kind": "machine"},
        ],
    }


def _named(name: str) -> str:
    """A name as a piece of a path: never empty, never a way up, no two machines alike."""
    shown = hygiene.name(name)
    plain = quote(shown, safe="")
    if shown == name and name.strip("."):
        return plain
    return f"{plain.strip('.')}~{hashlib.sha256(name.encode(errors='surrogatepass')).hexdigest()[:8]}"


def _fingerprint(client: str, finding: Finding) -> str:
    named = json.dumps([client.casefold(), finding.check, finding.endpoint])
    return hashlib.sha256(named.encode()).hexdigest()


def _pascal(check: str) -> str:
    """ "disk-encryption.system-volume" as "DiskEncryptionSystemVolume"."""
    return "".join(word.capitalize() for word in hygiene.name(check).replace(".", "-").split("-"))


def _text(said: str) -> _Object:
    """A message. Braces are placeholders there unless doubled (SARIF 3.11.5), and "[text](target)" is a link (3.11.6).

    Collected text must not make links: where it would, it is torn apart.
    """
    return {"text": said.replace("{", "{{").replace("}", "}}").replace("](", "] (")}


def _time(moment: datetime | None) -> str | None:
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ") if moment else None


def prepare(audit: Audit, context: ReportContext) -> _Object:
    """The log. Raises InputError for an audit without names."""
    if context.redacted:
        raise InputError(sarif_words.WITHOUT_NAMES)
    return document(audit)


def write(log: _Object, path: Path) -> None:
    """Write the file at `path`. Raises ReportError."""
    try:
        with path.open("w", encoding="utf-8", newline="\n") as file:
            json.dump(log, file, ensure_ascii=False, indent=1)
    except OSError as error:
        raise ReportError(f"{path}: the SARIF log cannot be written: {error.strerror or error}") from error


REPORT = Report("sarif", ".sarif", prepare, write, for_programs=True)
