"""The README's commands on the private registry, run as they are printed there."""

from __future__ import annotations

import re
import shlex
import shutil
import subprocess
from pathlib import Path

import pytest

from tests.registry.server.certificates import make_certificate
from tests.registry.server.web import Web
from tests.support.cli import Pybuild

README = (Path(__file__).parents[3] / "README.md").read_text()


def commands() -> list[list[str]]:
    section = re.split(r"^## ", README.partition("\n## A private registry\n")[2], flags=re.MULTILINE)[0]
    blocks = re.findall(r"```sh\n(.*?)```", section, re.DOTALL)
    return [shlex.split(line, comments=True) for block in blocks for line in block.splitlines()]


def test_as_printed(tmp_path: Path) -> None:
    root = str(tmp_path / "registry")
    pybuild = Pybuild(tmp_path / "store", tmp_path)
    certificate, _ = make_certificate(tmp_path)
    serve, htpasswd, guarded, *collections = commands()
    assert (serve[:3], guarded[:3]) == (["pybuild", "registry", "serve"],) * 2
    assert [line[line.index("--addr") + 1] for line in (serve, guarded)] == ["127.0.0.1:5000", ":5000"]
    if not shutil.which("htpasswd"):
        pytest.skip("htpasswd is not installed")
    (tmp_path / "users").write_bytes(subprocess.check_output(htpasswd[:-2]))
    for line, login in ((serve, {}), (guarded, {"Authorization": "Basic YWxpY2U6c2VjcmV0"})):
        words = [word.replace("127.0.0.1:5000", ":5000").replace(":5000", "127.0.0.1:0") for word in line[1:]]
        argv = pybuild.argv()[:3] + [word.replace("/srv/registry", root) for word in words]
        with subprocess.Popen(
            argv, cwd=tmp_path, env=pybuild.environment(), stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
        ) as process:
            assert process.stdout is not None
            scheme, _, address = process.stdout.readline().strip().partition("://")
            web = Web(address, certificate if scheme == "https" else None)
            assert web.ask("GET", "/v2/").status == (401 if login else 200)
            assert web.ask("GET", "/v2/", **login).status == 200
            process.terminate()
    for line in collections:
        pybuild.run(*[word.replace("/srv/registry", root) for word in line[1:]])
