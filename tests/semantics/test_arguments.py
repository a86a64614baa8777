"""Rows of the language reference about FROM, ARG, ENV, LABEL, and where variables are expanded."""

from __future__ import annotations

import pytest

from builder.errors import BuilderError, BuildfileError
from builder.model.platform import Platform
from builder.plan.types import SourceKind
from tests.plan.planning import OPTIONS, MemoryImages, copies, lines, plan_of, runs

PATH = ("PATH", "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin")


def test_from_ref_as_name() -> None:
    """FROM ref [AS name]"""
    assert plan_of("ARG A=1\n# c\nFROM plain AS ONE.x-y_2\nFROM plain\n").target.name == ""
    assert plan_of("FROM plain AS ONE.x-y_2\n").target.name == "one.x-y_2"
    for wrong in ("FROM plain AS 1x\n", "FROM plain AS\n", "FROM plain x\n", "RUN x\nFROM plain\n"):
        with pytest.raises(BuilderError):
            plan_of(wrong)


def test_from_platform() -> None:
    """FROM --platform"""
    images = MemoryImages()
    text = "ARG P=linux/s390x\nFROM --platform=$P plain\nARG TARGETPLATFORM\nRUN x\n"
    assert dict(runs(plan_of(text, images=images))[0].env)["TARGETPLATFORM"] == "linux/amd64"
    assert images.asked == [("plain", "linux/s390x")]
    with pytest.raises(BuildfileError, match="platform"):
        plan_of("FROM --platform=$NONE plain\n")


def test_from_stage_lookup() -> None:
    """FROM stage lookup"""
    with pytest.raises(BuilderError, match="Base"):
        plan_of("FROM plain AS base\nFROM Base\n")
    plan = plan_of("FROM plain AS base\nFROM scratch\nCOPY --from=BASE a /\n", OPTIONS)
    assert copies(plan)[0].source.stage == 0
    assert plan_of("FROM plain AS base\nFROM scratch\n", OPTIONS._replace(target="BASE")).target.name == "base"


def test_from_scratch() -> None:
    """FROM scratch"""
    config = plan_of("FROM scratch\nLABEL a=b\n").target.config.config
    assert (config.working_dir, config.env) == ("/", ("=".join(PATH),))
    assert plan_of("FROM plain\n").target.config.config.env == ("=".join(PATH),)


def test_duplicate_stage_names() -> None:
    """Duplicate stage names"""
    text = "FROM plain AS a\nFROM scratch AS b\nCOPY --from=a x /\nFROM plain AS a\nFROM b\n"
    with pytest.raises(BuildfileError, match="later"):
        plan_of(text)


def test_unreachable_stages() -> None:
    """Unreachable stages"""
    images = MemoryImages()
    assert [stage.position for stage in plan_of("FROM nowhere\nFROM plain\n", images=images).stages] == [1]
    assert images.asked == [("plain", "linux/amd64")]
    with pytest.raises(BuildfileError):
        plan_of("FROM plain AS a\nCOPY --from=b x /\nFROM plain AS b\nCOPY --from=a x /\n")


def test_stage_inheritance() -> None:
    """Stage inheritance"""
    text = 'FROM plain AS a\nARG X=1\nENV Y=2\nUSER u\nWORKDIR /w\nSHELL ["s"]\nFROM a\nRUN c\n'
    run = runs(plan_of(text))[0]
    assert (run.argv, run.user, run.cwd) == (("s", "c"), "u", "/w")
    assert dict(run.env) == {PATH[0]: PATH[1], "X": "1", "Y": "2"}


@pytest.mark.parametrize(
    ("given", "seen"),
    [({}, ["global", "own", "", "own"]), ({"G": "g", "B": "b", "N": "n", "O": "o"}, ["g", "b", "n", "o"])],
)
def test_arg(given: dict[str, str], seen: list[str]) -> None:
    """ARG name[=def] …"""
    text = "ARG G=global B=global\nFROM plain\nARG G B=own N\nARG O=own\nRUN x\nLABEL l=$G,$B,$N,$O\n"
    plan = plan_of(text, OPTIONS._replace(build_args=tuple(given.items())))
    assert plan.target.config.config.labels == (("l", ",".join(seen)),)
    bare = plan_of("ARG G=global\nFROM plain\nLABEL l=[$G]\n")
    assert bare.target.config.config.labels == (("l", "[]"),)


