"""Rows of the reference about ARG, ENV and platforms that are easily got wrong."""

from __future__ import annotations

import pytest

from builder.model.platform import Platform
from builder.plan.types import PlanOptions
from tests.plan.planning import AMD64, OPTIONS, lines, plan_of, runs


def with_args(**args: str) -> PlanOptions:
    return OPTIONS._replace(build_args=tuple(args.items()))


def env_of(text: str, options: PlanOptions = OPTIONS) -> dict[str, str]:
    return dict(runs(plan_of(text, options))[-1].env)


def test_global_arguments_are_seen_in_from_lines_only() -> None:
    env = env_of("ARG base=plain\nFROM $base\nENV seen=x$base\nRUN y\n")
    assert env["seen"] == "x"
    assert "base" not in env


@pytest.mark.parametrize(
    ("declaration", "given", "value"),
    [
        ("ARG A", {}, "global"),
        ("ARG A=own", {}, "own"),
        ("ARG A=", {}, ""),
        ("ARG A", {"A": "line"}, "line"),
        ("ARG A=own", {"A": "line"}, "line"),
        ("ARG A=own", {"A": ""}, ""),
        ("ARG B", {}, None),
        ("ENV A=env", {"A": "line"}, "env"),
        ("ENV A=env\nARG A", {}, "global"),
        ("ENV B=env\nARG B", {}, "env"),
        ("ARG A=own\nENV A=env", {"A": "line"}, "env"),
        ("ENV A=env\nARG A=own", {}, "own"),
    ],
)
def test_which_value_a_run_sees(declaration: str, given: dict[str, str], value: str | None) -> None:
    env = env_of(f"ARG A=global\nFROM plain\n{declaration}\nRUN x\n", with_args(**given))
    assert env.get("A", env.get("B")) == value


def test_the_config_keeps_env_where_arg_comes_later() -> None:
    plan = plan_of("FROM plain\nENV A=env\nARG A=arg\nRUN x\n")
    assert "A=env" in plan.target.config.config.env
    assert dict(runs(plan)[0].env)["A"] == "arg"
    assert lines(plan)[-1] == "RUN |1 A=arg /bin/sh -c x # buildkit"


def test_a_default_is_not_expanded_where_it_is_not_needed() -> None:
    text = "ARG A=${X:?}\nFROM plain\nARG B=${X:?}\nRUN x\n"
    assert env_of(text, with_args(A="1", B="2"))["B"] == "2"


def test_each_argument_of_a_line_sees_those_before_it_and_env_pairs_do_not() -> None:
    env = env_of("FROM plain\nARG a=1 b=$a\nENV c=1 d=$c\nRUN x\n")
    assert (env["b"], env["d"]) == ("1", "")


def test_env_again_moves_in_the_process_and_stays_in_the_config() -> None:
    plan = plan_of("FROM plain\nENV a=1 b=2\nENV a=3\nRUN x\n")
    assert [name for name, _ in runs(plan)[0].env] == ["PATH", "b", "a"]
    assert plan.target.config.config.env[1:] == ("a=3", "b=2")


def test_a_child_stage_sees_env_again_where_arg_had_hidden_it() -> None:
    env = env_of("FROM plain AS a\nENV X=env\nARG X=arg Y=kept\nFROM a\nRUN x\n")
    assert (env["X"], env["Y"]) == ("env", "kept")


def test_scan_arguments_are_in_the_history_only() -> None:
    plan = plan_of("FROM plain\nARG BUILDKIT_SBOM_SCAN_STAGE=true\nRUN x $BUILDKIT_SBOM_SCAN_STAGE\n")
    assert "BUILDKIT_SBOM_SCAN_STAGE" not in dict(runs(plan)[0].env)
    assert lines(plan)[-1].startswith("RUN |1 BUILDKIT_SBOM_SCAN_STAGE=true ")


def test_undeclared_build_arguments_change_nothing() -> None:
    text = "FROM plain\nRUN x $A\n"
    assert plan_of(text, with_args(A="1")) == plan_of(text)


