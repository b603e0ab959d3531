"""The declared questions to Windows: what becomes of good ones, and that bad ones are refused with file, line and key."""

from __future__ import annotations

import json
import re
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scorecard.errors import PluginError
from scorecard.model import Platform, Probe
from scorecard.questions import read_questions
from scorecard.topic import Topic

FILE = "checks/example/windows.yaml"
VOLUMES = "namespace: root/cimv2/Security/MicrosoftVolumeEncryption, class: Win32_EncryptableVolume"


def read(text: str) -> list[Probe]:
    return read_questions(text, "example", FILE)


def sent(text: str) -> dict[str, Any]:
    (probe,) = read(text)
    found: dict[str, Any] = json.loads(probe.text)
    return found


def refused(text: str) -> list[str]:
    with pytest.raises(PluginError) as raised:
        read(text)
    return str(raised.value).splitlines()


def test_a_question_is_one_line_of_json_with_all_keys_of_its_verb() -> None:
    (probe,) = read(
        "- part: volumes\n  why: Which volumes there are\n  limit: 30\n  size: 5000\n"
        f"  cim: {{{VOLUMES}, keep: [DeviceID]}}\n"
        "  call: [GetProtectionStatus, {GetConversionStatus: {PrecisionFactor: 0}}]\n"
    )
    assert (probe.part, probe.platform, probe.limit_s, probe.size_bytes) == ("example.volumes", Platform.WINDOWS, 30, 5000)
    assert probe.why == "Which volumes there are"
    assert probe.text == (
        '{"part":"example.volumes","limit":30,"size":5000,"verb":"cim",'
        '"namespace":"root/cimv2/Security/MicrosoftVolumeEncryption","class":"Win32_EncryptableVolume","filter":"",'
        '"keep":["DeviceID"],"call":[{"name":"GetProtectionStatus","in":{}},'
        '{"name":"GetConversionStatus","in":{"PrecisionFactor":0}}],"static":false,"paths":[]}'
    )


COMMON = {"part": "example.a", "limit": 20, "size": 200000}


@pytest.mark.parametrize(
    ("verb", "asked"),
    [
        (
            "registry: {key: 'HKLM/SOFTWARE/Example', values: [UBR, '']}",
            {
                "verb": "registry",
                "key": "HKLM/SOFTWARE/Example",
                "values": ["UBR", ""],
                "all": False,
                "depth": 0,
                "at_most": 200,
            },
        ),
        (
            "registry: {key: 'HKU/*/Control Panel/Desktop', values: [X], depth: 3, at_most: 5}",
            {
                "verb": "registry",
                "key": "HKU/*/Control Panel/Desktop",
                "values": ["X"],
                "all": False,
                "depth": 3,
                "at_most": 5,
            },
        ),
        (
            "registry: {key: HKLM/SOFTWARE/Policies/Microsoft/Windows/WindowsUpdate/AU, values: all}",
            {
                "verb": "registry",
                "key": "HKLM/SOFTWARE/Policies/Microsoft/Windows/WindowsUpdate/AU",
                "values": [],
                "all": True,
                "depth": 0,
                "at_most": 200,
            },
        ),
        ("services: {names: [WinDefend, AVP*]}", {"verb": "services", "names": ["WinDefend", "AVP*"]}),
        (
            "files: {paths: ['%ProgramFiles(x86)%/a/*/b.exe', C:/b.ini], text_kb: 4}",
            {"verb": "files", "paths": ["%ProgramFiles(x86)%/a/*/b.exe", "C:/b.ini"], "text_kb": 4},
        ),
        (
            "events: {log: System, ids: [19], days: 120, at_most: 20, fields: [updateTitle]}",
            {
                "verb": "events",
                "log": "System",
                "provider": "",
                "ids": [19],
                "levels": [],
                "days": 120,
                "at_most": 20,
                "fields": ["updateTitle"],
            },
        ),
        ("updates: {}", {"verb": "updates", "online": False}),
    ],
)
def test_every_verb_is_sent_flat_with_its_defaults(verb: str, asked: dict[str, Any]) -> None:
    assert sent(f"- part: a\n  {verb}\n") == COMMON | asked