def test_arg_against_env() -> None:
    """ARG vs ENV. Not verified was that the last one in the file wins for RUN, while the config keeps the ENV value: it
    is so in BuildKit (differential case arg-after-env)."""
    plan = plan_of("FROM plain\nENV X=a\nARG X=b\nRUN x\n")
    assert dict(runs(plan)[0].env)["X"] == "b"
    assert plan.target.config.config.env[-1] == "X=a"
    assert dict(runs(plan_of("FROM plain\nENV X=a\nARG X\nRUN x\n"))[0].env)["X"] == "a"
    options = OPTIONS._replace(build_args=(("X", "given"),))
    assert dict(runs(plan_of("FROM plain\nARG X=${Y:?no}\nRUN x\n", options))[0].env)["X"] == "given"
    with pytest.raises(BuildfileError, match="no"):
        plan_of("FROM plain\nARG X=${Y:?no}\nRUN x\n")


@pytest.mark.parametrize("name", ["HTTP_PROXY", "http_proxy", "Http_Proxy"])
def test_predefined_args(name: str) -> None:
    """Predefined ARGs"""
    plan = plan_of("FROM plain\nRUN x\n", OPTIONS._replace(build_args=((name, "p"),)))
    run = runs(plan)[0]
    assert run.proxies == (("HTTP_PROXY", "p"), ("http_proxy", "p"))
    assert "p" not in str(run.key_parts()["env"]).split("'")
    assert lines(plan) == ["RUN /bin/sh -c x # buildkit"]


def test_platform_args() -> None:
    """Platform ARGs"""
    names = "TARGETPLATFORM TARGETOS TARGETOSVERSION TARGETARCH TARGETVARIANT TARGETSTAGE BUILDPLATFORM BUILDARCH"
    text = f"FROM scratch\nARG {names}\nLABEL l=" + ",".join(f"${name}" for name in names.split())
    options = OPTIONS._replace(target_platform=Platform("linux", "arm", "v6"))
    assert plan_of(text, options).target.config.config.labels == (
        ("l", "linux/arm/v6,linux,,arm,v6,default,linux/amd64,amd64"),
    )
    overridden = plan_of(text, options._replace(build_args=(("TARGETARCH", "x"),))).target.config.config.labels
    assert overridden[0][1].split(",")[3] == "x"
    assert plan_of("FROM scratch\nLABEL l=[$TARGETARCH]\n").target.config.config.labels == (("l", "[]"),)


def test_control_args() -> None:
    """Control ARGs: BUILDKIT_MULTI_PLATFORM has its own tests with the outputs"""
    names = ("SYNTAX", "DOCKERFILE_CHECK", "INLINE_CACHE", "CACHE_MOUNT_NS", "CONTEXT_KEEP_GIT_DIR", "BUILD_NAME")
    given = tuple((f"BUILDKIT_{name}", "x=1" if name == "DOCKERFILE_CHECK" else "1") for name in names)
    run = runs(plan_of("FROM plain\nRUN x\n", OPTIONS._replace(build_args=given)))[0]
    assert run.env == (PATH,)
    named = OPTIONS._replace(build_args=(("BUILDKIT_SANDBOX_HOSTNAME", "h"),))
    assert runs(plan_of("FROM plain\nRUN x\n", named))[0].hostname == "h"


def test_sbom_args() -> None:
    """SBOM ARGs"""
    text = "FROM plain\nARG BUILDKIT_SBOM_SCAN_CONTEXT=true BUILDKIT_SBOM_SCAN_STAGE=a,b\nRUN x\n"
    assert runs(plan_of(text))[0].env == (PATH,)


