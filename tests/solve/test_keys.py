"""Golden keys: a change here empties every cache, so it must be meant (raise `KEY_FORMAT` with it)."""

from __future__ import annotations

import pytest

from builder.plan.types import Action, CopyAction, RunAction, Source, SourceKind, Step, WorkdirAction
from builder.solve.keys import key_of, key_parts
from tests.solve.toys import LINUX, SPAN, layer_of

RUN = RunAction(("/bin/sh", "-c", "make"), (("PATH", "/bin"), ("A", "1")), "/src", "app")
COPY = CopyAction(Source(SourceKind.CONTEXT), ("src",), "/app/", chown="1:1")
GOLDEN: dict[str, tuple[Action, str]] = {
    "run": (RUN, "6c0fe614f391e4b7ddc2d29e0974ab4170ce386be390860a301be605f7992c6a"),
    "copy": (COPY, "7b22f760b73fd807e93dff055eb223556871f3d1f66cf2e134c61fc3aa96a19e"),
    "workdir": (WorkdirAction("/app"), "1b7421722572ec844c6f4cfa2b12cc2344a1efba01428de923add8a8ca220e87"),
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
