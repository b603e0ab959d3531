"""Windows' support dates: the edition decides, both witnesses must agree, and nothing that is lost or made up helps."""

from __future__ import annotations

import json
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
import yaml
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from scorecard.errors import FactUnavailable
from scorecard.model import Host, Observation, Observations, Outcome, Platform, Seen, Status, Unseen, Verdict, unknown
from scorecard.registry import Registry
from scorecard.topic import Parameters
from tests import cases
from tests.losses import never_help

TOPIC = Registry.load().by_id["os-support"]
RECORDED = [case for case in cases.cases("os-support") if case.platform is Platform.WINDOWS]
PARTS = [probe.part for probe in TOPIC.probes_for(Platform.WINDOWS)]
ROWS: list[dict[str, Any]] = [
    row
    for row in yaml.safe_load(TOPIC.data_files[0].path.read_text(encoding="utf-8"))["rows"]
    if row["product"].startswith("windows")
]
EDITIONS = {
    "home-pro": ("Core", "CoreN", "CoreSingleLanguage", "Professional", "ProfessionalWorkstation", "ProfessionalEducation"),
    "enterprise": ("Enterprise", "EnterpriseN", "Education", "IoTEnterprise"),
    "ltsc": ("EnterpriseS", "EnterpriseSN"),
    "iot-ltsc": ("IoTEnterpriseS",),
    "long-term": ("ServerStandard", "ServerDatacenter"),
    "annual-channel": ("ServerStandardACor",),
}


def supported(observations: Observations, host: Host) -> Verdict:
    check = next(check for check in TOPIC.checks if check.id == "os-support.supported")
    try:
        return check.rule(TOPIC.parse(observations, host), host, Parameters(check.defaults()))
    except FactUnavailable as error:
        return unknown(error.reason)


def answered(**parts: object) -> dict[str, Observation]:
    named = {f"os-support.{noun.replace('_', '-')}": json.dumps(answer) for noun, answer in parts.items()}
    return {part: Observation(part, Outcome.OK, text, 0, 1) for part, text in named.items()}


def machine(row: dict[str, Any], edition: str, day: date) -> tuple[dict[str, Observation], Host]:
    kind = "Server" if row["product"] == "windows-server" else "Client"
    values = {
        "EditionID": edition,
        "InstallationType": kind,
        "CurrentBuildNumber": row["version"],
        "ProductName": row["name"],
    }
    observations = answered(
        release={"exists": True, "values": values, "keys": {}, "capped": False},
        esu_licence={"instances": [], "capped": False},
        esu_services={"services": {}},
    )
    as_of = datetime(day.year, day.month, day.day, 12, tzinfo=UTC)
    version = f"10.0.{row['version']}"
    return observations, cases.host(Platform.WINDOWS, product=row["product"], edition=edition, version=version, as_of=as_of)


@pytest.mark.parametrize("row", ROWS, ids=[row["name"] for row in ROWS])
def test_every_edition_of_a_row_passes_to_its_last_day_and_not_one_longer(row: dict[str, Any]) -> None:
    if row["free"] == "ended":
        assert supported(*machine(row, EDITIONS[row["edition"]][0], cases.AS_OF.date())).status is Status.FAIL
        return
    last = row["free"] if isinstance(row["free"], date) else date.fromisoformat(row["free"].partition("..")[0])
    for edition in EDITIONS[row["edition"]]:
        before = supported(*machine(row, edition, last))
        assert before.status is Status.PASS, (edition, before)
        assert row["name"] in before.measured
        after = supported(*machine(row, edition, last + timedelta(days=1)))
        assert after.status is not Status.PASS, (edition, after)


def test_server_and_client_of_one_build_have_their_own_dates() -> None:
    shared = {row["version"] for row in ROWS if row["product"] == "windows"}
    for row in ROWS:
        if row["product"] == "windows-server" and row["version"] in shared:
            found = supported(*machine(row, EDITIONS[row["edition"]][0], date(2016, 1, 1)))
            assert "Windows Server" in f"{found.measured} {found.reason}"


@pytest.mark.parametrize(
    "edition", ["", "Enterprise S", "CloudEdition", "EnterpriseEval", "ServerRdsh", "professional", "IoTEnterprise\n", "*"]
)
def test_an_edition_that_is_not_known_is_not_guessed(edition: str) -> None:
    row = next(row for row in ROWS if row["name"] == "Windows 11 25H2 Home or Pro")
    verdict = supported(*machine(row, edition, date(2026, 11, 20)))
    assert verdict.status is Status.UNKNOWN
    assert "edition" in (verdict.reason or "")


def test_updates_are_still_published_only_where_support_lasts() -> None:
    assert TOPIC.traits is not None
    row = next(row for row in ROWS if row["name"] == "Windows 11 24H2 Home or Pro")
    for day, published in ((date(2026, 10, 13), True), (date(2026, 10, 14), False)):
        observations, host = machine(row, "Professional", day)
        assert TOPIC.traits(TOPIC.parse(observations, host), host) == {"updates-published": Seen(published)}


JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**70), 2**70)
    | st.sampled_from(["", "Client", "19045", "Professional", "1043add5-23b1-4afb-9a0f-64343c8f3f8d", "0x80070005"]),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(
                ["exists", "values", "keys", "capped", "instances", "props", "ID", "LicenseStatus", "services", "error"]
            ),
            inner,
            max_size=4,
        )
    ),
    max_leaves=15,
)
NOISE = st.one_of(JSON.map(json.dumps), st.text(max_size=60), st.just("[" * 50_000))


@settings(max_examples=300, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(
    texts=st.fixed_dictionaries(dict.fromkeys(PARTS, NOISE)),
    outcomes=st.fixed_dictionaries({part: st.sampled_from(list(Outcome)) for part in PARTS}),
    product=st.sampled_from(["windows", "windows-server", Unseen("not told")]),
    build=st.sampled_from(["10.0.26200", "10.0.19045", "10.0.17763", "6.3.9600", Unseen("not told"), None, "x"]),
)
def test_noise_never_raises_and_never_passes(
    texts: dict[str, str], outcomes: dict[str, Outcome], product: object, build: object
) -> None:
    observations = {part: Observation(part, outcomes[part], texts[part], 0, 1, reason="lost") for part in PARTS}
    host = cases.host(Platform.WINDOWS, product=product, version=build, edition="Professional")
    assert supported(observations, host).status is not Status.PASS


def passing(observations: Observations, host: Host) -> set[str]:
    return {"supported"} if supported(observations, host).status is Status.PASS else set()


@settings(max_examples=200, deadline=None)
@given(case=st.sampled_from(RECORDED), data=st.data())
def test_losing_any_part_never_helps(case: cases.Case, data: st.DataObject) -> None:
    never_help(case, PARTS, data, passing)
