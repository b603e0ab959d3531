"""The simulated machines of the rig: they answer in the form of the contract, and as their stories go."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from tests.rig.wsman.answers import answer
from tests.rig.wsman.machine import Machine, MachineError
from tests.rig.wsman.questions import check
from tests.rig.wsman.wql import InvalidQueryError, matches

NOW = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)
VOLUMES = {"namespace": "root/cimv2/Security/MicrosoftVolumeEncryption", "class": "Win32_EncryptableVolume"}
DEFAULTS: dict[str, dict[str, Any]] = {
    "cim": {"namespace": "root/cimv2", "filter": "", "keep": [], "call": [], "static": False, "paths": []},
    "registry": {"values": [], "all": False, "depth": 0, "at_most": 200},
    "services": {},
    "files": {"text_kb": 0},
    "events": {"provider": "", "levels": [], "days": 400, "at_most": 50, "fields": []},
    "updates": {"online": False},
}


def question(verb: str, /, **keys: Any) -> dict[str, Any]:
    return {"part": "test.part", "limit": 20, "size": 200_000, "verb": verb, **DEFAULTS[verb], **keys}


def asked(machine: str | Path, verb: str, /, **keys: Any) -> tuple[int, Any]:
    return answer(Machine.load(machine, NOW), check(question(verb, **keys)), lambda _: None)


def write(folder: Path, text: str) -> Path:
    folder.mkdir(exist_ok=True)
    (folder / "machine.yaml").write_text(text, encoding="utf-8")
    return folder


# --- cim -----------------------------------------------------------------------------------------------------------


def volume(machine: str) -> dict[str, Any]:
    calls = [{"name": "GetProtectionStatus", "in": {}}, {"name": "GetKeyProtectors", "in": {"VolumeKeyProtectorType": 0}}]
    code, payload = asked(machine, "cim", **VOLUMES, keep=["DriveLetter", "ProtectionStatus"], call=calls)
    assert code == 0
    assert len(payload["instances"]) == 1
    found: dict[str, Any] = payload["instances"][0]
    return found


@pytest.mark.parametrize(
    ("machine", "property_", "status", "protectors"),
    [
        ("windows-11-pro-well", 1, 1, 2),
        ("windows-11-home-suspended", 0, 0, 2),
        ("windows-11-waiting-for-activation", 0, 0, 0),
        ("windows-11-stale-property", 1, 0, 0),
    ],
)
def test_a_volume_answers_by_property_and_by_method(machine: str, property_: int, status: int, protectors: int) -> None:
    found = volume(machine)
    assert found["props"] == {"DriveLetter": "C:", "ProtectionStatus": property_}
    assert found["calls"] == {
        "GetProtectionStatus": {"return": 0, "out": {"ProtectionStatus": status}},
        "GetKeyProtectors": {"return": 0, "out": {"VolumeKeyProtectorID": {"count": protectors}}},
    }


def test_key_protectors_are_counted_by_type() -> None:
    def count(kind: int) -> Any:
        call = [{"name": "GetKeyProtectors", "in": {"VolumeKeyProtectorType": kind}}]
        payload = asked("windows-11-pro-well", "cim", **VOLUMES, call=call)[1]
        return payload["instances"][0]["calls"]["GetKeyProtectors"]["out"]["VolumeKeyProtectorID"]["count"]

    assert [count(kind) for kind in (0, 1, 3, 4)] == [2, 1, 1, 0]


@pytest.mark.parametrize(
    ("machine", "keys", "code"),
    [
        ("server-2022-core-no-bitlocker", VOLUMES, 0x8004100E),
        ("server-2022-core-no-bitlocker", {"namespace": "root/SecurityCenter2", "class": "AntiVirusProduct"}, 0x8004100E),
        ("windows-11-pro-well", {"class": "Win32_NoSuchThing"}, 0x80041010),
        ("no-admin-rights", VOLUMES, 0x80041003),
        ("windows-11-pro-well", {"class": "Win32_Volume", "filter": "DriveLetter LIKE 'C%'"}, 0x80041017),
        ("server-2012-r2-ps4", {"namespace": "root/Microsoft/Windows/Defender", "class": "X"}, 0x8004100E),
    ],
)
def test_what_is_not_there_or_not_ours_fails_as_on_windows(machine: str, keys: dict[str, str], code: int) -> None:
    found, payload = asked(machine, "cim", keep=["DeviceID"], **keys)
    assert found == code
    assert payload["error"]["hresult"] == f"0x{code:08X}"


def test_names_are_found_whatever_their_case() -> None:
    keys = {"class": "WIN32_volume", "namespace": "ROOT/CIMV2", "filter": "driveletter = 'c:'", "keep": ["name"]}
    code, payload = asked("windows-11-pro-well", "cim", **keys)
    assert (code, [instance["props"] for instance in payload["instances"]]) == (0, [{"name": "C:\\"}])


def test_a_message_comes_in_the_language_of_the_machine() -> None:
    assert asked("german", "cim", **{"class": "Nothing"}, keep=["A"])[1]["error"]["message"] == "Ungültige Klasse"


def test_a_named_file_is_looked_up() -> None:
    keys = {"namespace": "root/SecurityCenter2", "class": "AntiVirusProduct"}
    paths = ["pathToSignedReportingExe", "pathToSignedProductExe"]
    payload = asked("windows-11-pro-well", "cim", **keys, keep=paths, paths=paths)[1]
    found = payload["instances"][0]["paths"]
    assert found["pathToSignedReportingExe"]["exists"] is True
    assert found["pathToSignedReportingExe"]["version"] == "4.18.26090.6"
    assert found["pathToSignedProductExe"] == {"error": "0x800700A1"}


def test_a_static_method_and_a_method_that_fails(tmp_path: Path) -> None:
    machine = write(
        tmp_path / "ccm",
        """
        cim:
          root/ccm/ClientSDK:
            CCM_ClientUtilities:
              static: {DetermineIfRebootPending: {out: {RebootPending: true}}}
            Broken: {error: 0x80041013}
            Locked: [{Name: x, methods: {GetLockStatus: {error: 0x80310000}}, Size: {error: 0x80070005}}]
        """,
    )
    namespace = {"namespace": "root/ccm/ClientSDK"}
    call = [{"name": "DetermineIfRebootPending", "in": {}}]
    assert asked(machine, "cim", **namespace, **{"class": "CCM_ClientUtilities"}, call=call, static=True) == (
        0,
        {"calls": {"DetermineIfRebootPending": {"return": 0, "out": {"RebootPending": True}}}},
    )
    assert asked(machine, "cim", **namespace, **{"class": "Broken"}, keep=["A"])[0] == 0x80041013
    assert asked(machine, "cim", **namespace, **{"class": "Locked"}, call=call, static=True)[0] == 0x8004102E
    assert asked("windows-11-pro-well", "cim", **namespace, **{"class": "A"}, call=call, static=True)[0] == 0x8004100E
    calls = [{"name": "GetLockStatus", "in": {}}, {"name": "GetVersion", "in": {}}]
    locked = asked(machine, "cim", **namespace, **{"class": "Locked"}, keep=["Name", "Size"], call=calls)[1]["instances"][0]
    assert locked["props"]["Name"] == "x"
    assert locked["calls"] == {"GetLockStatus": {"error": "0x80310000"}, "GetVersion": {"error": "0x8004102E"}}


@pytest.mark.parametrize(
    ("condition", "expected"),
    [
        ("", True),
        ("DriveType = 3", True),
        ("drivetype=4", False),
        ("DriveType <> 4 AND Letter = 'c:'", True),
        ('Letter != "C:"', False),
        ("Size > 99 AND Size <= 100", True),
        ("Size >= 101", False),
        ("Size < 101", True),
        ("Boot = TRUE", True),
        ("Boot = false", False),
        ("Key IS NULL", True),
        ("Key IS NOT NULL", False),
        ("Key = 'x'", False),
        ("Letter IS NOT NULL AND DriveType = 4 OR Boot = TRUE", True),
        ("Boot = FALSE OR Boot = TRUE AND DriveType = 4", False),
        ("Letter = 3", False),
    ],
)
def test_conditions(condition: str, expected: bool) -> None:
    assert matches(condition, {"DriveType": 3, "Letter": "C:", "Size": 100, "Boot": True, "Key": None}) is expected


@pytest.mark.parametrize(
    "condition", ["DriveType", "= 3", "A = ", "A = 1 B = 2", "A = 1 AND", "(A = 1)", "A LIKE 'x'", "A = B"]
)
def test_conditions_that_a_host_refuses(condition: str) -> None:
    with pytest.raises(InvalidQueryError):
        matches(condition, {"A": 1})


# --- the other verbs -----------------------------------------------------------------------------------------------


def test_registry(tmp_path: Path) -> None:
    machine = write(
        tmp_path / "registry",
        """
        host: {is_admin: false}
        needs_administrator: {registry: [HKU, HKLM/SOFTWARE/A/Locked]}
        registry:
          HKLM/SOFTWARE/A: {Number: 7, Text: x, List: [a, b], Gone: null, Bad: {error: 0x80004005}}
          HKLM/SOFTWARE/A/One/Deep: {Text: deep}
          HKLM/SOFTWARE/A/Locked: {Text: hidden}
          HKLM/SOFTWARE/A/Two: {Bytes: {hex: %s}}
          HKU/S-1-5-21-1-2-3-1001/Software: {Text: theirs}
          HKU/S-1-5-21-1-2-3-1001_Classes/Software: {}
        """
        % ("ff" * 70),
    )
    key = "HKLM/software/A"
    code, payload = asked(machine, "registry", key=key, values=["Number", "text", "Gone", "Missing", "Bad"])
    assert code == 0
    assert payload["values"] == {"Number": 7, "text": "x", "Gone": None, "Missing": None, "Bad": {"error": "0x80004005"}}
    assert (payload["exists"], payload["keys"], payload["capped"]) == (True, {}, False)
    deep = asked(machine, "registry", key=key, values=["Text"], depth=2)[1]["keys"]
    assert deep["One"]["keys"]["Deep"] == {"exists": True, "values": {"Text": "deep"}, "keys": {}}
    assert deep["Locked"] == {"error": "0x80070005"}
    assert asked(machine, "registry", key=f"{key}/Two", values=["Bytes"])[1]["values"] == {"Bytes": {"hex": "ff" * 64}}
    assert list(asked(machine, "registry", key=key, all=True)[1]["values"]) == ["Number", "Text", "List", "Bad"]
    capped = asked(machine, "registry", key=key, depth=1, at_most=2)[1]
    assert (sorted(capped["keys"]), capped["capped"]) == (["Locked", "One"], True)
    assert asked(machine, "registry", key="HKLM/SOFTWARE/B")[1]["exists"] is False
    assert asked(machine, "registry", key=f"{key}/Locked")[0] == 0x80070005
    assert asked(machine, "registry", key="HKU/*/Software")[1] == {
        "users": {"S-1-5-21-1-2-3-1001": {"error": "0x80070005"}}
    }


def test_user_hives_are_read_by_an_administrator() -> None:
    users = asked("windows-11-pro-well", "registry", key="HKU/*/Control Panel/Desktop", values=["ScreenSaveTimeOut"])[1][
        "users"
    ]
    assert [user["values"] for user in users.values()] == [{"ScreenSaveTimeOut": "600"}]


def test_services_and_drivers() -> None:
    services = asked("windows-11-pro-well", "services", names=["windefend", "Wd*", "NoSuch"])[1]["services"]
    assert sorted(services) == ["wdboot", "wdfilter", "wdnisdrv", "wdnissvc", "windefend"]
    assert services["wdfilter"]["kind"] == "driver"
    assert (services["windefend"]["name"], services["windefend"]["state"]) == ("WinDefend", "Running")


def test_files(tmp_path: Path) -> None:
    machine = write(
        tmp_path / "files",
        r"""
        files:
          '%ProgramFiles%\A\1.0\a.exe': {size: 5, version: 1.0.0.0, modified: !ago 1d, text: abcd}
          'C:\Program Files\A\2.0\a.exe': {size: 6}
          'C:\Locked\a.txt': {error: 0x80070005}
        """,
    )
    found = asked(
        machine, "files", paths=["%PROGRAMFILES%/a/*/a.exe", "C:/none.txt", "C:/Locked/a.txt", "Z:/x"], text_kb=1
    )[1]["files"]
    assert [(file["path"], file["text"]) for file in found[:2]] == [
        (r"C:\Program Files\A\1.0\a.exe", "abcd"),
        (r"C:\Program Files\A\2.0\a.exe", None),
    ]
    assert found[0]["modified"] == "2026-02-28T12:00:00Z"
    nothing = {"path": None, "size": None, "modified": None, "version": None, "text": None}
    assert found[2] == {"asked": "C:/none.txt", "exists": False, **nothing}
    assert found[3]["exists"] == {"error": "0x80070005"}
    assert found[4] == {"asked": "Z:/x", "exists": {"error": "0x800700A1"}, **nothing}


def test_events_are_the_newest_of_what_was_asked() -> None:
    keys = {"log": "system", "provider": "Microsoft-Windows-WindowsUpdateClient", "ids": [19], "fields": ["updateTitle"]}
    code, payload = asked("windows-11-pro-well", "events", **keys)
    assert (code, payload["capped"], payload["log_enabled"]) == (0, False, True)
    assert [event["time"] for event in payload["events"]] == ["2026-03-01T08:00:00Z", "2026-02-20T12:00:00Z"]
    assert list(payload["events"][0]["data"]) == ["updateTitle"]
    assert asked("windows-11-pro-well", "events", **keys, at_most=1)[1]["capped"] is True
    assert len(asked("windows-11-pro-well", "events", **keys, days=1)[1]["events"]) == 1
    assert asked("windows-11-pro-well", "events", **keys, levels=[2])[1]["events"] == []
    assert asked("windows-11-pro-well", "events", log="No/Such", ids=[1])[0] == 0x80070002
    assert asked("no-admin-rights", "events", log="Security", ids=[1])[0] == 0x80070005


def test_the_update_agent() -> None:
    well = asked("windows-11-pro-well", "updates")[1]
    assert (well["missing"], well["errors"], len(well["history"])) == ([], {}, 2)
    denied = asked("update-agent-denied-24h2", "updates")[1]
    assert (denied["missing"], denied["history"], denied["last_search"]) == (None, [], None)
    assert set(denied["errors"].values()) == {"0x80070005"}
    assert asked("no-admin-rights", "updates")[1]["missing"] is None


def test_an_update_agent_that_is_disabled(tmp_path: Path) -> None:
    machine = write(tmp_path / "disabled", "services: {wuauserv: {state: Stopped, start_mode: Disabled}}")
    assert asked(machine, "updates")[1]["errors"] == dict.fromkeys(("search", "history", "auto"), "0x80070422")


def test_constrained_language_forbids_what_needs_dot_net_or_com() -> None:
    machine = "constrained-language"
    assert asked(machine, "updates")[0] == 77
    assert asked(machine, "events", log="System", ids=[19], fields=["updateTitle"])[0] == 77
    assert asked(machine, "events", log="System", ids=[19])[0] == 0
    assert asked(machine, "cim", **VOLUMES, keep=["DriveLetter"])[0] == 0


@pytest.mark.parametrize(
    ("verb", "keys", "code", "waited"),
    [
        ("cim", {"class": "Win32_Volume", "keep": ["Name"]}, 0x80041069, 20),
        ("registry", {"key": "HKLM/SOFTWARE/A"}, 124, 30),
        ("updates", {}, 0, 30),
    ],
)
def test_a_slow_answer(tmp_path: Path, verb: str, keys: dict[str, Any], code: int, waited: float) -> None:
    machine = write(tmp_path / "slow", "delays: {test.part: 30}")
    slept: list[float] = []
    assert answer(Machine.load(machine, NOW), question(verb, **keys), slept.append)[0] == code
    assert slept == [waited]


# --- the files of a machine ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("colour: blue", "no such section: colour"),
        ("host: {booted: !ago soon}", "expected a number"),
        ("a: [", "machine.yaml"),
    ],
)
def test_a_machine_that_is_written_wrong_is_refused(tmp_path: Path, text: str, said: str) -> None:
    with pytest.raises(MachineError, match=said):
        Machine.load(write(tmp_path / "wrong", text))


def test_a_machine_that_is_not_there_is_refused() -> None:
    with pytest.raises(MachineError, match="no machine"):
        Machine.load("windows-95")


def test_times_are_written_as_each_place_holds_them(tmp_path: Path) -> None:
    text = "host: {a: !ago 1h, b: !ago-rfc1123 1d, c: !ago-us 1d, d: !ago-as '30m at %H.%M', e: !ago -2d, f: 2026-01-02}"
    assert Machine.load(write(tmp_path / "times", text), NOW).section("host") == {
        "a": "2026-03-01T11:00:00Z",
        "b": "Sat, 28 Feb 2026 12:00:00 GMT",
        "c": "2/28/2026",
        "d": "at 11.30",
        "e": "2026-03-03T12:00:00Z",
        "f": "2026-01-02",
    }