def test_methods_of_a_class_need_no_instance() -> None:
    found = sent(
        "- part: a\n  cim: {namespace: root/ccm/ClientSDK, class: CCM_ClientUtilities}\n"
        "  call: [DetermineIfRebootPending]\n  static: true\n"
    )
    assert (found["static"], found["call"], found["keep"]) == (True, [{"name": "DetermineIfRebootPending", "in": {}}], [])


BAD = [
    # the frame of a question
    ("3", "[1]: expected a question"),
    ("part: a", "[1]: expected exactly one of the verbs"),
    ("{part: a, updates: {}, services: {names: [Ab]}}", "[1]: expected exactly one of the verbs"),
    ("{part: a, upgrades: {}}", "[1].upgrades: no such key"),
    ("{updates: {}}", "[1].part: is missing"),
    ("{part: A b, updates: {}}", "[1].part: expected one line; of a part, lower case"),
    ("{part: a, updates: {}, limit: 0}", "[1].limit: input should be greater"),
    ("{part: a, updates: {}, limit: '3'}", "[1].limit: expected a whole number"),
    ("{part: a, updates: {}, size: true}", "[1].size: expected a whole number"),
    ("{part: a, updates: {online: true}}", "[1].updates.online: no such key"),
    ("{part: a, updates: }", "[1].updates: expected keys and values"),
    ("{part: a, updates: {}, call: [GetVersion]}", "[1].call: stands only beside cim"),
    ("{part: a, command: {name: cmd}}", "[1].command: no such key"),
    ("{part: a, script: {text: x}}", "[1].script: no such key"),
    # cim
    ("{part: a, cim: {namespace: root/cimv2}}", "[1].cim.class: is missing"),
    ("{part: a, cim: {namespace: '//srv/root/cimv2', class: A, keep: [B]}}", "[1].cim.namespace: expected a namespace"),
    ("{part: a, cim: {namespace: 'root\\cimv2', class: A, keep: [B]}}", "[1].cim.namespace: expected a namespace"),
    ("{part: a, cim: {namespace: root/cimv2, class: 'A where', keep: [B]}}", "[1].cim.class: expected the name"),
    (
        "{part: a, cim: {namespace: root/directory/LDAP, class: ads_user, keep: [Name]}}",
        "[1].cim.namespace: this namespace is not asked: it is the domain's directory",
    ),
    *(
        (
            f"{{part: a, cim: {{namespace: root/cimv2, class: {name}, keep: [Name]}}}}",
            f"[1].cim.class: this class is not asked: {why}",
        )
        for name, why in (
            ("CIM_Product", "asking it repairs"),
            ("Win32_PingStatus", "it calls other machines"),
            ("win32_service", "use the verb services"),
            ("CIM_Process", "command lines may hold secrets"),
            ("CIM_LogicalElement", "nearly every class"),
        )
    ),
    (
        "{part: a, cim: {namespace: root/cimv2, class: Win32_Example, keep: [CommandLine]}}",
        "[1].cim.keep[CommandLine]: this name is known to hold a secret",
    ),
    (
        "{part: a, cim: {namespace: root/cimv2, class: Win32_Product, keep: [Name]}}",
        "[1].cim.class: this class is not asked",
    ),
    ("{part: a, cim: {namespace: root/cimv2, class: Win32_UserAccount, keep: [SID]}}", "[1].cim: filter: this class lists"),
    (
        "{part: a, cim: {namespace: root/cimv2, class: A, keep: [RecoveryPassword]}}",
        "[1].cim.keep[RecoveryPassword]: this name",
    ),
    ("{part: a, cim: {namespace: root/cimv2, class: A, keep: [Key_Package]}}", "[1].cim.keep[Key_Package]: this name"),
    ("{part: a, cim: {namespace: root/cimv2, class: A, keep: ['*']}}", "[1].cim.keep[1]: expected the name of a property"),
    ("{part: a, cim: {namespace: root/cimv2, class: A}}", "[1]: expected keep"),
    ("{part: a, cim: {namespace: root/cimv2, class: A, keep: [B]}, paths: [C]}", "[1]: paths: C must stand in keep"),
    (f"{{part: a, cim: {{{VOLUMES}}}, call: [GetKeyPackage]}}", "[1].call: not a method that is known"),
    (f"{{part: a, cim: {{{VOLUMES}}}, call: [GetVersion, GetVersion]}}", "[1].call: names a method twice"),
    (f"{{part: a, cim: {{{VOLUMES}}}, call: [GetKeyProtectors]}}", "[1]: call: GetKeyProtectors takes"),
    (f"{{part: a, cim: {{{VOLUMES}}}, call: [{{GetVersion: {{A: 1}}}}]}}", "[1]: call: GetVersion takes no arguments"),
    (
        f"{{part: a, cim: {{{VOLUMES}}}, call: [{{GetKeyProtectors: {{VolumeKeyProtectorType: 11}}}}]}}",
        "[1]: call: GetKeyProtectors.VolumeKeyProtectorType: expected 0 to 10",
    ),
    (
        "{part: a, cim: {namespace: root/cimv2, class: Win32_Volume}, call: [GetVersion]}",
        "[1]: call: GetVersion is not called",
    ),
    (f"{{part: a, cim: {{{VOLUMES}}}, call: [GetVersion], static: true}}", "[1]: call: GetVersion is not called"),
    # registry
    ("{part: a, registry: {key: HKCU/Software/X, values: [A]}}", "[1].registry.key: expected a key under HKLM"),
    ("{part: a, registry: {key: 'HKLM\\SOFTWARE\\X', values: [A]}}", "[1].registry.key: expected a key under HKLM"),
    ("{part: a, registry: {key: HKLM/SOFTWARE/*/X, values: [A]}}", "[1].registry.key: expected names of keys"),
    ("{part: a, registry: {key: HKLM/SOFTWARE/../X, values: [A]}}", "[1].registry.key: expected names of keys"),
    ("{part: a, registry: {key: HKLM/SOFTWARE, values: [A], depth: 3}}", "[1].registry.key: expected a key further down"),
    ("{part: a, registry: {key: HKLM/SAM/Domains, values: [A]}}", "[1].registry.key: this key holds secrets"),
    ("{part: a, registry: {key: HKLM/security/Policy, values: [A]}}", "[1].registry.key: this key holds secrets"),
    (
        "{part: a, registry: {key: HKLM/SOFTWARE/X, values: [DefaultPassword]}}",
        "[1].registry.values[DefaultPassword]: this name",
    ),
    (
        "{part: a, registry: {key: HKLM/SOFTWARE/X, values: [DigitalProductId]}}",
        "[1].registry.values[DigitalProductId]: this",
    ),
    ("{part: a, registry: {key: HKLM/SOFTWARE/X, values: ['*']}}", "[1].registry.values[1]: a value is named in full"),
    ("{part: a, registry: {key: HKLM/SOFTWARE/X, values: all}}", "[1].registry: values: all is for a short list"),
    ("{part: a, registry: {key: HKLM/SOFTWARE/X, values: some}}", "[1].registry: values: expected a list of names"),
    ("{part: a, registry: {key: HKLM/SOFTWARE/X, values: 3}}", "[1].registry.values: expected a list in brackets"),
    ("{part: a, registry: {key: HKLM/SOFTWARE/X, values: [A], depth: 4}}", "[1].registry.depth: input should be less"),
    # services, files, events
    ("{part: a, services: {names: []}}", "[1].services.names: is an empty list"),
    ("{part: a, services: {names: ['*']}}", "[1].services.names[1]: expected the name of a service"),
    ("{part: a, services: {names: ['a?b']}}", "[1].services.names[1]: expected the name of a service"),
    ("{part: a, files: {paths: ['//srv/share/x']}}", "[1].files.paths[1]: expected a path of this machine"),
    ("{part: a, files: {paths: ['\\\\srv\\share']}}", "[1].files.paths[1]: expected / between"),
    ("{part: a, files: {paths: ['%APPDATA%/x']}}", "[1].files.paths[1]: expected a path that begins"),
    ("{part: a, files: {paths: ['C:/Users/*/x']}}", "[1].files.paths[1]: people's folders"),
    ("{part: a, files: {paths: ['%SystemDrive%/users/pat/*']}}", "[1].files.paths[1]: people's folders"),
    ("{part: a, files: {paths: ['C:/*/x']}}", "[1].files.paths[1]: a * stands for version folders"),
    ("{part: a, files: {paths: ['C:/a/*/b/*']}}", "[1].files.paths[1]: expected one * at most"),
    ("{part: a, files: {paths: ['C:/a/b*']}}", "[1].files.paths[1]: expected names of folders"),
    ("{part: a, files: {paths: ['C:/a/../b']}}", "[1].files.paths[1]: expected names of folders"),
    ("{part: a, files: {paths: ['C:/a/b'], text_kb: 257}}", "[1].files.text_kb: input should be less"),
    ("{part: a, files: {paths: ['C:/Users/pat/notes.txt'], text_kb: 1}}", "[1].files: text_kb: the text of people's"),
    ("{part: a, files: {paths: ['%windir%/Panther/unattend.xml'], text_kb: 1}}", "[1].files: text_kb: this kind of file"),
    ("{part: a, files: {paths: ['%windir%/System32/config/SAM'], text_kb: 1}}", "[1].files: text_kb: this kind of file"),
    ("{part: a, events: {log: System, ids: [1], days: 1, at_most: 51}}", "[1].events.at_most: input should be less"),
    ("{part: a, events: {log: System, ids: [], days: 1}}", "[1].events.ids: is an empty list"),
    ("{part: a, events: {log: 'Sys*', ids: [1], days: 1}}", "[1].events.log: expected the name of an event log"),
    (
        "{part: a, events: {log: System, ids: [1], days: 1, fields: [PlainPassword]}}",
        "[1].events.fields[PlainPassword]: this name",
    ),
]


