"""Advice follows from recorded builds, and says nothing without them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

import pytest

from builder.advice.arguments import arguments_before_their_use
from builder.advice.layers import wasted_in_layers
from builder.advice.order import copies_before_slow_steps
from builder.advice.types import Advice
from builder.advice.unused import unused_files
from builder.builds.types import BuildRecord, Outcome, StageRow, StepOutcome, StepRow
from builder.model.digest import Digest
from builder.model.entry import Entry, Kind
from builder.solve.types import Cause

FILES = Cause("files", "COPY .: 1 file changed: a (content)")
BELOW = Cause("below", "earlier step 1 produced other files", "0.1")
VERSION = Cause("argument", "ARG VERSION: 1 -> 2", "VERSION")
STAGE = StageRow(0, "stage-0", "scratch", is_target=True)


def row(number: int, text: str, causes: Sequence[Cause] = (), seconds: float = 0.0) -> StepRow:
    outcome = StepOutcome.RAN if causes else StepOutcome.CACHED
    diff_id = str(Digest.of(text.encode()))
    return StepRow(
        f"0.{number}", "stage-0", number, text, number + 1, number + 1, (), outcome, 0.0, seconds, "a" * 64,
        tuple(causes), diff_id=diff_id,
    )  # fmt: skip


def build(*rows: StepRow, context: str = "/none") -> BuildRecord:
    return BuildRecord(
        "1", f"{context}/Buildfile", context, "", (), {}, 0.0, 1.0, Outcome.BUILT, stages=(STAGE,), steps=rows
    )


def edited(seconds: float) -> BuildRecord:
    return build(
        row(1, "COPY . /app", [FILES]), row(2, "RUN install", [BELOW], seconds), row(3, "RUN lint", [BELOW], 1)
    )


def test_a_copy_before_a_slow_step_is_named_with_what_it_cost() -> None:
    builds = [edited(10), edited(20), build(row(1, "COPY . /app"), row(2, "RUN install"))]
    (advice,) = copies_before_slow_steps(builds[0], builds)
    assert (advice.kind, advice.line, advice.seconds) == ("copy-order", 2, 16.0)
    assert "changed in 2 of 3 builds, and RUN install (line 3) ran again" in advice.text


@pytest.mark.parametrize(
    ("copy", "run", "is_told"),
    [
        ("COPY requirements.txt requirements.txt", "RUN pip install -r requirements.txt", False),
        ("COPY --chown=1 package.json package-lock.json* ./", "RUN npm ci", False),
        ("ADD target/app-1.0.jar app.jar", "RUN touch /app.jar", False),
        ("COPY install.sh /tmp/", "RUN /tmp/install.sh", False),
        ("COPY package.json nginx.conf ./", "RUN npm ci", True),
        ("COPY nginx.conf /etc/nginx/", "RUN pip install flask", True),
        ("COPY src /src", "RUN make -C src", True),
        ("COPY . .", "RUN ./build.sh .", True),
    ],
)
def test_what_a_step_needs_cannot_be_copied_after_it(copy: str, run: str, is_told: bool) -> None:
    builds = [build(row(1, copy, [FILES]), row(2, run, [BELOW], 10))] * 2
    assert bool(list(copies_before_slow_steps(builds[0], builds))) is is_told


def test_once_is_no_pattern_and_little_is_no_gain() -> None:
    once = [edited(10), build(row(1, "COPY . /app"), row(2, "RUN install"))]
    assert list(copies_before_slow_steps(once[0], once)) == []
    quick = [build(row(1, "COPY . /app", [FILES]), row(2, "RUN install", [BELOW], 0.01))] * 3
    assert list(copies_before_slow_steps(quick[0], quick)) == []


def test_a_step_that_ran_for_another_reason_is_not_counted() -> None:
    other = build(row(1, "COPY . /app", [FILES]), row(2, "RUN install", [VERSION], 10))
    assert list(copies_before_slow_steps(other, [other, other])) == []


def test_an_argument_that_a_step_does_not_mention() -> None:
    builds = [build(row(1, "RUN make", [VERSION], seconds)) for seconds in (2.0, 4.0)]
    silent = {"argv": ["/bin/sh", "-c", "make"]}
    (advice,) = arguments_before_their_use(builds[0], builds, lambda _: silent)
    assert (advice.kind, advice.seconds) == ("argument-order", 3.0)
    said = {"argv": ["/bin/sh", "-c", "make V=$VERSION"]}
    assert list(arguments_before_their_use(builds[0], builds, lambda _: said)) == []
    assert list(arguments_before_their_use(builds[0], builds, lambda _: None)) == []


def test_an_argument_of_several_steps_is_told_once() -> None:
    builds = [build(*(row(number, f"RUN make {number}", [VERSION], 2.0) for number in (1, 2, 3)))] * 2
    silent = {"argv": ["make"], "env": [["VERSION", "2"]]}
    (advice,) = arguments_before_their_use(builds[0], builds, lambda _: silent)
    assert (advice.step, advice.seconds) == ("0.1", 6.0)
    assert "made RUN make 1 (line 2) and 2 more steps run again, which do not mention it" in advice.text
    assert "Declare it after line 4," in advice.text


def test_an_argument_that_something_above_uses_cannot_be_declared_later() -> None:
    run, silent = row(2, "RUN make", [VERSION], 2.0), {"argv": ["make"], "env": [["VERSION", "1.2"]]}

    def advised(above: str, parts: Mapping[str, object]) -> list[Advice]:
        builds = [build(row(1, above)._replace(key="above"), run)] * 2
        return list(arguments_before_their_use(builds[0], builds, lambda key: {"above": parts}.get(key, silent)))

    assert len(advised("COPY app /x", {})) == 1
    assert advised("COPY app-1.2 /x", {}) == []
    assert advised("RUN get", {"argv": ["get $VERSION"]}) == []
    assert advised("RUN get", {"argv": ["get"], "env": [["VERSION", "1.2"], ["URL", "https://a/1.2"]]}) == []


def test_an_argument_that_programs_read_by_themselves() -> None:
    frontend = Cause("argument", "ARG DEBIAN_FRONTEND: a -> b", "DEBIAN_FRONTEND")
    builds = [build(row(1, "RUN apt-get install x", [frontend], 2.0))] * 2
    assert list(arguments_before_their_use(builds[0], builds, lambda _: {"argv": ["x"]})) == []


def tables(*layers: Sequence[Entry]) -> Mapping[str, Sequence[Entry]]:
    texts = ("RUN one", "RUN two")
    return {str(Digest.of(text.encode())): layer for text, layer in zip(texts, layers, strict=True)}


TWO = build(row(1, "RUN one"), row(2, "RUN two"))


def test_lists_of_apt_that_stay() -> None:
    known = tables([Entry("var/lib/apt/lists/x", Kind.FILE, size=5_000_000)], [])
    (advice,) = wasted_in_layers(TWO, known.get)
    assert (advice.kind, advice.step, advice.size) == ("apt-lists", "0.1", 5_000_000)


def test_lists_of_apt_that_are_removed_too_late_are_told_once() -> None:
    lists = [Entry("var/lib/apt/lists/x", Kind.FILE, size=5_000_000)]
    (advice,) = wasted_in_layers(TWO, tables(lists, [Entry("var/lib/apt/lists/x", Kind.WHITEOUT)]).get)
    assert advice.kind == "apt-lists"


def test_lists_of_apt_that_a_later_step_reads() -> None:
    first, second = "RUN apt-get update -y && apt-get upgrade -y", "RUN DEBIAN_FRONTEND=none apt-get -q install -y zip"
    lists = [Entry("var/lib/apt/lists/x", Kind.FILE, size=5_000_000)]
    known = {str(Digest.of(first.encode())): lists}
    (advice,) = wasted_in_layers(build(row(1, first), row(2, second)), known.get)
    assert f"layer. {second[:40]}" in advice.text
    assert "(line 3) reads them: make one RUN of both" in advice.text
    (advice,) = wasted_in_layers(build(row(1, first), row(2, "RUN apt-get update && apt-get install zip")), known.get)
    assert "End it with" in advice.text


def test_what_is_removed_in_a_later_layer() -> None:
    first = [
        Entry("src/a", Kind.FILE, size=200_000),
        Entry("src/b", Kind.FILE, size=1),
        Entry("srcs", Kind.FILE, size=9),
    ]
    (advice,) = wasted_in_layers(TWO, tables(first, [Entry("src", Kind.WHITEOUT)]).get)
    assert (advice.kind, advice.step, advice.size) == ("removed-later", "0.2", 200_001)
    assert "RUN two (line 3) removes 200.0 kB that RUN one (line 2) wrote" in advice.text
    assert list(wasted_in_layers(TWO, lambda _: None)) == []


def test_files_that_no_step_uses(tmp_path: Path) -> None:
    for name, size in (("used", 9), ("data/big", 3 << 20), ("data/ignored", 2 << 20), ("skipped/big", 9 << 20),
                       ("tested/big", 4 << 20), ("Buildfile", 1)):  # fmt: skip
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_bytes(bytes(size))
    (tmp_path / ".dockerignore").write_text("data/ignored\nskipped\n")
    record = build(row(1, "COPY used /"), context=str(tmp_path))
    other = build(row(1, "COPY tested /")._replace(stage="test", key="t"), context=str(tmp_path))
    listings = {"1": ["used"], "t": ["tested/big"]}

    def found(record: BuildRecord, *builds: BuildRecord) -> list[Advice]:
        return list(unused_files(record, builds, lambda key: {"files": "t" if key == "t" else "1"}, listings.get))

    (advice,) = found(record, record, other)
    assert (advice.kind, advice.size) == ("unused-files", 3 << 20)
    assert advice.text.startswith("no step uses data/ (3.1 MB)")
    assert [advice.text[:21] for advice in found(record)] == ["no step uses tested/ ", "no step uses data/ (3"]
    assert found(record._replace(outcome=Outcome.FAILED)) == []
    listings.clear()
    assert found(record) == []
