"""A wheel, made of the source distribution and installed in a fresh environment, does all that a checkout does."""

from __future__ import annotations

import os
import subprocess
import sys
import sysconfig
import tomllib
import venv
from pathlib import Path

import pytest

from tests.support.cli import write

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def installed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The environment's folder. It has the wheel itself; other packages are those of the running environment."""
    folder = tmp_path_factory.mktemp("install")
    dist, environment = folder / "dist", folder / "venv"
    run(sys.executable, "-m", "build", "--no-isolation", "--outdir", str(dist), str(ROOT))  # sdist, and wheel of that
    (wheel,) = dist.glob("*.whl")
    venv.create(environment, symlinks=True, with_pip=False)
    python = str(environment / "bin" / "python")
    options = ["--disable-pip-version-check", "install", "--quiet", "--no-deps", "--no-index"]
    run(sys.executable, "-m", "pip", "--python", python, *options, str(wheel))
    packages = Path(run(python, "-c", "import sysconfig; print(sysconfig.get_path('purelib'))").strip())
    others = {sysconfig.get_path("purelib"), *(entry for entry in sys.path if entry.endswith("-packages"))}
    (packages / "others.pth").write_text("\n".join(sorted(others)) + "\n")
    return environment


def run(*command: str, cwd: Path = Path("/")) -> str:
    environment = {name: value for name, value in os.environ.items() if not name.startswith("PYTHON")}
    done = subprocess.run(command, cwd=cwd, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def test_the_grammar_travels_with_it(installed: Path, tmp_path: Path) -> None:
    write(tmp_path, {"Buildfile": "FROM scratch\nRUN <<EOF\nmake ${x:-y}\nEOF\n"})
    out = run(str(installed / "bin" / "pybuild"), "parse", "--format", "json", "Buildfile", cwd=tmp_path)
    assert '"name": "RUN"' in out
    places = "import builder.syntax.grammar as g, builder; print(builder.__file__)"
    assert run(str(installed / "bin" / "python"), "-c", places).startswith(str(installed))


def test_its_version_is_the_projects(installed: Path) -> None:
    version = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["version"]
    assert version in run(str(installed / "bin" / "pybuild"), "--version")


@pytest.mark.kernel
def test_it_builds(installed: Path, base_tar: Path, tmp_path: Path) -> None:
    pybuild = [str(installed / "bin" / "pybuild"), "--root", str(tmp_path / "store")]
    write(tmp_path / "app", {"Buildfile": "FROM base\nCOPY a /\nRUN cat a a > /twice\n", "a": "1\n"})
    run(*pybuild, "import", str(base_tar), "base")
    for _ in range(2):  # the second time from the cache, which has plans and records of its own
        run(*pybuild, "-t", "app", "-o", f"type=local,dest={tmp_path / 'out'}", str(tmp_path / "app"))
        assert (tmp_path / "out" / "twice").read_text() == "1\n1\n"
