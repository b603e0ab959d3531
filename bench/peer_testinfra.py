"""What pytest-testinfra runs, in the interpreter that has it, copied to a folder of its own: the probe, or forty checks.

The checks are such as its users write, each a question of its own to the endpoint.
"""

from __future__ import annotations

import os
from typing import Any

import pytest

_NAMES = ("passwd", "group", "shadow", "profile", "shells", "hosts", "login.defs", "nsswitch.conf")
_FILES = tuple(f"/etc/{name}" for name in _NAMES)


def test_probe(host: Any) -> None:
    answer = host.run(os.environ["BENCH_PROBE"])
    assert answer.rc == 0
    print(answer.stdout)


@pytest.mark.parametrize("path", _FILES)
def test_exists(host: Any, path: str) -> None:
    assert host.file(path).exists


@pytest.mark.parametrize("path", _FILES)
def test_belongs_to_root(host: Any, path: str) -> None:
    assert host.file(path).user == "root"


@pytest.mark.parametrize("path", _FILES)
def test_is_not_writable_for_all(host: Any, path: str) -> None:
    assert not host.file(path).mode & 0o002


@pytest.mark.parametrize("name", ["root", "daemon", "bin", "nobody", "mail", "sys", "games", "backup"])
def test_user(host: Any, name: str) -> None:
    assert host.user(name).exists


@pytest.mark.parametrize("name", ["dpkg", "bash", "coreutils", "libc6", "tar", "gzip", "sed"])
def test_package(host: Any, name: str) -> None:
    assert host.package(name).is_installed


def test_the_probe_as_well(host: Any) -> None:
    test_probe(host)
