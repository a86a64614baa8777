"""Faulty Buildfiles: the code, the line, and that nothing is ignored."""

from __future__ import annotations

import pytest

from builder.errors import BuilderError, BuildfileError, ImageError, Problems
from tests.plan.planning import OPTIONS, MemoryImages, plan_of

FAULTS = [
    ("FROM plain\nENV A=a\0b\nRUN x\n", "nul-byte", 3),
    ("FROM plain\nCOPY a\0b c\n", "nul-byte", 2),
    ("FROM plain\nWORKDIR /a\0b\n", "nul-byte", 2),
    ("ARG A\n", "no-stage", 0),
    ("ENV a=1\nFROM plain\n", "no-stage", 1),
    ("ARG A\nFROM $A\n", "empty-base", 2),
    ("ARG A=${B:?needed}\nFROM $A\n", "*", 1),
    ("ARG A=${B\nFROM $A\n", "*", 1),
    ("FROM --platform=$NOPE plain\n", "bad-platform", 1),
    ("FROM --platform=a/b/c/d plain\n", "bad-platform", 1),
    # Names: FROM is case-sensitive, even in stages that nobody needs.
    ("FROM plain AS base\nFROM Base\n", "bad-base", 2),
    ("FROM UPPER AS unused\nFROM plain\n", "bad-base", 1),
    ("FROM plain AS unused\nCOPY --from=UPPER a b\nFROM plain\n", "bad-base", 2),
    ("FROM plain\nCOPY --from=$X a b\n", "variable-in-from", 2),
    ("FROM plain AS unused\nCOPY --from=${X} a b\nFROM plain\n", "variable-in-from", 2),
    # References: out of range, to itself, forward, in circles.
    ("FROM plain\nCOPY --from=1 a b\n", "unknown-stage", 2),
    ("FROM plain AS unused\nCOPY --from=9 a b\nFROM plain\n", "unknown-stage", 2),
    ("FROM plain\nCOPY --from=-1 a b\n", "unknown-stage", 2),
    ("FROM plain\nRUN x\nCOPY --from=0 a b\n", "circular-dependency", 3),
    ("FROM plain AS a\nCOPY --from=A x y\n", "circular-dependency", 2),
    ("FROM plain AS a\nCOPY --from=b x y\nFROM plain AS b\nCOPY --from=a x y\n", "circular-dependency", 4),
    (
        "FROM plain AS a\nCOPY --from=b x y\nFROM plain AS b\nCOPY --from=c x y\nFROM plain AS c\nCOPY --from=b x y\n",
        "circular-dependency",
        6,
    ),
    ("FROM plain AS a\nCOPY --from=b x y\nFROM plain AS b\nFROM a\n", "stage-not-yet-defined", 2),
    (
        "FROM plain AS d\nFROM plain AS mid\nCOPY --from=d x y\nFROM plain AS d\nFROM mid\n",
        "stage-not-yet-defined",
        3,
    ),
    ("FROM plain AS a\nCOPY --from=b x y\nFROM a AS b\n", "stage-not-yet-defined", 2),
    # Instructions.
    ("FROM plain\nRUN []\n", "empty-run", 2),
    ("FROM plain\nRUN a\nENV x=${y:?needed}\n", "*", 3),
    ("FROM plain\nVOLUME /a $X\n", "empty-volume", 2),
    ("FROM plain\nSTOPSIGNAL SIGFOO\n", "bad-signal", 2),
    ("FROM plain\nSTOPSIGNAL 0\n", "bad-signal", 2),
    ("FROM plain\nSTOPSIGNAL $NOTHING\n", "bad-signal", 2),
    ("FROM plain\nSTOPSIGNAL RTMIN+16\n", "bad-signal", 2),
    ("FROM plain\nSTOPSIGNAL RTMAX+1\n", "bad-signal", 2),
    ("FROM plain\nEXPOSE 65536\n", "bad-port", 2),
    ("FROM plain\nEXPOSE 80/icmp\n", "bad-port", 2),
    ("FROM plain\nEXPOSE 20-10\n", "bad-port", 2),
    ("FROM plain\nEXPOSE a:80:80\n", "bad-port", 2),
    ("FROM plain\nEXPOSE 1-3:80-81\n", "bad-port", 2),
    ("FROM plain\nCOPY --chmod=888 a b\n", "bad-mode", 2),
    ("FROM plain\nCOPY --chmod=10000 a b\n", "bad-mode", 2),
    ("FROM plain\nCOPY --chmod=u+q a b\n", "bad-mode", 2),
    ("FROM plain\nCOPY https://example.org/x /x\n", "copy-remote", 2),
    ("FROM plain\nCOPY git@example.org:a/b /x\n", "copy-remote", 2),
    ("FROM plain\nADD --checksum=sha256:00 https://example.org/x /x\n", "bad-checksum", 2),
    ("FROM plain\nADD --checksum=main git://example.org/x /x\n", "bad-checksum", 2),
    ("FROM plain\nADD --checksum=aa git://example.org/x?checksum=bb /x\n", "bad-checksum", 2),
    ("FROM plain\nADD --keep-git-dir=true https://example.org/x.git?keep-git-dir=0 /x\n", "bad-git-url", 2),
    ("FROM plain\nADD git://example.org/x#-x /x\n", "bad-git-url", 2),
    ("FROM plain\nCOPY <<a/b /x\ntext\na/b\n", "bad-heredoc-name", 2),
]


