"""RUN --device with devices that the machine has: descriptions of our own, named by the configuration."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.sandbox.test_cdi import NODE, describe
from tests.support.cli import Pybuild, write
from tests.support.machine import needs_runtime

LINE = "RUN --device=vendor.example/thing=b,required"
TEXT = f"FROM base\n{LINE} head -c 3 /dev/mine | wc -c > /out; echo $DEVICE $ALL >> /out; cat /brought/f >> /out\n"


@pytest.fixture
def config(tmp_path: Path) -> dict[str, str]:
    (tmp_path / "brought").mkdir()
    (tmp_path / "brought" / "f").write_text("brought\n")
    mount = {"hostPath": str(tmp_path / "brought"), "containerPath": "/brought", "options": ["ro"]}
    describe(tmp_path / "cdi", "x.json", containerEdits=NODE | {"env": ["ALL=1"], "mounts": [mount]})
    (tmp_path / "config.toml").write_text(f"[devices]\nspecifications = {json.dumps([str(tmp_path / 'cdi')])}\n")
    return {"PYBUILD_CONFIG": str(tmp_path / "config.toml")}


@pytest.mark.parametrize("runtime", ["native", "runc"])
def test_nodes_mounts_and_variables(based: Pybuild, config: dict[str, str], tmp_path: Path, runtime: str) -> None:
    needs_runtime(runtime)
    write(based.cwd, {"Buildfile": f"{TEXT}RUN ls /dev/mine /brought > /after 2>&1; true\n"})
    out = tmp_path / "out"
    options = ["--allow", "device=vendor.example/thing=b", "--runtime", runtime, "-o", str(out)]
    based.run("build", *options, env=config)
    assert (out / "out").read_text() == "3\nb 1\nbrought\n"
    assert (out / "after").read_text().count("No such file") == 2, "nothing of it is in the layer"


def test_it_has_to_be_allowed_and_the_other_steps_wait_for_that(based: Pybuild, config: dict[str, str]) -> None:
    write(based.cwd, {"Buildfile": f"FROM base\nRUN touch /first\n{LINE} true\n"})
    said = based.run("build", code=1, env=config).stderr
    assert "Buildfile:3" in said
    assert "--allow device=vendor.example/thing=b" in said
    assert "touch /first" not in said
    based.run("build", "--allow", "device", env=config)
    based.run("build", env=config)  # what is cached runs nothing


def test_a_vendor_may_say_that_no_leave_is_needed(based: Pybuild, config: dict[str, str], tmp_path: Path) -> None:
    allowed = {"org.mobyproject.buildkit.device.autoallow": "true"}
    describe(tmp_path / "cdi", "y.json", kind="vendor.example/free", annotations=allowed)
    write(based.cwd, {"Buildfile": "FROM base\nRUN --device=vendor.example/free,required test $DEVICE = a\n"})
    based.run("build", env=config)


def test_a_shell_in_the_step_has_the_device(based: Pybuild, config: dict[str, str]) -> None:
    write(based.cwd, {"Buildfile": f"FROM base\n{LINE} exit 1\n"})
    based.run("build", "--allow", "device", code=1, env=config)
    assert based.run("debug", "--", "sh", "-c", "echo $DEVICE", env=config).stdout == "b\n"