@pytest.mark.parametrize(
    ("text", "given", "epoch"),
    [
        ("", None, None),
        ("", "5", 5),
        ("ARG SOURCE_DATE_EPOCH=7\n", None, 7),
        ("ARG SOURCE_DATE_EPOCH=7\n", "5", 5),
        ("ARG SOURCE_DATE_EPOCH=7\n", "", None),
        ("", "context", None),
    ],
)
def test_source_date_epoch(text: str, given: str | None, epoch: int | None) -> None:
    """SOURCE_DATE_EPOCH: a folder as `context` has no time in BuildKit, either"""
    build_args = () if given is None else (("SOURCE_DATE_EPOCH", given),)
    assert plan_of(f"{text}FROM plain\n", OPTIONS._replace(build_args=build_args)).epoch == epoch


def test_env() -> None:
    """ENV k=v …"""
    plan = plan_of("FROM plain\nENV ONE TWO= THREE=world\nENV A=1 B=2\nENV A=3\nRUN x\n")
    assert plan.target.config.config.env[1:] == ("ONE=TWO= THREE=world", "A=3", "B=2")
    assert runs(plan)[0].env[1:] == (("ONE", "TWO= THREE=world"), ("B", "2"), ("A", "3"))


def test_label() -> None:
    """LABEL"""
    plan = plan_of("FROM plain\nLABEL a=1 'b c'=\"d e\"\nLABEL old form here\n", OPTIONS._replace(labels=(("a", "2"),)))
    assert plan.target.config.config.labels == (("a", "2"), ("b c", "d e"), ("old", "form here"))


def test_where_expanded() -> None:
    """Where expanded"""
    text = (
        "FROM plain\nENV V=v P=80 N=7 S=SIGINT\nADD --chown=$N --chmod=60$N $V d$V\nENV $V=1\nLABEL $V=$V\n"
        'EXPOSE $P\nUSER $N\nVOLUME ["/$V"]\nWORKDIR /$V\nSTOPSIGNAL $S\nARG A=$V\nRUN x\n'
    )
    plan = plan_of(text)
    config, copy = plan.target.config.config, copies(plan)[0]
    assert (copy.paths, copy.dest, copy.chown, copy.chmod) == (("v",), "/dv", "7", "0607")
    assert (config.labels, config.exposed_ports, config.user) == ((("v", "v"),), ("80/tcp",), "7")
    assert (config.volumes, config.working_dir, config.stop_signal) == (("/v",), "/v", "SIGINT")
    assert dict(runs(plan)[0].env) | {"v": "1", "A": "v"} == dict(runs(plan)[0].env)


def test_where_not() -> None:
    """Where not"""
    text = 'FROM plain\nENV V=v\nRUN $V\nCMD ["$V"]\nENTRYPOINT $V\nHEALTHCHECK CMD $V\nMAINTAINER $V\n'
    image = plan_of(text).target.config
    config = image.config
    assert runs(plan_of(text))[0].argv[-1] == "$V"
    assert (config.cmd, config.entrypoint) == (("$V",), ("/bin/sh", "-c", "$V"))
    assert config.healthcheck is not None
    assert (config.healthcheck.test, image.author) == (("CMD-SHELL", "$V"), "$V")
    with pytest.raises(BuildfileError, match="from"):
        plan_of("ARG V=v\nFROM plain\nCOPY --from=$V a /\n")


def test_same_line_rule() -> None:
    """Same-line rule"""
    plan = plan_of("FROM plain\nENV a=1\nENV a=2 b=$a\nLABEL a=3 l=$a\n")
    assert plan.target.config.config.env[1:] == ("a=2", "b=1")
    assert plan.target.config.config.labels == (("a", "3"), ("l", "2"))


def test_docs_trap() -> None:
    """Docs trap"""
    assert plan_of("FROM plain\nWORKDIR /path/$UNSET\n").target.config.config.working_dir.rstrip("/") == "/path"


def test_named_stage_numbers() -> None:
    """COPY --from"""
    plan = plan_of("FROM plain AS a\nFROM scratch\nCOPY --from=0 a /\n")
    assert copies(plan)[0].source.kind is SourceKind.STAGE
