"""For each edit of a tree or a command line: the reason is exactly that edit, and no other step is blamed."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from builder import build
from builder.errors import BuilderError
from tests.support.cli import Pybuild, write
from tests.support.machine import missing_for_run
from tests.support.registry import running_registry

pytestmark = pytest.mark.skipif(bool(missing_for_run()), reason=missing_for_run() or "-")

BUILDFILE = """\
FROM base AS deps
COPY lib /dep
RUN cat /dep/* > /built

FROM base AS test
RUN true test

FROM base AS app
ARG VERSION=1.2
ARG DIR=src
ARG API_TOKEN=t0
ENV MODE=fast
WORKDIR /app
COPY ${DIR}/ ./src/
COPY run.sh tools/ /tools/
RUN cat src/app.py > /out; echo $VERSION > /version
COPY --from=deps /built /built
COPY <<FILE /etc/conf
mode $MODE
FILE
RUN --mount=type=bind,source=data,target=/data cat /data/* > /sum
RUN <<TEXT
echo one > /one
TEXT
"""
FILES = {
    "Buildfile": BUILDFILE,
    "src/app.py": "print(1)\n",
    "src/b.py": "b\n",
    "src/deep/c.py": "c\n",
    "other/app.py": "print(2)\n",
    "run.sh": "#!/bin/sh\n",
    "tools/one": "one\n",
    "lib/x": "x\n",
    "data/d": "d\n",
    "notes.txt": "not copied\n",
}
SRC = "COPY src/ ./src/"
OTHER = "COPY other/ ./src/"
TOOLS = "COPY run.sh tools/ /tools/"
OUT = "RUN cat src/app.py > /out; echo $VERSION > /version"
FROM_DEPS = "COPY --from=deps /built /built"
CONF = "COPY <<FILE /etc/conf"
SUM = "RUN cat /data/* > /sum"
ONE = "RUN <<TEXT (echo one > /one)"
APP = [SRC, TOOLS, OUT, FROM_DEPS, CONF, SUM, ONE]
WORKDIR = "WORKDIR /app"


class World:
    """The tree that is edited, and the store of the build before the edit."""

    def __init__(self, tree: Path, store: Path) -> None:
        self.tree = tree
        self.store = store

    def built(self, **options: Any) -> dict[str, str]:
        """Builds; the steps that were not cached, with their reasons."""
        result = build(str(self.tree), root=str(self.store), **{"epoch": 0} | options)
        return {d.step.text: d.reason for d in result.decisions if d.record is None}

    def replace(self, old: str, new: str) -> None:
        path = self.tree / "Buildfile"
        text = path.read_text()
        assert old in text
        path.write_text(text.replace(old, new, 1))

    def path(self, name: str) -> Path:
        return self.tree / name


class Case(NamedTuple):
    name: str
    edit: Callable[[World], object]
    expected: Mapping[str, str]
    options: Mapping[str, Any] = {}


def after(number: int, files: str, steps: list[str]) -> dict[str, str]:
    """What steps say that stand on the first one that made other files."""
    return dict.fromkeys(steps, f"earlier step {number} produced other files: {files}")


def text(name: str, content: str) -> Callable[[World], object]:
    return lambda world: write(world.tree, {name: content})


def words(old: str, new: str) -> Callable[[World], None]:
    return lambda world: world.replace(old, new)


def nothing(_: World) -> None:
    pass


def several(*edits: Callable[[World], object]) -> Callable[[World], object]:
    return lambda world: [edit(world) for edit in edits]


def linked(name: str, target: str) -> Callable[[World], None]:
    def edit(world: World) -> None:
        world.path(name).unlink()
        world.path(name).symlink_to(target)

    return edit


ADDED = "/app/src/new.py (added)"
CASES = [
    # the tree
    Case("content", text("src/app.py", "print(3)\n"), {SRC: "COPY src/: 1 file changed: src/app.py (content)"}
         | after(2, "/app/src/app.py (content)", APP[1:])),
    Case("two contents", several(text("src/app.py", "3"), text("src/b.py", "4")),
         {SRC: "COPY src/: 2 files changed: src/app.py (content), src/b.py (content)"}
         | after(2, "/app/src/app.py (content), /app/src/b.py (content)", APP[1:])),
    Case("added", text("src/new.py", "new"), {SRC: "COPY src/: 1 file added (src/new.py)"} | after(2, ADDED, APP[1:])),
    Case("added, removed and a mode",
         several(text("tools/a", "a"), text("tools/b", "b"), lambda world: world.path("tools/one").unlink(),
                 lambda world: world.path("run.sh").chmod(0o755)),
         {TOOLS: "COPY run.sh tools/: 2 files added (tools/a, tools/b), 1 removed (tools/one), "
                 "mode of run.sh 0644 -> 0755"}
         | after(3, "/tools/a (added), /tools/b (added), /tools/one (not made) and 1 more", APP[2:])),
    Case("removed", lambda world: world.path("src/b.py").unlink(), {SRC: "COPY src/: 1 file removed (src/b.py)"}
         | after(2, "/app/src/b.py (not made)", APP[1:])),
    Case("renamed", lambda world: world.path("src/b.py").rename(world.path("src/z.py")),
         {SRC: "COPY src/: src/b.py renamed to src/z.py"}
         | after(2, "/app/src/b.py (not made), /app/src/z.py (added)", APP[1:])),
    Case("mode", lambda world: world.path("run.sh").chmod(0o755), {TOOLS: "COPY run.sh tools/: mode of run.sh "
         "0644 -> 0755"} | after(3, "/tools/run.sh (mode 0644 -> 0755)", APP[2:])),
    Case("folder renamed", lambda world: world.path("src/deep").rename(world.path("src/deeper")),
         {SRC: "COPY src/: src/deep/ renamed to src/deeper/"}
         | after(2, "/app/src/deep/ (not made), /app/src/deeper/ (added)", APP[1:])),
    Case("empty folder", lambda world: world.path("src/empty").mkdir(),
         {SRC: "COPY src/: 1 folder added (src/empty/)"} | after(2, "/app/src/empty/ (added)", APP[1:])),
    Case("kind", linked("src/b.py", "app.py"),
         {SRC: "COPY src/: 1 file changed: src/b.py (file -> symlink)"}
         | after(2, "/app/src/b.py (file -> symlink)", APP[1:])),
    Case("hidden by the ignore file", text(".dockerignore", "src/b.py\n"),
         {SRC: "COPY src/: 1 file removed (src/b.py: line 1 of the ignore file hides it)"}
         | after(2, "/app/src/b.py (not made)", APP[1:])),
    Case("hidden under a mount", several(text(".dockerignore", "# data\ndata/*\n!data/e\n"), text("data/e", "e")),
         {SUM: "mount at /data: 1 file added (data/e), 1 removed (data/d: line 2 of the ignore file hides it)"}
         | after(7, "/sum (content)", [ONE])),
    Case("mode of a folder", lambda world: world.path("src/deep").chmod(0o700),
         {SRC: "COPY src/: mode of src/deep/ 0755 -> 0700"} | after(2, "/app/src/deep/ (mode 0755 -> 0700)", APP[1:])),
    Case("attribute", lambda world: os.setxattr(world.path("src/b.py"), "user.note", b"1"),
         {SRC: "COPY src/: 1 file changed: src/b.py (attribute user.note added)"}),
    Case("hidden and never copied", text(".dockerignore", "notes.txt\n"), {}),
    Case("touched", lambda world: os.utime(world.path("src/app.py"), (1, 1)), {}),
    Case("not copied", text("notes.txt", "more"), {}),
    Case("of another stage", text("lib/x", "y\n"), {
        "COPY lib /dep": "COPY lib: 1 file changed: lib/x (content)",
        **after(1, "/dep/x (content)", ["RUN cat /dep/* > /built"]),
        FROM_DEPS: "COPY --from=deps /built: 1 file changed: built (content)",
        **after(5, "/built (content)", APP[4:])}),
    Case("of another stage, added where the result is the same", text("lib/y", ""), {
        "COPY lib /dep": "COPY lib: 1 file added (lib/y)",
        **after(1, "/dep/y (added)", ["RUN cat /dep/* > /built"])}),
    Case("under a mount", text("data/d", "e"), {SUM: "mount at /data: 1 file changed: data/d (content)"}
         | after(7, "/sum (content)", [ONE])),
    # arguments and variables
    Case("argument", nothing, dict.fromkeys((OUT, SUM, ONE), "ARG VERSION: 1.2 -> 1.3")
         | after(4, "/version (content)", [FROM_DEPS, CONF]), {"build_args": {"VERSION": "1.3"}}),
    Case("default of an argument", words("VERSION=1.2", "VERSION=1.3"),
         dict.fromkeys((OUT, SUM, ONE), "ARG VERSION: 1.2 -> 1.3")
         | after(4, "/version (content)", [FROM_DEPS, CONF])),
    Case("argument in a path", nothing, {OTHER: "ARG DIR: src -> other"}
         | after(2, "/app/src/app.py (content), /app/src/b.py (not made), /app/src/deep/ (not made)",
                 [TOOLS, FROM_DEPS, CONF])
         | dict.fromkeys((OUT, SUM, ONE), "ARG DIR: src -> other"), {"build_args": {"DIR": "other"}}),
    Case("argument that sounds secret", nothing,
         dict.fromkeys((OUT, SUM, ONE), "ARG API_TOKEN: another value (not shown)"),
         {"build_args": {"API_TOKEN": "hunter2"}}),
    Case("argument declared", words("RUN <<TEXT", "ARG NEW=1\nRUN <<TEXT"), {ONE: "ARG NEW: (unset) -> 1"}),
    Case("argument no longer declared", words("ARG VERSION=1.2\n", ""),
         dict.fromkeys((OUT, SUM, ONE), "ARG VERSION: 1.2 -> (unset)")
         | after(4, "/version (content)", [FROM_DEPS, CONF])),
    Case("argument that nobody declares", nothing, {}, {"build_args": {"NOBODY": "1"}}),
    Case("variable", words("MODE=fast", "MODE=slow"), dict.fromkeys((OUT, SUM, ONE), "ENV MODE: fast -> slow")
         | {CONF: "ENV MODE: fast -> slow"}),
    Case("variable that follows from an argument", words("MODE=fast", "MODE=fast$VERSION"),
         dict.fromkeys((OUT, CONF, SUM, ONE), "ENV MODE: fast -> fast1.2")),
    # instructions
    Case("word", words("cat src/app.py", "cat src/b.py"), {OUT.replace("app", "b"): "instruction changed: "
         "src/app.py -> src/b.py"} | after(4, "/out (content)", APP[3:])),
    Case("word added", words("cat /data/*", "cat -n /data/*"), {"RUN cat -n /data/* > /sum":
         "instruction changed: -n added"} | after(7, "/sum (content)", [ONE])),
    Case("word removed", words("cat /data/* > /sum", "cat /data/*"), {"RUN cat /data/*":
         "instruction changed: > /sum removed"} | after(7, "/sum (not made)", [ONE])),
    Case("text of a heredoc", words("mode $MODE", "the mode $MODE"),
         {CONF: "instruction changed: text of FILE: the added"} | after(6, "/etc/conf (content)", [SUM, ONE])),
    Case("script of a heredoc", words("echo one > /one", "echo one > /one\necho two"),
         {"RUN <<TEXT (echo one > /one...)": "instruction changed: echo two added"}),
    Case("script with another interpreter", words("TEXT\necho one", "TEXT\n#!/bin/sh\necho one"),
         {"RUN <<TEXT (#!/bin/sh...)": "instruction changed: #!/bin/sh added"}),
    Case("blanks", words("echo one > /one", "echo  one > /one"),
         {"RUN <<TEXT (echo  one > /one)": "instruction changed: only white space"}),
    Case("destination", words("tools/ /tools/", "tools/ /kit/"), {"COPY run.sh tools/ /kit/":
         "instruction changed: /tools/ -> /kit/"}
         | after(3, "/kit/ (added), /tools/ (not made)", APP[2:])),
    Case("source", words("COPY run.sh tools/", "COPY tools/"), {"COPY tools/ /tools/": "instruction changed: "
         "run.sh removed"} | after(3, "/tools/run.sh (not made)", APP[2:])),
    Case("owner", words("COPY run.sh", "COPY --chown=7:8 run.sh"), {"COPY --chown=7:8 run.sh tools/ /tools/":
         "instruction changed: --chown=7:8 added"}
         | after(3, "/tools/ (owner 0:0 -> 7:8), /tools/one (owner 0:0 -> 7:8), /tools/run.sh (owner 0:0 -> 7:8)",
                 APP[2:])),
    Case("another stage copied from", words("--from=deps /built", "--from=deps /dep/x"),
         {"COPY --from=deps /dep/x /built": "instruction changed: /built -> /dep/x"}),
    Case("mount of an agent", words("RUN --mount=type=bind", "RUN --mount=type=ssh --mount=type=bind"),
         {SUM: "instruction changed: --mount=type=ssh added"}),
    Case("mount option", words("type=bind,source=data", "type=bind,rw,source=data"),
         {SUM: "instruction changed: mount at /data: readonly removed"}),
    Case("mount source", words("source=data", "source=lib"),
         {SUM: "instruction changed: mount at /data: source=data -> source=lib"} | after(7, "/sum (content)", [ONE])),
    Case("mount target", words("target=/data cat /data/*", "target=/d cat /d/*"), {"RUN cat /d/* > /sum":
         "instruction changed: /data/* -> /d/*, mount at /data: target=/data -> target=/d"}),
    Case("link", words("COPY run.sh tools/", "COPY --link run.sh tools/"),
         {TOOLS: "instruction changed: --link added"}),
    Case("directory", words("WORKDIR /app", "WORKDIR /srv"), {
        "WORKDIR /srv": "instruction changed: /app -> /srv",
        SRC: "destination: /app/src/ -> /srv/src/", OUT: "WORKDIR: /app -> /srv",
        SUM: "WORKDIR: /app -> /srv", ONE: "WORKDIR: /app -> /srv",
        **after(1, "/app/ (not made), /srv/ (added)", [TOOLS, FROM_DEPS, CONF])}),
    Case("user", words("RUN <<TEXT", "USER 0:0\nRUN <<TEXT"), {ONE: "USER: root -> 0:0"}),
    Case("shell", words("RUN <<TEXT", 'SHELL ["/bin/sh", "-ec"]\nRUN <<TEXT'),
         {ONE: "SHELL: /bin/sh -c -> /bin/sh -ec"}),
    Case("network", words("RUN --mount=type=bind", "RUN --network=none --mount=type=bind"),
         {SUM: "--network: default -> none"}),
    Case("metadata", words("FROM base AS test", 'LABEL a=1\n# remark\nCMD ["x"]\nFROM base AS test'), {}),
    # order and stages
    Case("step inserted", words("COPY run.sh", "RUN touch -d @1 /new\nCOPY run.sh"),
         {"RUN touch -d @1 /new": "new instruction: no earlier build has it"}
         | dict.fromkeys(APP[1:], "earlier step 3 is new: RUN touch -d @1 /new")),
    Case("step removed", words("COPY run.sh tools/ /tools/\n", ""),
         dict.fromkeys(APP[2:], "earlier step removed: COPY run.sh tools/ /tools/")),
    Case("step doubled", words("RUN <<TEXT", "COPY --from=deps /built /built\nRUN <<TEXT"),
         {FROM_DEPS: "new instruction: no earlier build has it",
          ONE: f"earlier step 8 is new: {FROM_DEPS}"}),
    Case("steps exchanged", words("COPY ${DIR}/ ./src/\nCOPY run.sh tools/ /tools/\n",
                                  "COPY run.sh tools/ /tools/\nCOPY ${DIR}/ ./src/\n"),
         {TOOLS: "order changed: COPY src/ ./src/ stood before this step",
          SRC: "order changed: COPY run.sh tools/ /tools/ now stands before this step",
          **dict.fromkeys(APP[2:], "earlier steps are in another order")}),
    Case("stage renamed", several(words("AS deps", "AS libs"), words("--from=deps", "--from=libs")), {}),
    Case("stage renamed, and its files",
         several(words("AS deps", "AS libs"), words("--from=deps", "--from=libs"), text("lib/x", "y\n")), {
             "COPY lib /dep": "COPY lib: 1 file changed: lib/x (content)",
             **after(1, "/dep/x (content)", ["RUN cat /dep/* > /built"]),
             "COPY --from=libs /built /built": "instruction changed: --from=deps -> --from=libs; "
             "COPY --from=libs /built: 1 file changed: built (content)",
             **after(5, "/built (content)", APP[4:])}),
    Case("stage inserted", words("FROM base AS test", "FROM base\nRUN true new\nFROM base AS test"), {}),
    Case("COPY becomes ADD", words("COPY run.sh", "ADD run.sh"),
         {"ADD run.sh tools/ /tools/": "instruction changed: COPY -> ADD"}),
    Case("heredoc", words("RUN --mount=type=bind,source=data,target=/data cat /data/* > /sum",
                          "RUN --mount=type=bind,source=data,target=/data <<X\ncat /data/* > /sum\nX"),
         {"RUN <<X (cat /data/* > /sum)": "instruction changed: a heredoc now"}),
    Case("another target", nothing, {"RUN true test": "no earlier build of stage test here"}, {"target": "test"}),
    # what is around
    Case("no cache", nothing, dict.fromkeys(["COPY lib /dep", "RUN cat /dep/* > /built", WORKDIR, *APP],
         "cache disabled by --no-cache"), {"no_cache": True}),
    Case("no cache for a stage", nothing, dict.fromkeys(["COPY lib /dep", "RUN cat /dep/* > /built"],
         "cache disabled by --no-cache-filter deps"), {"no_cache_filter": ["deps"]}),
    Case("time that a step sees", words("ARG VERSION=1.2", "ARG VERSION=1.2 SOURCE_DATE_EPOCH"),
         dict.fromkeys(["COPY lib /dep", "RUN cat /dep/* > /built", WORKDIR, *APP], "SOURCE_DATE_EPOCH: 0 -> 1"),
         {"epoch": 1}),
    Case("time", nothing, dict.fromkeys(["COPY lib /dep", "RUN cat /dep/* > /built", WORKDIR, *APP],
         "SOURCE_DATE_EPOCH: 0 -> 1"), {"epoch": 1}),
]  # fmt: skip


@pytest.fixture(scope="module")
def before(tmp_path_factory: pytest.TempPathFactory, base_tar: Path) -> Path:
    """A folder with the tree as it was, and the store after its build."""
    folder = tmp_path_factory.mktemp("before")
    write(folder / "kept", FILES)
    for name in FILES:
        (folder / "kept" / name).chmod(0o644)
    shutil.copytree(folder / "kept", folder / "tree")
    Pybuild(folder / "store", folder).run("import", str(base_tar), "base")
    build(str(folder / "tree"), root=str(folder / "store"), epoch=0)
    return folder


@pytest.fixture
def world(before: Path, tmp_path: Path) -> Iterator[World]:
    subprocess.run(["cp", "-a", str(before / "store"), str(tmp_path / "store")], check=True)
    yield World(before / "tree", tmp_path / "store")
    shutil.rmtree(before / "tree")
    shutil.copytree(before / "kept", before / "tree")


@pytest.mark.parametrize("case", CASES, ids=[case.name for case in CASES])
def test_the_reason_is_the_edit(world: World, case: Case) -> None:
    case.edit(world)
    assert world.built(**case.options) == case.expected


def test_a_stage_is_built_from_another_one_and_from_its_own_base_again(world: World) -> None:
    own = "FROM base AS deps\nCOPY lib /dep\nFROM base AS test\nWORKDIR /t\nRUN true test\n"
    text("Two", f"{own}FROM deps\nCOPY --from=test /t /t\n")(world)
    options, steps = {"file": str(world.path("Two"))}, ["WORKDIR /t", "RUN true test"]
    world.built(**options)
    text("Two", world.path("Two").read_text().replace("base AS test", "deps AS test"))(world)
    assert world.built(**options) == dict.fromkeys(steps, "base changed: now stage deps")
    world.path("lib/x").write_text("y")  # so that nothing is a hit of the first build
    world.built(**options)
    text("Two", world.path("Two").read_text().replace("WORKDIR /t", "WORKDIR /u").replace("/t /t", "/u /u"))(world)
    world.built(**options)
    text("Two", world.path("Two").read_text().replace("deps AS test", "base AS test"))(world)
    assert world.built(**options)["RUN true test"] == "base changed: no longer stage deps"


def test_the_first_build_is_told_as_such(world: World) -> None:
    other = world.tree / "Other"
    other.write_text("FROM scratch\nCOPY lib /dep\n")
    assert world.built(file=str(other)) == {"COPY lib /dep": "no earlier build of this file here"}


def test_a_base_that_moved(world: World, base_tar: Path) -> None:
    write(world.tree / "base", {"Buildfile": "FROM base\nENV FROM_BASE=1\nCOPY f /f\n", "f": "1"})
    build(str(world.tree / "base"), root=str(world.store), tags=["base"])
    reasons = world.built()
    firsts = {reasons[name] for name in ("COPY lib /dep", WORKDIR)}
    assert len(firsts) == 1
    assert firsts.pop().startswith("base base moved: sha256:")
    assert all(reason.startswith("base base moved") for reason in reasons.values()), reasons


def test_another_base(world: World) -> None:
    write(world.tree / "base", {"Buildfile": "FROM base\nCOPY f /f\n", "f": "1"})
    build(str(world.tree / "base"), root=str(world.store), tags=["base:2"])
    world.replace("FROM base AS deps", "FROM base:2 AS deps")
    reasons = world.built()
    assert reasons == dict.fromkeys(["COPY lib /dep", "RUN cat /dep/* > /built"], "base changed: base -> base:2")


def test_a_single_file_under_a_mount(world: World) -> None:
    text("Mounted", "FROM base\nRUN --mount=type=bind,source=data/d,target=/d cat /d > /sum\n")(world)
    options = {"file": str(world.path("Mounted"))}
    world.built(**options)
    text("data/d", "e")(world)
    assert world.built(**options) == {"RUN cat /d > /sum": "mount at /d: 1 file changed: data/d (content)"}


def test_a_base_that_only_sets_something_else(world: World) -> None:
    write(world.tree / "base", {"Buildfile": "FROM base\nENV FROM_BASE=1\n"})
    build(str(world.tree / "base"), root=str(world.store), tags=["base"])
    reason = world.built()["RUN cat /dep/* > /built"]
    assert reason.startswith("base base moved: sha256:")
    assert reason.endswith(" (ENV FROM_BASE: (unset) -> 1)")


def test_a_folder_that_was_moved_is_compared_with_what_it_was(world: World, tmp_path: Path) -> None:
    shutil.copytree(world.tree, tmp_path / "moved")
    moved = World(tmp_path / "moved", world.store)
    text("lib/x", "y\n")(moved)
    assert moved.built()["COPY lib /dep"] == "COPY lib: 1 file changed: lib/x (content)"


def test_steps_above_one_whose_record_was_removed_name_it(world: World) -> None:
    pybuild = Pybuild(world.store, world.tree)
    shown = json.loads(pybuild.run("explain", "--format", "json").stdout)
    (key,) = (step["key"] for step in shown["steps"] if step["text"] == CONF)
    pybuild.run("cache", "rm", key)
    world.replace("mode $MODE", "the mode $MODE")
    assert world.built()[SUM] == "earlier step 6 produced other files: /etc/conf (content)"


def test_a_step_that_failed_is_compared_with_the_build_before(world: World) -> None:
    world.replace("echo one > /one", "exit 3")
    with pytest.raises(BuilderError):
        world.built()
    world.replace("exit 3", "echo two > /two")
    name = "RUN <<TEXT (echo two > /two)"
    assert world.built() == {name: "instruction changed: one -> two, /one -> /two"}


def test_a_step_that_failed_and_is_tried_again(world: World) -> None:
    world.replace("echo one > /one", "exit 3")
    reasons = []
    for _ in range(2):
        with pytest.raises(BuilderError):
            world.built()
        shown = Pybuild(world.store, world.tree).run("builds", "show", "--format", "json").stdout
        reasons.append(json.loads(shown)["steps"][-1]["reason"])
    epoch = {"SOURCE_DATE_EPOCH": "0"}
    again = Pybuild(world.store, world.tree).run("build", "--progress", "plain", code=1, env=epoch).stderr
    assert "ERROR: the command exited with code 3 (it did not finish in build " in again
    assert reasons[0].startswith("instruction changed: ")
    assert reasons[1].startswith("it did not finish in build ")


def test_pruned_records_are_told_as_such(world: World) -> None:
    Pybuild(world.store, world.tree).run("prune", "--force", "--filter", "type=cache", "--all")
    reasons = set(world.built().values())
    assert len(reasons) <= 2
    assert any(reason.startswith("record pruned on 20") for reason in reasons), reasons


def test_a_fresh_machine_compares_with_the_build_that_filled_the_cache(
    world: World, tmp_path: Path, base_tar: Path
) -> None:
    """As in CI: nothing is known here, and everything in a registry."""
    with running_registry(str(tmp_path / "registry")) as address:
        cache = f"{address}/cache"
        filled = Pybuild(world.store, world.tree).build("--cache-to", f"type=registry,ref={cache},mode=max")
        write(world.tree, {"src/app.py": "print(3)\n", "lib/x": "y\n"})
        fresh = Pybuild(tmp_path / "fresh", world.tree)
        fresh.run("import", str(base_tar), "base")
        fresh.run("build", "--cache-from", cache, "--build-arg", "VERSION=1.3")
    steps = {row["text"]: row for row in json.loads(fresh.run("explain", "--format", "json").stdout)["steps"]}
    reasons = {text: row["reason"] for text, row in steps.items()}
    assert reasons["COPY lib /dep"] == "COPY lib: 1 file changed: lib/x (content)"
    assert reasons[SRC] == "COPY src/: 1 file changed: src/app.py (content)"
    assert reasons[TOOLS] == f"earlier step 2 produced other files ({reasons[SRC]})"
    assert reasons[OUT] == reasons[ONE] == "ARG VERSION: 1.2 -> 1.3"
    assert (steps[WORKDIR]["outcome"], steps[WORKDIR]["source"]["place"]) == ("cached", f"{cache}:latest")
    assert steps[SRC]["compared"] == filled["build"]
