"""The patching probes ask real package managers about small repositories whose state is known."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from scorecard.errors import FactUnavailable
from scorecard.model import Outcome, Platform, Seen, Status, Unseen, Verdict, Virtual, unknown
from scorecard.registry import Registry
from scorecard.topic import Parameters, Topic
from tests.rig.repos.apt import DebPackage, build_apt_repository, build_deb, source_line
from tests.rig.repos.pacman import PacmanPackage, build_pacman_package, build_pacman_repository
from tests.rig.repos.private import Asked, PrivateUnavailable, ask_private, check_private
from tests.rig.repos.rpm import Advisory, RpmPackage, build_rpm, build_rpm_repository, repository_file
from tests.rig.required import cannot_run

pytestmark = pytest.mark.rig

NOW = datetime.now(UTC)
ROCKY = 'ID=rocky\nID_LIKE="rhel centos fedora"\nVERSION_ID="9.4"\nPRETTY_NAME="Rocky Linux 9.4"'
LEAP = 'ID=opensuse-leap\nID_LIKE="suse opensuse"\nVERSION_ID="15.6"\nPRETTY_NAME="openSUSE Leap 15.6"'
ARCH = 'ID=arch\nPRETTY_NAME="Arch Linux"'
DEBIAN = 'ID=debian\nVERSION_ID="12"\nPRETTY_NAME="Debian GNU/Linux 12 (bookworm)"'


@dataclass(frozen=True)
class Result:
    """Facts and verdicts of one asked system, as on a machine of its own."""

    asked: Asked
    facts: Any
    topic: Topic

    def verdict(self, noun: str) -> Verdict:
        check = next(check for check in self.topic.checks if check.id == f"patching.{noun}")
        try:
            found = check.rule(self.facts, replace(self.asked.host, virtual=Seen(Virtual.NO)), Parameters(check.defaults()))
        except FactUnavailable as error:
            return unknown(error.reason)
        assert isinstance(found, Verdict)
        return found

    @property
    def missing(self) -> dict[str, Any]:
        assert isinstance(self.facts.updates.missing, Seen), self.facts.updates.missing
        return {update.name: update for update in self.facts.updates.missing.value}


@pytest.fixture(scope="module")
def topic() -> Topic:
    return Registry.load().by_id["patching"]


Ask = Callable[..., Result]


@pytest.fixture
def ask(topic: Topic) -> Ask:
    def run(os_release: str, setup: str, *, needs: tuple[str, ...] = (), as_root: bool = True) -> Result:
        try:
            check_private(*needs)
        except PrivateUnavailable as error:
            cannot_run(str(error))
        asked = ask_private(topic.probes_for(Platform.LINUX), os_release, setup, as_root=as_root)
        return Result(asked, topic.parse(asked.observations, asked.host), topic)

    return run


def needs(*programs: str) -> None:
    try:
        check_private(*programs)
    except PrivateUnavailable as error:
        cannot_run(str(error))


# --- apt -------------------------------------------------------------------------------------------------------------

ALPHA, BETA, GAMMA = (DebPackage(name, "1.0-1", "amd64") for name in ("alpha", "beta", "gamma"))
ALPHA_FIXED, BETA_NEWER = DebPackage("alpha", "1.0-1+deb12u1", "amd64"), DebPackage("beta", "2.0-1", "amd64")


def apt_setup(
    folder: Path, *, security: datetime | None, fixed: tuple[DebPackage, ...] = (ALPHA_FIXED,), extra: str = ""
) -> str:
    """An empty dpkg database with three packages in it, and sources of our own."""
    installed = [build_deb(folder / "old", package) for package in (ALPHA, BETA, GAMMA)]
    repository = folder / "repository"
    build_apt_repository(
        repository,
        [BETA_NEWER],
        suite="oldstable",
        codename="bookworm",
        label="Debian",
        version="12.15",
        date=NOW - timedelta(100),
    )
    lines = source_line(repository, "bookworm")
    if security:
        build_apt_repository(
            repository,
            fixed,
            suite="oldstable-security",
            codename="bookworm-security",
            label="Debian-Security",
            date=security,
        )
        lines += source_line(repository, "bookworm-security")
    return f"""
        rm -rf /etc/apt/sources.list.d /var/lib/apt/lists /var/lib/apt/periodic /var/log/apt /var/log/dpkg.log*
        mkdir -p /var/lib/apt/lists/partial /var/log/apt
        printf '%s' '{lines}' >/etc/apt/sources.list
        : >/var/lib/dpkg/status
        dpkg --force-all --no-triggers --install {" ".join(str(deb) for deb in installed)}
        apt-get -q -o APT::Sandbox::User=root update
        {extra}
    """


def test_apt_tells_security_updates_apart(ask: Ask, tmp_path: Path) -> None:
    needs("dpkg-deb", "apt-get")
    result = ask(DEBIAN, apt_setup(tmp_path, security=NOW - timedelta(1)))
    assert {name: update.security for name, update in result.missing.items()} == {"alpha": Seen(True), "beta": Seen(False)}
    verdict = result.verdict("security-updates")
    assert verdict.status is Status.FAIL, verdict
    assert "alpha" in verdict.measured
    assert result.verdict("sources-fresh").status is Status.PASS
    assert result.asked.changed == (), "asking apt wrote files"


def test_apt_after_a_full_upgrade_misses_nothing(ask: Ask, tmp_path: Path) -> None:
    needs("dpkg-deb", "apt-get")
    upgrade = "apt-get -qy -o Dpkg::Options::=--force-all -o APT::Sandbox::User=root dist-upgrade"
    result = ask(DEBIAN, apt_setup(tmp_path, security=NOW - timedelta(1), extra=upgrade))
    assert result.missing == {}
    assert result.verdict("security-updates").status is Status.PASS
    assert result.verdict("last-installed").status is Status.PASS
    last = result.facts.updates.last_security_installed.seen()
    assert NOW - timedelta(minutes=10) < last < NOW + timedelta(minutes=10)


def test_a_held_package_is_missing_its_fix(ask: Ask, tmp_path: Path) -> None:
    needs("dpkg-deb", "apt-get")
    result = ask(DEBIAN, apt_setup(tmp_path, security=NOW - timedelta(1), extra="apt-mark hold alpha"))
    assert result.missing["alpha"].held == Seen(True)
    verdict = result.verdict("security-updates")
    assert verdict.status is Status.FAIL
    assert "held back" in verdict.measured


def test_a_pinned_package_is_missing_its_fix(ask: Ask, tmp_path: Path) -> None:
    pin = "printf 'Package: alpha\\nPin: version 1.0-1\\nPin-Priority: 1001\\n' >/etc/apt/preferences"
    result = ask(DEBIAN, apt_setup(tmp_path, security=NOW - timedelta(1), extra=pin))
    assert result.missing["alpha"].security == Seen(True)
    assert result.missing["alpha"].held == Seen(True)
    assert result.verdict("security-updates").status is Status.FAIL


def test_a_security_source_that_a_pin_hides_is_not_nothing_missing(ask: Ask, tmp_path: Path) -> None:
    pin = "printf 'Package: *\\nPin: release l=Debian-Security\\nPin-Priority: -1\\n' >/etc/apt/preferences"
    result = ask(DEBIAN, apt_setup(tmp_path, security=NOW - timedelta(1), extra=pin))
    verdict = result.verdict("security-updates")
    assert verdict.status is Status.UNKNOWN
    assert "priority" in str(verdict.reason)


def test_a_fix_behind_a_newer_ordinary_version_is_still_a_security_update(ask: Ask, tmp_path: Path) -> None:
    needs("dpkg-deb", "apt-get")
    fixed = DebPackage("beta", "1.0-1+deb12u1", "amd64")
    result = ask(DEBIAN, apt_setup(tmp_path, security=NOW - timedelta(1), fixed=(fixed,)))
    assert result.missing["beta"].candidate == "2.0-1"
    assert result.missing["beta"].security == Seen(True)


def test_apt_with_old_lists_does_not_know(ask: Ask, tmp_path: Path) -> None:
    needs("dpkg-deb", "apt-get")
    result = ask(DEBIAN, apt_setup(tmp_path, security=NOW - timedelta(90), fixed=()))
    assert result.verdict("security-updates").status is Status.UNKNOWN
    assert "90 days" in str(result.verdict("security-updates").reason)
    assert result.verdict("sources-fresh").status is Status.FAIL


def test_apt_without_its_security_source_does_not_know(ask: Ask, tmp_path: Path) -> None:
    needs("dpkg-deb", "apt-get")
    result = ask(DEBIAN, apt_setup(tmp_path, security=None, extra="touch /var/lib/apt/periodic-stamp"))
    assert result.facts.updates.security_source == Seen(False)
    assert result.verdict("security-updates").status is Status.UNKNOWN
    assert result.verdict("sources-fresh").status is not Status.PASS


def test_apt_without_lists_does_not_know(ask: Ask, tmp_path: Path) -> None:
    needs("dpkg-deb", "apt-get")
    setup = apt_setup(tmp_path, security=NOW, extra="rm -rf /var/lib/apt/lists/*")
    result = ask(DEBIAN, setup)
    assert isinstance(result.facts.updates.missing, Unseen)
    assert result.verdict("security-updates").status is Status.UNKNOWN
    assert result.verdict("sources-fresh").status is Status.UNKNOWN


def test_a_damaged_list_is_not_an_empty_one(ask: Ask, tmp_path: Path) -> None:
    needs("dpkg-deb", "apt-get")
    damage = "for f in /var/lib/apt/lists/*Packages*; do printf 'Package: x\\nVersion\\n\\037garbage' >\"$f\"; done"
    result = ask(DEBIAN, apt_setup(tmp_path, security=NOW, extra=damage))
    assert result.verdict("security-updates").status is Status.UNKNOWN


def test_apt_answers_without_root(ask: Ask, tmp_path: Path) -> None:
    needs("dpkg-deb", "apt-get")
    tmp_path.chmod(0o755)
    result = ask(
        DEBIAN, apt_setup(tmp_path, security=NOW - timedelta(1), extra="chmod -R a+rX /var/lib/apt /etc/apt"), as_root=False
    )
    assert result.asked.host.privileged == Seen(False)
    assert result.missing["alpha"].security == Seen(True)


def test_a_private_system_cannot_change_the_machine(ask: Ask) -> None:
    needs()
    before = Path("/usr/lib/os-release").read_bytes()
    result = ask(ARCH, "if echo broken >>/usr/lib/os-release; then exit 1; fi; test ! -L /etc/os-release")
    assert result.asked.host.product == Seen("arch")
    assert Path("/usr/lib/os-release").read_bytes() == before
    assert Path("/etc/os-release").read_bytes() == before


# --- dnf -------------------------------------------------------------------------------------------------------------

OLD = [RpmPackage(name, "1.0") for name in ("alpha", "beta")]
NEW = [RpmPackage(name, "2.0") for name in ("alpha", "beta")]
LONG_AGO = NOW - timedelta(days=40)


def rpm_setup(folder: Path, text: str, extra: str) -> str:
    """An rpm database of its own with alpha and beta 1.0, and none of dpkg; `text` is the file with sources."""
    files = " ".join(str(build_rpm(folder / "old", package)) for package in OLD)
    return f"""
        : >/var/lib/dpkg/status
        mkdir -p /etc/rpm /etc/yum.repos.d /etc/zypp/repos.d /var/lib/rpm
        echo '%_dbpath /var/lib/rpm' >/etc/rpm/macros
        printf '%s' '{text}' >/etc/yum.repos.d/test.repo
        cp /etc/yum.repos.d/test.repo /etc/zypp/repos.d/test.repo
        rpm --install --nodeps {files}
        {extra}
    """


def advised(folder: Path) -> Path:
    """alpha 2.0 mends a hole, beta 2.0 mends a bug."""
    security = Advisory("RHSA-2026:1234", (NEW[0],), LONG_AGO)
    bugfix = Advisory("RHBA-2026:2000", (NEW[1],), LONG_AGO, type="bugfix", severity="None")
    return build_rpm_repository(folder / "advised", NEW, [security, bugfix])


def dnf(ask: Ask, folder: Path, text: str, extra: str = "dnf -q makecache", **options: Any) -> Result:
    needs("dnf", "rpmbuild", "createrepo_c", "modifyrepo_c")
    return ask(ROCKY, rpm_setup(folder, text, extra), **options)


def test_dnf_dates_a_missing_security_update_by_its_advisory(ask: Ask, tmp_path: Path) -> None:
    result = dnf(ask, tmp_path, repository_file("test", advised(tmp_path)))
    assert {name: update.security for name, update in result.missing.items()} == {"alpha": Seen(True), "beta": Seen(False)}
    verdict = result.verdict("security-updates")
    assert verdict.status is Status.FAIL
    assert "RHSA-2026:1234" in verdict.measured
    assert "40 days" in verdict.measured
    assert result.verdict("sources-fresh").status is Status.PASS
    own = ("/log/", "/zypp/", "sqlite-")
    assert [name for name in result.asked.changed if not any(part in name for part in own)] == [], "asking wrote files"


def test_dnf_after_an_upgrade_misses_nothing(ask: Ask, tmp_path: Path) -> None:
    result = dnf(ask, tmp_path, repository_file("test", advised(tmp_path)), "dnf -q makecache; dnf -qy upgrade")
    assert result.missing == {}
    assert result.facts.updates.told_apart == Seen(True)
    assert result.verdict("security-updates").status is Status.PASS
    assert result.facts.updates.last_security_installed.seen() is not None


def test_sources_without_advisories_make_every_update_count(ask: Ask, tmp_path: Path) -> None:
    plain = build_rpm_repository(tmp_path / "plain", NEW)
    result = dnf(ask, tmp_path, repository_file("test", plain))
    assert result.facts.updates.told_apart == Seen(False)
    verdict = result.verdict("security-updates")
    assert verdict.status is Status.FAIL
    assert "2 updates missing" in verdict.measured


def test_a_dead_source_that_dnf_skips_is_not_nothing_missing(ask: Ask, tmp_path: Path) -> None:
    gone = repository_file("gone", tmp_path / "gone", skip_if_unavailable="1")
    text = repository_file("test", advised(tmp_path)) + gone
    result = dnf(ask, tmp_path, text, "dnf -q makecache; dnf -qy upgrade")
    assert "gone" in str(result.facts.updates.blind)
    assert result.verdict("security-updates").status is Status.UNKNOWN


def test_an_excluded_package_is_missing_its_fix(ask: Ask, tmp_path: Path) -> None:
    text = repository_file("test", advised(tmp_path), excludepkgs="alpha*")
    result = dnf(ask, tmp_path, text, "dnf -q makecache; dnf -qy upgrade")
    assert result.missing["alpha"].held == Seen(True)
    assert result.missing["alpha"].security == Seen(True)
    assert result.verdict("security-updates").status is Status.FAIL


def test_dnf_without_a_cache_does_not_know(ask: Ask, tmp_path: Path) -> None:
    result = dnf(ask, tmp_path, repository_file("test", advised(tmp_path)), "rm -rf /var/cache/dnf")
    assert result.verdict("security-updates").status is Status.UNKNOWN


def test_dnf_without_root_is_denied(ask: Ask, tmp_path: Path) -> None:
    tmp_path.chmod(0o755)
    result = dnf(ask, tmp_path, repository_file("test", advised(tmp_path)), as_root=False)
    assert result.asked.observations["patching.dnf-updates"].outcome is Outcome.DENIED
    assert result.verdict("security-updates").status is Status.UNKNOWN


# --- zypper ----------------------------------------------------------------------------------------------------------


def zypper(ask: Ask, folder: Path, text: str, extra: str = "zypper -nq refresh", **options: Any) -> Result:
    needs("zypper", "rpmbuild", "createrepo_c", "modifyrepo_c")
    return ask(LEAP, rpm_setup(folder, text, extra), **options)


def test_zypper_dates_a_missing_security_patch(ask: Ask, tmp_path: Path) -> None:
    result = zypper(ask, tmp_path, repository_file("test", advised(tmp_path)))
    assert result.missing["RHSA-2026:1234"].security == Seen(True)
    assert result.missing["RHBA-2026:2000"].security == Seen(False)
    verdict = result.verdict("security-updates")
    assert verdict.status is Status.FAIL
    assert "40 days" in verdict.measured
    assert result.verdict("sources-fresh").status is Status.PASS


def test_zypper_after_patching_misses_nothing(ask: Ask, tmp_path: Path) -> None:
    result = zypper(ask, tmp_path, repository_file("test", advised(tmp_path)), "zypper -nq refresh; zypper -nq update")
    assert result.missing == {}
    assert result.verdict("security-updates").status is Status.PASS
    assert result.verdict("last-installed").status is Status.PASS
    assert result.facts.updates.last_security_installed.seen() is not None
    assert [name for name in result.asked.changed if "/cache/zypp/" in name] == []


def test_zypper_without_patches_counts_every_update(ask: Ask, tmp_path: Path) -> None:
    plain = build_rpm_repository(tmp_path / "plain", NEW)
    result = zypper(ask, tmp_path, repository_file("test", plain))
    assert result.facts.updates.told_apart == Seen(False)
    assert set(result.missing) == {"alpha", "beta"}
    assert result.verdict("security-updates").status is Status.FAIL


def test_zypper_with_a_source_never_read_does_not_know(ask: Ask, tmp_path: Path) -> None:
    text = repository_file("test", advised(tmp_path)) + repository_file("gone", tmp_path / "gone")
    result = zypper(ask, tmp_path, text, "zypper -nq refresh test; zypper -nq update || true")
    assert result.verdict("security-updates").status is Status.UNKNOWN
    assert result.verdict("sources-fresh").status is Status.UNKNOWN


def test_zypper_fetches_no_source_that_was_never_read(ask: Ask, tmp_path: Path) -> None:
    """Even with --no-refresh zypper fetches a source that it has no list of: then it is not asked at all."""
    text = repository_file("test", advised(tmp_path))
    result = zypper(ask, tmp_path, text, "rm -rf /var/cache/zypp")
    assert [name for name in result.asked.changed if "/zypp/" in name] == []
    verdict = result.verdict("security-updates")
    assert verdict.status is Status.UNKNOWN
    assert "test was never read" in str(verdict.reason)


def test_zypper_without_sources_does_not_know(ask: Ask, tmp_path: Path) -> None:
    result = zypper(ask, tmp_path, "", "true")
    assert result.verdict("security-updates").status is Status.UNKNOWN


# --- pacman ----------------------------------------------------------------------------------------------------------


def pacman(ask: Ask, folder: Path, extra: str) -> Result:
    needs("pacman", "repo-add")
    repository = folder / "core"
    new = [PacmanPackage("foo", "1.1-1"), PacmanPackage("bar", "1.1-1")]
    build_pacman_repository(repository, "core", new)
    old = " ".join(str(build_pacman_package(folder / "old", PacmanPackage(name, "1.0-1"))) for name in ("foo", "bar"))
    setup = f"""
        : >/var/lib/dpkg/status
        rm -rf /var/lib/pacman
        mkdir -p /var/lib/pacman/local /var/lib/pacman/sync /var/cache/pacman/pkg
        printf '[options]\\nArchitecture = auto\\nSigLevel = Never\\n' >/etc/pacman.conf
        printf '[core]\\nServer = file://{repository}\\n' >>/etc/pacman.conf
        pacman --noconfirm -U {old}
        {extra}
    """
    return ask(ARCH, setup)


def test_pacman_counts_every_update(ask: Ask, tmp_path: Path) -> None:
    result = pacman(ask, tmp_path, "pacman --noconfirm -Sy")
    assert set(result.missing) == {"foo", "bar"}
    assert result.facts.updates.told_apart == Seen(False)
    assert result.verdict("security-updates").status is Status.FAIL
    assert result.verdict("sources-fresh").status is Status.PASS


def test_pacman_after_a_full_upgrade_misses_nothing(ask: Ask, tmp_path: Path) -> None:
    result = pacman(ask, tmp_path, "pacman --noconfirm -Syu")
    assert result.missing == {}
    assert result.verdict("security-updates").status is Status.PASS
    assert result.verdict("last-installed").status is Status.PASS


def test_pacman_without_lists_does_not_know(ask: Ask, tmp_path: Path) -> None:
    result = pacman(ask, tmp_path, "true")
    assert result.verdict("security-updates").status is Status.UNKNOWN
    assert result.verdict("sources-fresh").status is Status.UNKNOWN


def test_what_pacman_ignores_is_missing_all_the_same(ask: Ask, tmp_path: Path) -> None:
    ignore = "sed -i 's/^\\[options\\]/[options]\\nIgnorePkg = foo/' /etc/pacman.conf; pacman --noconfirm -Syu"
    result = pacman(ask, tmp_path, ignore)
    assert set(result.missing) == {"foo"}
    assert result.missing["foo"].held == Seen(True)
    assert result.verdict("security-updates").status is Status.FAIL