def test_proxies_are_seen_by_processes_and_stand_in_no_key_and_no_history() -> None:
    text = "FROM plain\nRUN x\n"
    plan, without = plan_of(text, with_args(http_proxy="http://p", No_PROXY="n")), plan_of(text)
    assert runs(plan)[0].proxies == (
        ("HTTP_PROXY", "http://p"), ("http_proxy", "http://p"), ("NO_PROXY", "n"), ("no_proxy", "n"),
    )  # fmt: skip
    assert runs(plan)[0].key_parts() == runs(without)[0].key_parts()
    assert lines(plan) == lines(without)


def test_platform_arguments() -> None:
    options = OPTIONS._replace(target_platform=Platform("linux", "arm", "v7"))
    names = "TARGETPLATFORM TARGETOS TARGETARCH TARGETVARIANT TARGETOSVERSION BUILDPLATFORM BUILDARCH BUILDVARIANT"
    env = env_of(f"FROM plain\nARG {names}\nRUN x\n", options)
    assert [env[name] for name in names.split()] == [
        "linux/arm/v7",
        "linux",
        "arm",
        "v7",
        "",
        "linux/amd64",
        "amd64",
        "",
    ]


def test_platform_arguments_can_be_overridden() -> None:
    env = env_of(
        "FROM --platform=$BUILDPLATFORM plain\nARG BUILDPLATFORM\nRUN x\n", with_args(BUILDPLATFORM="linux/386")
    )
    assert env["BUILDPLATFORM"] == "linux/386"
    plan = plan_of("FROM --platform=$BUILDPLATFORM plain\n", with_args(BUILDPLATFORM="linux/386"))
    assert plan.image_platforms == (Platform("linux", "386"),)


@pytest.mark.parametrize(
    ("text", "environment", "given", "epoch", "seen"),
    [
        ("", None, None, None, None),
        ("ARG SOURCE_DATE_EPOCH=10\n", None, None, 10, "10"),
        ("ARG SOURCE_DATE_EPOCH=10\n", 20, None, 20, "20"),
        ("ARG SOURCE_DATE_EPOCH=10\n", 20, "030", 30, "30"),
        ("", 0, None, 0, "0"),
        ("", 20, "", None, None),
        ("ARG SOURCE_DATE_EPOCH\n", None, None, None, None),
    ],
)
def test_where_the_epoch_comes_from(
    text: str, environment: int | None, given: str | None, epoch: int | None, seen: str | None
) -> None:
    build_args = () if given is None else (("SOURCE_DATE_EPOCH", given),)
    options = OPTIONS._replace(epoch=environment, build_args=build_args)
    plan = plan_of(f"{text}FROM plain\nARG SOURCE_DATE_EPOCH\nRUN x\n", options)
    assert plan.epoch == epoch
    assert dict(runs(plan)[0].env).get("SOURCE_DATE_EPOCH") == seen


@pytest.mark.parametrize(
    ("given", "base", "wanted", "platform"),
    [
        (False, "foreign", AMD64, Platform("linux", "arm64")),
        (True, "foreign", AMD64, AMD64),
        (True, "foreign", Platform("linux", "arm64"), Platform("linux", "arm64")),
        (True, "plain", Platform("linux", "arm", "v6"), Platform("linux", "arm", "v6")),
        (False, "scratch", Platform("linux", "s390x"), Platform("linux", "s390x")),
    ],
)
def test_the_platform_that_the_image_says(given: bool, base: str, wanted: Platform, platform: Platform) -> None:
    plan = plan_of(f"FROM {base}\n", OPTIONS._replace(target_platform=wanted, platform_given=given))
    assert plan.target.config.platform == platform


def test_undefined_variables_are_remarked_with_a_suggestion() -> None:
    plan = plan_of("FROM plain\nENV version=1\nARG known\nLABEL a=$versoin b=$known c=$zzzzzz\n")
    assert [(item.rule, item.message, item.span.line) for item in plan.warnings] == [
        ("UndefinedVar", "Variable '$versoin' is not defined (did you mean $version?)", 4),
        ("UndefinedVar", "Variable '$zzzzzz' is not defined", 4),
    ]
