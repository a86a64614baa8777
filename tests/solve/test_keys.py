"""Golden keys: a change here empties every cache, so it must be meant (raise `KEY_FORMAT` with it)."""

from __future__ import annotations

import pytest

from builder.plan.types import Action, CopyAction, RunAction, Source, SourceKind, Step, WorkdirAction
from builder.solve.keys import key_of, key_parts
from tests.solve.toys import LINUX, SPAN, layer_of

RUN = RunAction(("/bin/sh", "-c", "make"), (("PATH", "/bin"), ("A", "1")), "/src", "app")
COPY = CopyAction(Source(SourceKind.CONTEXT), ("src",), "/app/", chown="1:1")
GOLDEN: dict[str, tuple[Action, str]] = {
    "run": (RUN, "f4f8d6df6c9c838e97acfea61141538ae5d3b7224a58b3e665e729f675a855e7"),
    "copy": (COPY, "e761a1a599f30c16a46cdd6a8ca93c1d3bc452c8a37b07b24d81d49fd7bb120d"),
    "workdir": (WorkdirAction("/app"), "787a20871fe529a4cafbda2c2151dbd2bbebe429ef23bf753b73da4f1300fdea"),
}


def parts(action: Action, parent: str = "p", epoch: int | None = None) -> dict[str, object]:
    step = Step(0, 1, "text", SPAN, action)
    return dict(key_parts(step, LINUX, (layer_of(parent),), {"files": "f"}, epoch))


@pytest.mark.parametrize("name", GOLDEN)
def test_golden_key(name: str) -> None:
    action, expected = GOLDEN[name]
    assert key_of(parts(action)) == expected


def test_text_and_place_of_the_instruction_do_not_count() -> None:
    one = Step(0, 1, "RUN make", SPAN, RUN)
    other = Step(3, 7, "RUN  make # x", SPAN._replace(line=99), RUN)
    keys = {key_of(key_parts(step, LINUX, (), {}, None)) for step in (one, other)}
    assert len(keys) == 1


@pytest.mark.parametrize(
    "changed",
    [
        RUN._replace(argv=("/bin/sh", "-c", "make all")),
        RUN._replace(env=RUN.env[::-1]),
        RUN._replace(cwd="/"),
        RUN._replace(user=""),
        RUN._replace(network="none"),
    ],
)
def test_each_member_of_a_run_counts(changed: RunAction) -> None:
    assert key_of(parts(changed)) != key_of(parts(RUN))


def test_proxies_do_not_count() -> None:
    assert key_of(parts(RUN._replace(proxies=(("HTTP_PROXY", "x"),)))) == key_of(parts(RUN))


def test_parent_counts_except_for_a_linked_copy() -> None:
    linked = COPY._replace(link=True)
    assert key_of(parts(COPY, "p")) != key_of(parts(COPY, "q"))
    assert key_of(parts(linked, "p")) == key_of(parts(linked, "q"))


def test_epoch_counts() -> None:
    assert key_of(parts(COPY)) != key_of(parts(COPY, epoch=0))
