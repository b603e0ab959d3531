"""Lists of machines that other tools wrote, used as inventories: what comes out of them."""

from __future__ import annotations

from pathlib import Path

from scorecard.inventory import load
from scorecard.model import Endpoint, Platform, Role


def write(folder: Path, name: str, text: str) -> Path:
    file = folder / name
    file.write_text(text, encoding="utf-8")
    return file


def test_the_smallest_list(tmp_path: Path) -> None:
    file = write(tmp_path, "Harbour Dental.csv", "name\nweb1\n")
    (client,) = load([file]).clients
    assert (client.name, client.source) == ("Harbour Dental", f"{file}:1")
    assert client.endpoints == (Endpoint("web1", "Harbour Dental", "web1", source=f"{file}:2"),)


def test_a_list_as_a_remote_management_tool_writes_it(tmp_path: Path) -> None:
    file = write(
        tmp_path,
        "export.csv",
        '"Computer Name";"IP-Address";"OS";"Device Type";"Site Name";"Serial"\n'
        '"web1";"192.0.2.7";"Ubuntu 24.04.1 LTS";"Server";"Hill Road";"X1"\n'
        ";;;;;\n"
        '"laptop-ada";"";"Mac OS X 14";"Notebook";"";"X2"\n',
    )
    inventory = load([file])
    (client,) = inventory.clients
    web, laptop = client.endpoints
    assert (web.address, web.platform, web.role, web.site) == ("192.0.2.7", Platform.LINUX, Role.SERVER, "Hill Road")
    assert (laptop.address, laptop.platform, laptop.role, laptop.site) == ("laptop-ada", Platform.MACOS, Role.LAPTOP, "")
    assert (web.source, laptop.source) == (f"{file}:2", f"{file}:4")
    assert client.sites == ("Hill Road",)
    assert [str(warning) for warning in inventory.warnings] == [f"{file}:1: columns that are not used: 'Serial'"]
