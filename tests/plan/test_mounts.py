"""`RUN --mount`: options, order, defaults; and what a step reads by it."""

from __future__ import annotations

from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from builder.errors import BuilderError, BuildfileError
from builder.plan.types import RunMount, Source, SourceKind, Surroundings, Ulimit
from tests.plan.planning import OPTIONS, plan_of, runs

CONTEXT = Source(SourceKind.CONTEXT)


def mount_of(options: str, before: str = "") -> RunMount:
    return runs(plan_of(f"FROM plain\n{before}\nRUN --mount={options} true\n"))[0].mounts[0]


@pytest.mark.parametrize(
    ("options", "expected"),
    [
        ("target=/x", RunMount("bind", "/x", CONTEXT, readonly=True)),
        ("dst=/x/../y/,src=/a/./b,rw", RunMount("bind", "/y", CONTEXT, "a/b")),
        ("target=x,readwrite=false", RunMount("bind", "/w/x", CONTEXT, readonly=True)),
        ("source=../up", RunMount("bind", "/w", CONTEXT, "up", readonly=True)),
        ("type=tmpfs,target=/x,size=1k", RunMount("tmpfs", "/x", size=1024)),
        ("type=cache,target=c/../d/", RunMount("cache", "/w/d", id="d", sharing="shared")),
        ("type=cache,target=/x/,id=i,sharing=LOCKED,ro", RunMount(
            "cache", "/x", readonly=True, id="i", sharing="locked")),
        ("type=secret,id=a/b", RunMount("secret", "/run/secrets/b", id="a/b")),
        ("type=secret,target=/k/s", RunMount("secret", "/k/s", id="s")),
        ("type=secret,src=s,env=E", RunMount("secret", "", id="s", env="E")),
        ("type=secret,id=s,env=E,target=t", RunMount("secret", "/w/t", id="s", env="E")),
        ("type=secret,required,id=s,mode=0440,uid=1,gid=2", RunMount(
            "secret", "/run/secrets/s", id="s", required=True, mode=0o440, uid=1, gid=2)),
        ("type=ssh", RunMount("ssh", "/run/buildkit/ssh_agent.0", id="default")),
        ("type=ssh,id=x,target=/s,required=T", RunMount("ssh", "/s", id="x", required=True)),
    ],
)  # fmt: skip
def test_options_and_their_defaults(options: str, expected: RunMount) -> None:
    assert mount_of(options, "WORKDIR /w") == expected


def test_agents_are_numbered_and_only_the_first_is_named() -> None:
    run = runs(plan_of("FROM plain\nRUN --mount=type=ssh --mount=type=tmpfs,target=/t --mount=type=ssh true\n"))[0]
    assert [mount.target for mount in run.mounts if mount.kind == "ssh"] == [
        "/run/buildkit/ssh_agent.0",
        "/run/buildkit/ssh_agent.1",
    ]
    assert ("SSH_AUTH_SOCK", "/run/buildkit/ssh_agent.0") in run.env


def test_a_namespace_of_caches() -> None:
    options = OPTIONS._replace(build_args=(("BUILDKIT_CACHE_MOUNT_NS", "team"),))
    plan = plan_of("FROM plain\nRUN --mount=type=cache,target=/x true\n", options)
    assert runs(plan)[0].mounts[0].id == "team//x"


def test_a_stage_that_only_a_mount_reads_is_built() -> None:
    plan = plan_of("FROM plain AS a\nRUN a\nFROM plain AS b\nFROM plain\nRUN --mount=from=A,target=/a true\n")
    assert [stage.name for stage in plan.stages] == ["a", ""]
    assert plan.target.steps[0].reads == (0,)
    assert runs(plan)[0].mounts[0].source == Source(SourceKind.STAGE, stage=0)


def test_circles_through_mounts_are_refused() -> None:
    text = "FROM plain\nRUN --mount=from=b,target=/x true\nFROM plain AS b\nCOPY --from=0 x y\n"
    with pytest.raises(BuildfileError, match=r"for each other: (stage-0 -> b -> stage-0|b -> stage-0 -> b)$") as caught:
        plan_of(text)
    assert caught.value.code == "circular-dependency"


@pytest.mark.parametrize("option", ["uid", "gid"])
def test_owners_are_numbers_of_32_bits(option: str) -> None:
    assert getattr(mount_of(f"type=secret,id=s,{option}=4294967295"), option) == 4294967295
    for wrong in ("4294967296", "-1", "a", ""):
        with pytest.raises(BuildfileError, match=f"{option} is a number, not"):
            mount_of(f"type=secret,id=s,{option}={wrong}")


def test_content_is_not_in_the_plans_part_of_a_key() -> None:
    first = mount_of("target=/x,source=a").key_parts()
    assert (
        first
        == mount_of("target=/x,source=b,from=plain").key_parts()
        == {"kind": "bind", "target": "/x", "readonly": True}
    )


def test_a_run_without_mounts_keeps_its_key() -> None:
    assert set(runs(plan_of("FROM plain\nRUN true\n"))[0].key_parts()) == {"argv", "env", "cwd"}


def test_surroundings_are_in_the_key_but_for_addresses() -> None:
    given = Surroundings("none", (("db", "10.0.0.1"),), 1 << 20, (Ulimit("nofile", 1, 2),))
    run = runs(plan_of("FROM plain\nRUN true\n", OPTIONS._replace(surroundings=given)))[0]
    parts = run.key_parts()
    assert parts["network"] == "none"
    assert parts["extra_hosts"] == ["db"]
    assert parts["shm_size"] == 1 << 20
    assert parts["ulimits"] == [["nofile", 1, 2]]


def test_the_network_of_an_instruction_beats_the_command_lines() -> None:
    given = Surroundings("none", allowed=("network.host",))
    text = "FROM plain\nRUN a\nRUN --network=default b\nRUN --network=host c\n"
    plan = plan_of(text, OPTIONS._replace(surroundings=given))
    assert [run.network for run in runs(plan)] == ["none", "none", "host"]


@pytest.mark.parametrize("flag", ["--network=host", "--security=insecure"])
def test_what_is_not_allowed(flag: str) -> None:
    with pytest.raises(BuildfileError) as caught:
        plan_of(f"FROM plain\nRUN {flag} true\n", OPTIONS._replace(surroundings=Surroundings()))
    assert caught.value.code == "not-allowed"
    assert "--allow" in (caught.value.hint or "")


words = st.sampled_from(
    ["type=bind", "type=cache", "type=tmpfs", "type=secret", "type=ssh", "required", "ro", "rw=1", "target=/x", "id=i",
     "source=s", "size=1m", "mode=0700", "uid=1", "env=E", "sharing=locked", "from=plain", "x", "target=", "=", ""]
)  # fmt: skip


@given(st.lists(words, max_size=6))
def test_any_options_are_a_mount_or_an_error(options: list[str]) -> None:
    with suppress(BuilderError):
        mount = mount_of(",".join(options))
        assert mount.target or mount.env is not None
        assert mount.kind in ("bind", "cache", "tmpfs", "secret", "ssh")
