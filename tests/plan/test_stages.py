"""Which stages are built, which images are asked for, and what is inherited."""

from __future__ import annotations

import pytest

from builder.model.platform import Platform
from builder.plan.types import Source, SourceKind
from tests.plan.planning import AMD64, OPTIONS, MemoryImages, copies, plan_of, runs

ARM64 = Platform("linux", "arm64")


def test_unreachable_stages_are_neither_planned_nor_resolved() -> None:
    images = MemoryImages()
    plan = plan_of("FROM nowhere AS unused\nRUN x\nFROM plain AS a\nFROM a\nCOPY --from=rich x y\n", images=images)
    assert [stage.position for stage in plan.stages] == [1, 2]
    assert images.asked == [("plain", "linux/amd64"), ("rich", "linux/amd64")]


def test_every_image_is_asked_for_once_per_platform() -> None:
    images = MemoryImages()
    text = "FROM plain\nFROM --platform=linux/arm64 plain AS a\nFROM plain\nCOPY --from=plain x y\nCOPY --from=a x y\n"
    plan = plan_of(text, images=images)
    assert images.asked == [("plain", "linux/arm64"), ("plain", "linux/amd64")]
    assert [(name, platform) for name, platform, _ in plan.bases] == [("plain", ARM64), ("plain", AMD64)]
    assert [stage.base.image for stage in plan.stages] == [0, 1]


def test_copied_images_are_of_the_target_platform() -> None:
    images = MemoryImages()
    plan_of(
        "FROM --platform=linux/s390x plain\nCOPY --from=foreign a b\n", OPTIONS._replace(target_platform=ARM64), images
    )
    assert images.asked == [("plain", "linux/s390x"), ("foreign", "linux/arm64")]


def test_the_later_of_two_stages_with_one_name_is_meant() -> None:
    plan = plan_of("FROM plain AS d\nFROM rich AS D\nFROM d AS t\nFROM plain\nCOPY --from=d x y\nCOPY --from=t x y\n")
    assert [stage.position for stage in plan.stages] == [1, 2, 3]
    assert [copy.source.stage for copy in copies(plan)] == [1, 2]


def test_from_takes_the_name_above_it() -> None:
    plan = plan_of("FROM plain AS d\nFROM d AS x\nFROM rich AS d\nFROM x\n")
    assert [stage.position for stage in plan.stages] == [0, 1, 3]


def test_a_stage_may_be_called_scratch_or_like_an_image() -> None:
    plan = plan_of("FROM plain AS scratch\nFROM scratch AS plain\nFROM plain\n")
    assert [stage.base.kind for stage in plan.stages] == [SourceKind.IMAGE, SourceKind.STAGE, SourceKind.STAGE]


def test_copy_from_an_image_that_is_a_stage_word_too() -> None:
    """`--from=3` is never an image, `--from=plain` is one unless a stage has the name."""
    plan = plan_of("FROM scratch\nCOPY --from=plain a b\nCOPY --from=scratch a b\n")
    assert [copy.source for copy in copies(plan)] == [Source(SourceKind.IMAGE, image=0), Source(SourceKind.SCRATCH)]


@pytest.mark.parametrize("target", ["Build", "BUILD", "0", "00"])
def test_target_by_name_in_any_case_or_by_number(target: str) -> None:
    plan = plan_of("FROM plain AS build\nRUN x\nFROM rich\n", OPTIONS._replace(target=target))
    assert plan.target.name == "build"


def test_reads_name_the_stages_whose_files_are_copied() -> None:
    plan = plan_of("FROM plain AS a\nFROM plain AS b\nFROM a\nCOPY --from=b x y\nCOPY x y\nRUN z\n")
    assert [step.reads for step in plan.target.steps] == [(1,), (), ()]
    assert [step.number for step in plan.target.steps] == [1, 2, 3]


def test_targetstage_is_the_target_or_the_last_stage() -> None:
    text = "FROM plain AS one\nARG TARGETSTAGE\nRUN x\nFROM one{name}\nRUN y\n"
    seen = [
        dict(runs(plan_of(text.format(name=name), OPTIONS._replace(target=target)))[-1].env)["TARGETSTAGE"]
        for name, target in ((" AS last", ""), ("", ""), (" AS last", "one"))
    ]
    assert seen == ["last", "default", "one"]


def test_triggers_bring_their_own_stages_and_images() -> None:
    """Needed only by a trigger: the stage `tools`, and the image that the trigger's COPY names."""
    images = MemoryImages(
        {
            "base": {"os": "linux", "architecture": "amd64", "config": {"OnBuild": ["COPY --from=tools a b"]}},
            "deep": {"os": "linux", "architecture": "amd64", "config": {"OnBuild": ["COPY --from=far a b"]}},
            "far": {"os": "linux", "architecture": "amd64"},
        }
    )
    plan = plan_of("FROM deep AS tools\nFROM scratch AS never\nFROM base\n", images=images)
    assert [stage.position for stage in plan.stages] == [0, 2]
    assert [name for name, _ in images.asked] == ["base", "deep", "far"]
    assert plan.target.steps[0].text == "ONBUILD COPY --from=tools a b"
    assert plan.target.steps[0].span.line == 3


def test_triggers_are_stored_and_not_inherited_twice() -> None:
    plan = plan_of("FROM plain AS a\nONBUILD RUN x\nFROM a AS b\nONBUILD RUN y\nFROM b\nRUN z\n")
    assert [stage.config.config.on_build for stage in plan.stages] == [("RUN x",), ("RUN y",), ()]
    assert [step.text for stage in plan.stages for step in stage.steps] == ["ONBUILD RUN x", "ONBUILD RUN y", "RUN z"]


def test_a_trigger_that_sets_cmd_counts_as_the_stages_own() -> None:
    images = MemoryImages({"b": {"os": "linux", "architecture": "amd64", "config": {"OnBuild": ['CMD ["own"]']}}})
    assert plan_of('FROM b\nENTRYPOINT ["e"]\n', images=images).target.config.config.cmd == ("own",)


def test_long_chains_of_stages_take_no_time() -> None:
    parts = ["FROM scratch AS s0\n"]
    parts += [f"FROM scratch AS s{i}\nCOPY --from=s{i - 1} a b\nCOPY --from=s{i // 2} a b\n" for i in range(1, 400)]
    assert len(plan_of("".join(parts)).stages) == 400
