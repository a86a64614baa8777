"""What hits, what misses, and that nothing else does."""

from __future__ import annotations

import os
from pathlib import Path

from tests.support.cli import Pybuild, write

APP = """\
FROM base AS build
COPY src /src
RUN cat /src/* > /built
FROM base
COPY --from=build /built /built
RUN cp /built /copy
"""


def test_the_second_build_runs_nothing(based: Pybuild) -> None:
    write(based.cwd, {"Buildfile": APP, "src/a": "1", "src/b": "2"})
    first = based.build("-t", "app")
    second = based.build("-t", "app")
    assert (first["cached"], second["cached"], second["steps"]) == (0, 4, 4)
    assert second["digest"] == first["digest"]


def test_times_of_files_do_not_count(based: Pybuild) -> None:
    write(based.cwd, {"Buildfile": APP, "src/a": "1"})
    based.build()
    os.utime(based.cwd / "src" / "a", (1, 1))
    os.utime(based.cwd / "src", (1, 1))
    assert based.ran() == {}


def test_one_byte_rebuilds_the_copy_and_what_depends_on_it(based: Pybuild) -> None:
    write(based.cwd, {"Buildfile": APP, "src/a": "1", "src/b": "2"})
    based.build()
    write(based.cwd, {"src/b": "3"})
    ran = based.ran()
    assert list(ran) == [
        "COPY src /src",
        "RUN cat /src/* > /built",
        "COPY --from=build /built /built",
        "RUN cp /built /copy",
    ]
    assert ran["COPY src /src"] == "COPY src: 1 file changed: src/b (content)"


def test_a_rebuilt_stage_with_the_same_files_leaves_everything_below_cached(based: Pybuild) -> None:
    write(based.cwd, {"Buildfile": APP, "src/a": "12", "src/b": "3"})
    based.build()
    write(based.cwd, {"src/a": "1", "src/b": "23"})
    assert list(based.ran()) == ["COPY src /src", "RUN cat /src/* > /built"]


def test_files_that_no_step_reads_do_not_count(based: Pybuild) -> None:
    write(based.cwd, {"Buildfile": APP, "src/a": "1"})
    based.build()
    write(based.cwd, {"other": "x", "src/ignored.log": "y", ".dockerignore": "**/*.log\n"})
    assert based.ran() == {}


def test_a_mode_counts_and_is_said(based: Pybuild) -> None:
    write(based.cwd, {"Buildfile": "FROM base\nCOPY run.sh /\n", "run.sh": "x"})
    (based.cwd / "run.sh").chmod(0o644)
    based.build()
    (based.cwd / "run.sh").chmod(0o755)
    assert based.ran() == {"COPY run.sh /": "COPY run.sh: mode of run.sh 0644 -> 0755"}


def test_metadata_instructions_never_miss_anything(based: Pybuild) -> None:
    write(based.cwd, {"Buildfile": 'FROM base\nLABEL a=1\nRUN echo > /x\nCMD ["a"]\n'})
    based.build()
    write(based.cwd, {"Buildfile": 'FROM base\nLABEL a=2\nRUN echo > /x\nCMD ["b"]\n'})
    assert based.ran() == {}


def test_build_arguments_count_where_they_are_declared(based: Pybuild) -> None:
    write(based.cwd, {"Buildfile": "FROM base\nRUN echo > /x\nARG V\nRUN echo $V > /v\n"})
    based.build("--build-arg", "V=1.2")
    ran = based.ran("--build-arg", "V=1.3")
    assert ran == {"RUN echo $V > /v": "ARG V: 1.2 -> 1.3"}


def test_no_cache_and_its_filter(based: Pybuild) -> None:
    write(based.cwd, {"Buildfile": APP, "src/a": "1"})
    based.build()
    assert len(based.ran("--no-cache")) == 4
    assert list(based.ran("--no-cache-filter", "build")) == ["COPY src /src", "RUN cat /src/* > /built"]


def test_two_folders_two_stores_one_digest(tmp_path: Path, base_tar: Path) -> None:
    digests = set()
    for name in ("one", "two"):
        context = write(tmp_path / name / "context", {"Buildfile": APP, "src/a": "1", "src/b": "2"})
        builder = Pybuild(tmp_path / name / "store", context)
        builder.run("import", str(base_tar), "base")
        digests.add(builder.build("-t", "app", env={"SOURCE_DATE_EPOCH": "0"})["digest"])
    assert len(digests) == 1


def test_a_filter_for_no_stage_is_worth_a_warning(based: Pybuild) -> None:
    write(based.cwd, {"Buildfile": "FROM base AS one\nRUN true\n"})
    assert "no stage of this name" in based.run("build", "--no-cache-filter", "two").stderr
    assert "no stage of this name" not in based.run("build", "--no-cache-filter", "ONE").stderr