@pytest.mark.parametrize(("text", "code", "line"), FAULTS)
def test_fault_has_code_and_line(text: str, code: str, line: int) -> None:
    with pytest.raises(BuildfileError) as caught:
        plan_of(text)
    assert code in (caught.value.code, "*")
    assert (caught.value.span.line if caught.value.span else 0) == line


def test_all_faulty_instructions_are_told_at_once() -> None:
    with pytest.raises(Problems) as caught:
        plan_of("FROM plain AS a\nEXPOSE x\nRUN fine\nSTOPSIGNAL y\nFROM a\nCOPY --chmod=z a b\n")
    assert [(e.code, e.span.line) for e in caught.value.errors if e.span] == [
        ("bad-port", 2),
        ("bad-signal", 4),
        ("bad-mode", 6),
    ]


def test_all_faulty_from_lines_are_told_at_once() -> None:
    with pytest.raises(Problems) as caught:
        plan_of("FROM $A AS a\nFROM --platform=/ plain\nFROM a\n")
    assert [error.code for error in caught.value.errors] == ["empty-base", "bad-platform"]


@pytest.mark.parametrize(
    ("buildfile", "line", "hint"),
    [
        ("FROM plain AS build\nFROM plain\nCOPY --from=biuld a b\n", 3, "did you mean the stage build?"),
        ("FROM below AS above\nFROM above AS Below\n", 1, "the stage below stands below: FROM finds those above it"),
        ("FROM a AS b\n", 1, None),
        ("FROM nothing\n", 1, None),
    ],
)
def test_unknown_image_has_the_line_and_the_stage_that_was_meant(buildfile: str, line: int, hint: str | None) -> None:
    with pytest.raises(ImageError) as caught:
        plan_of(buildfile)
    assert caught.value.span
    assert (caught.value.span.line, caught.value.hint) == (line, hint)


@pytest.mark.parametrize("target", ["nope", "2", "-1", "scratch"])
def test_unknown_target(target: str) -> None:
    with pytest.raises(BuilderError) as caught:
        plan_of("FROM plain AS one\nFROM plain AS two\n", OPTIONS._replace(target=target))
    assert caught.value.code == "unknown-stage"


def test_similar_target_is_suggested() -> None:
    with pytest.raises(BuilderError) as caught:
        plan_of("FROM plain AS one\n", OPTIONS._replace(target="oen"))
    assert caught.value.hint == "did you mean one?"


@pytest.mark.parametrize("epoch", ["one", "1.5", "12 "])
def test_epoch_is_a_number(epoch: str) -> None:
    with pytest.raises(BuildfileError) as caught:
        plan_of(f"ARG SOURCE_DATE_EPOCH='{epoch}'\nFROM plain AS one\n")
    assert caught.value.code == "bad-epoch"


def test_faulty_trigger_is_told_at_the_from_line() -> None:
    images = MemoryImages({"b": {"os": "linux", "architecture": "amd64", "config": {"OnBuild": ["BOGUS x"]}}})
    with pytest.raises(BuildfileError) as caught:
        plan_of("FROM scratch\nFROM b\n", images=images)
    assert caught.value.span
    assert caught.value.span.line == 2
    assert "ONBUILD BOGUS x" in caught.value.message


def test_trigger_may_not_be_from() -> None:
    images = MemoryImages({"b": {"os": "linux", "architecture": "amd64", "config": {"OnBuild": ["FROM x"]}}})
    with pytest.raises(BuildfileError):
        plan_of("FROM b\n", images=images)
