"""Docker's folders of authorities and client certificates."""

from __future__ import annotations

from pathlib import Path

import pytest

from builder.errors import UsageError
from builder.http.connections import ORDINARY
from builder.registry.certificates import certificate_folders, security_for


def place(folder: Path, host: str, *names: str) -> Path:
    (folder / host).mkdir(parents=True)
    for name in names:
        (folder / host / name).write_text("")
    return folder


def test_all_folders_count(tmp_path: Path) -> None:
    first = place(tmp_path / "a", "registry.example:5000", "ca.crt", "me.cert", "me.key", "README")
    second = place(tmp_path / "b", "registry.example:5000", "other.crt")
    found = security_for("registry.example:5000", (str(first), str(second)))
    assert found.verify
    assert [Path(path).name for path in found.authorities] == ["ca.crt", "other.crt"]
    assert [[Path(path).name for path in pair] for pair in found.pairs] == [["me.cert", "me.key"]]
    assert security_for("registry.example", (str(first), str(second))) == ORDINARY


@pytest.mark.parametrize("names", [["me.cert"], ["me.key"], ["me.cert", "you.key"]])
def test_half_a_certificate_is_an_error(tmp_path: Path, names: list[str]) -> None:
    folder = place(tmp_path, "registry.example", *names)
    with pytest.raises(UsageError) as caught:
        security_for("registry.example", (str(folder),))
    assert caught.value.code == "bad-certificates"


@pytest.mark.parametrize("host", ["..", ".", "", "nobody"])
def test_what_is_no_host_has_none(tmp_path: Path, host: str) -> None:
    folder = place(tmp_path / "certs.d", "registry.example", "ca.crt")
    (tmp_path / "ca.crt").write_text("")
    assert security_for(host, (str(folder),)) == ORDINARY


def test_where_they_are_looked_for() -> None:
    assert certificate_folders({"HOME": "/home/me"}) == (
        "/etc/docker/certs.d", "/home/me/.docker/certs.d", "/home/me/.config/docker/certs.d"
    )  # fmt: skip
    assert certificate_folders({"HOME": "/home/me", "DOCKER_CONFIG": "/d"})[1] == "/d/certs.d"