@pytest.mark.parametrize(("item", "said"), BAD, ids=[item for item, _ in BAD])
def test_a_mistake_is_named_with_file_line_and_key(item: str, said: str) -> None:
    problems = refused(f"# a comment\n\n- {item}\n")
    assert any(problem.startswith(f"{FILE}:3: {said}") for problem in problems), problems


@pytest.mark.parametrize(
    "condition", ["VolumeType = 0", "DriveType=3 AND Name <> 'x'", "PartialProductKey IS NOT NULL", "A >= 1 or B = TRUE"]
)
def test_comparisons_with_constants_pass_as_a_condition(condition: str) -> None:
    item = json.dumps({"namespace": "root/cimv2", "class": "A", "keep": ["B"], "filter": condition})
    assert sent(f"- part: a\n  cim: {item}\n")["filter"] == condition


@pytest.mark.parametrize(
    "condition",
    [
        "Name LIKE '%'",
        "A = B",
        "A = 1; DROP",
        "A = 'it\\'s'",
        "A = 1 AND",
        "(A = 1)",
        "A = 1 UNION SELECT",
        "A = 'x' OR 'x' = 'x'",
        "A ISA 'B'",
        "A = 1\nOR B = 2",
        "A = '\u00e4'",
        "A = 1 " + "AND A = 1 " * 500,
    ],
)
def test_nothing_else_passes_as_a_condition(condition: str) -> None:
    item = json.dumps({"namespace": "root/cimv2", "class": "A", "keep": ["B"], "filter": condition})
    assert any("filter: " in problem for problem in refused(f"- part: a\n  cim: {item}\n"))


