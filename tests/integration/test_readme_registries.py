"""The README's commands on registries, run as they are printed there."""

from __future__ import annotations

import re
import shlex
from pathlib import Path

from tests.support.cli import Pybuild, write
from tests.support.guarded import PASSWORD, Guard, guarded_docker_registry, make_htpasswd
from tests.support.proxy import running_proxy
from tests.support.registry import running_registry

README = (Path(__file__).parents[2] / "README.md").read_text()


def commands(heading: str) -> list[list[str]]:
    """What is in the `sh` blocks of a section, as words, comments left out."""
    section = re.split(r"^##+ ", README.partition(f"\n{heading}\n")[2], flags=re.MULTILINE)[0]
    blocks = re.findall(r"```sh\n(.*?)```", section, re.DOTALL)
    return [shlex.split(line, comments=True) for block in blocks for line in block.splitlines()]


def run(pybuild: Pybuild, line: list[str], old: str, new: str, env: dict[str, str] | None = None) -> None:
    words = [word.replace(old, new) for word in line]
    stdin = None
    if "|" in words:  # printenv TOKEN | pybuild …
        stdin = PASSWORD.encode()
        words = words[words.index("|") + 1 :]
    assert words[0] == "pybuild"
    pybuild.run(*words[1:], stdin=stdin, env=env)


def test_push_and_pull(pybuild: Pybuild, tmp_path: Path) -> None:
    write(pybuild.cwd, {"Buildfile": "FROM scratch\nCOPY Buildfile /\n"})
    lines = commands("## Push and pull")
    assert len(lines) == 10
    with running_registry(str(tmp_path / "registry")) as address:
        for line in lines:
            run(pybuild, line, "localhost:5000", address)


def test_log_in(pybuild: Pybuild, tmp_path: Path) -> None:
    guard = Guard(make_htpasswd(tmp_path / "users"))
    (tmp_path / "users").write_text((tmp_path / "users").read_text().replace("me:", "ci:", 1))
    with guarded_docker_registry(str(tmp_path / "registry"), guard) as address:
        for line in commands("### Log in"):
            run(pybuild, line, "localhost:5000", address, {"HOME": str(tmp_path)})


def test_plain_http(pybuild: Pybuild, tmp_path: Path) -> None:
    write(pybuild.cwd, {"Buildfile": "FROM scratch\nCOPY Buildfile /\n"})
    (line,) = commands("### A private registry with plain http")
    settings = README.partition("```toml\n[registries]")[2].partition("```")[0]
    config = write(tmp_path, {"config.toml": f"[registries]{settings}"}) / "config.toml"
    with running_registry(str(tmp_path / "registry")) as address, running_proxy(address) as proxy:
        env = {"http_proxy": f"http://{proxy.address}", "https_proxy": "", "no_proxy": ""}
        pybuild.run("build", "-t", f"{address}/team/app:1.0", "--push")
        run(pybuild, line, "registry.local", "registry.invalid", env)
        config.write_text(config.read_text().replace("registry.local", "registry.invalid"))
        pybuild.run("pull", "registry.invalid:5000/team/app:1.0", env={**env, "PYBUILD_CONFIG": str(config)})
