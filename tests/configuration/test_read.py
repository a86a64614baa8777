"""The configuration file: where it is found, what it can say, what is refused."""

from __future__ import annotations

from pathlib import Path

import pytest

from builder.configuration.read import read_configuration
from builder.configuration.types import Configuration, Containers, Registries, Storage
from builder.errors import UsageError

WHOLE = """
[registries]
insecure = ["registry.local:5000"]
[registries.mirrors]
"docker.io" = ["https://mirror.local", "https://second.local"]
[storage]
keep-storage = "10GB"
keep-age = "1d12h"
[containers]
log-driver = "none"
log-size = "-1"
log-files = 3
"""


def written(path: Path, text: str) -> str:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)
    return str(path)


def test_without_a_file_nothing_is_set(tmp_path: Path) -> None:
    environment = {"XDG_CONFIG_HOME": str(tmp_path)}
    assert read_configuration(environment, str(tmp_path / "none")) == Configuration()


def test_all_members_are_read(tmp_path: Path) -> None:
    environment = {"PYBUILD_CONFIG": written(tmp_path / "own.toml", WHOLE)}
    assert read_configuration(environment) == Configuration(
        Registries(("registry.local:5000",), {"docker.io": ("https://mirror.local", "https://second.local")}),
        Storage(10 << 30, 36 * 3600.0),
        containers=Containers("none", 0, 3),
    )


def test_the_user_has_the_last_word_member_by_member(tmp_path: Path) -> None:
    machine = written(tmp_path / "machine.toml", WHOLE)
    written(tmp_path / "pybuild/config.toml", '[storage]\nkeep-age = "2h"\n')
    found = read_configuration({"XDG_CONFIG_HOME": str(tmp_path)}, machine)
    assert found.storage == Storage(10 << 30, 7200.0)
    assert found.registries.insecure == ("registry.local:5000",)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("[registry]\n", r"\[registry\] is no section"),
        ("storage = 1\n", r"\[storage\] is no section"),
        ("[storage]\nkeep = 1\n", r"\[storage\] has no member keep"),
        ("[storage]\nkeep-storage = true\n", "keep-storage: expected a size"),
        ("[storage]\nkeep-age = 5\n", "keep-age: expected a length of time"),
        ('[registries]\ninsecure = "host"\n', "insecure: expected a list of strings"),
        ("[registries]\nmirrors = [1]\n", "mirrors: expected a table"),
        ('[containers]\nlog-driver = "syslog"\n', "log-driver: expected one of json-file, none"),
        ("[containers]\nlog-files = 0\n", "log-files: expected a number from 1"),
        ("[storage\n", "it is not TOML"),
        ("[a]\n" + "x = " + "[" * 5000, "it is not TOML"),
    ],
)
def test_what_is_not_understood_is_an_error(tmp_path: Path, text: str, said: str) -> None:
    with pytest.raises(UsageError, match=said) as caught:
        read_configuration({"PYBUILD_CONFIG": written(tmp_path / "config.toml", text)})
    assert str(tmp_path / "config.toml") in caught.value.message


def test_a_file_that_is_asked_for_must_be_there(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="No such file"):
        read_configuration({"PYBUILD_CONFIG": str(tmp_path / "missing.toml")})