@pytest.mark.parametrize(
    ("condition", "passes"),
    [
        ("LocalAccount = TRUE", True),
        ("LocalAccount=TRUE AND Disabled = FALSE", True),
        ("LocalAccount = TRUE OR Disabled = FALSE", False),
        ("LocalAccount = TRUE AND Disabled = FALSE OR Disabled = TRUE", False),
        ("LocalAccount = FALSE", False),
        ("Disabled = FALSE", False),
    ],
)
def test_accounts_are_asked_of_this_machine_alone(condition: str, passes: bool) -> None:
    text = f"- part: a\n  cim: {{namespace: root/cimv2, class: Win32_UserAccount, keep: [SID], filter: {condition}}}\n"
    if passes:
        assert sent(text)["filter"] == condition
    else:
        assert "lists the whole domain" in refused(text)[0]


def test_all_mistakes_are_told_at_once() -> None:
    problems = refused(
        "- part: a\n  updates: {x: 1}\n- part: a\n  services: {names: [Ab], state: x}\n- part: b\n"
        "  registry: {key: HKLM/SAM/x, values: [Password]}\n"
    )
    assert [re.sub(rf"^{FILE}:|: .*", "", problem) for problem in problems] == ["2", "3", "4", "6", "6"]


def test_so_many_mistakes_are_counted() -> None:
    problems = refused("".join(f"- {{part: p{number}, x: 1}}\n" for number in range(100)))
    assert len(problems) == 51
    assert re.fullmatch(r"\.\.\. and [0-9]+ more", problems[-1])


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "is empty"),
        ("{}", "expected a list of questions"),
        ("[]", "expected a list of questions"),
        ("part: a", "expected a list of questions"),
        ("- part: [", "this is not YAML"),
        ("- !!python/object/apply:os.system [id]", "tag"),
        ("- part: a\n  part: b\n  updates: {}", "part"),
        ("- part: a\x07", "control character"),
        ("- &a [*a]", ""),
        ("- part: a\n  cim: [[[[]]]]", "expected keys and values"),
        ("- {1: 2, [a]: b}", ""),
        ("- part: a\n  updates: {}\n---\n- part: b\n", ""),
    ],
)
def test_hostile_yaml_is_refused_like_any_other_mistake(text: str, said: str) -> None:
    problems = refused(text)
    assert said in problems[0]
    assert all(problem.startswith(FILE) for problem in problems)


def test_a_bomb_of_aliases_is_refused() -> None:
    lines = ["- &a [x, x, x, x, x, x, x, x, x]"]
    lines += [f"- &{chr(98 + n)} [{', '.join(['*' + chr(97 + n)] * 9)}]" for n in range(9)]
    assert refused("\n".join(lines))


_TREES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=8,
)
_KEYS = st.sampled_from(
    ["part", "why", "limit", "cim", "call", "static", "paths", "registry", "services", "files", "events", "updates", "x"]
)


@given(st.lists(st.dictionaries(_KEYS, _TREES, max_size=5), min_size=1, max_size=3))
def test_whatever_stands_in_the_file_it_is_read_or_refused_with_its_place(items: list[Any]) -> None:
    said = ""
    probes: list[Probe] = []
    try:
        probes = read(json.dumps(items))
    except PluginError as error:
        said = str(error)
    assert bool(probes) != bool(said)
    assert all(line.startswith((FILE, "... and ")) for line in said.splitlines())
    assert all(probe.text.isascii() and "\n" not in probe.text for probe in probes)


def test_a_topic_reads_the_file_beside_its_snippets(tmp_path: Path) -> None:
    (tmp_path / "windows.yaml").write_text("- part: a\n  updates: {}\n")
    (tmp_path / "linux.sh").write_text("#: part b\ntrue\n")
    topic = Topic.from_folder(
        str(tmp_path / "__init__.py"), id="example", title="Example", parse=lambda *_: None, rules=ModuleType("rules")
    )
    assert [probe.part for probe in topic.probes_for(Platform.WINDOWS)] == ["example.a"]
    assert [probe.part for probe in topic.probes_for(Platform.LINUX)] == ["example.b"]


def test_a_broken_file_of_a_topic_is_named_with_its_path(tmp_path: Path) -> None:
    (tmp_path / "windows.yaml").write_text("- part: a\n")
    with pytest.raises(PluginError, match=re.escape(f"{tmp_path / 'windows.yaml'}:1: [1]: expected exactly one")):
        Topic.from_folder(
            str(tmp_path / "__init__.py"), id="example", title="Example", parse=lambda *_: None, rules=ModuleType("rules")
        )
