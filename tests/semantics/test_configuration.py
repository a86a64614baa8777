"""Rows of the language reference about WORKDIR, USER, CMD and the rest of the image's config, ONBUILD, history."""

from __future__ import annotations

import pytest

from builder.errors import BuilderError
from builder.model.config import Healthcheck, RunConfig
from builder.plan.types import WorkdirAction
from tests.plan.planning import actions, copies, lines, plan_of, runs


def config_of(text: str) -> RunConfig:
    return plan_of(text).target.config.config


def test_workdir() -> None:
    """WORKDIR: seen with files in the differential cases workdir and workdir-user"""
    plan = plan_of("FROM plain\nUSER 7\nWORKDIR a\nWORKDIR ../b\nWORKDIR /\n")
    assert actions(plan) == [WorkdirAction("/a", "7"), WorkdirAction("/b", "7")]
    assert [entry.empty_layer for entry in plan.target.history] == [True, False, False, True]
    assert actions(plan_of("FROM rich\nCMD x\n")) == []


def test_user() -> None:
    """USER"""
    assert config_of("FROM plain\nUSER nobody-knows:me\n").user == "nobody-knows:me"


def test_volume() -> None:
    """VOLUME: later changes below the path are kept (differential case run-volume)"""
    assert config_of('FROM plain\nVOLUME /b /a\nVOLUME ["/c d"]\n').volumes == ("/a", "/b", "/c d")


def test_expose() -> None:
    """EXPOSE"""
    plan = plan_of("FROM plain\nENV P=1\nEXPOSE 90-92/UDP 1.2.3.4:8:80 $P\n")
    assert plan.target.config.config.exposed_ports == ("1/tcp", "80/tcp", "90/udp", "91/udp", "92/udp")
    assert lines(plan)[-1] == "EXPOSE [1/tcp 80/tcp 90/udp 91/udp 92/udp]"


def test_stop_signal() -> None:
    """STOPSIGNAL"""
    assert config_of("FROM plain\nSTOPSIGNAL 9\n").stop_signal == "9"
    assert config_of("FROM plain\nSTOPSIGNAL SIGRTMIN+3\n").stop_signal == "SIGRTMIN+3"
    with pytest.raises(BuilderError, match="signal"):
        plan_of("FROM plain\nSTOPSIGNAL SIGNOTHING\n")


def test_healthcheck_cmd() -> None:
    """HEALTHCHECK CMD"""
    text = 'FROM plain\nHEALTHCHECK CMD ["a", "b"]\n'
    assert config_of(text).healthcheck == Healthcheck(("CMD", "a", "b"))
    assert config_of(f"{text}HEALTHCHECK CMD c  d\n").healthcheck == Healthcheck(("CMD-SHELL", "c  d"))


def test_healthcheck_durations() -> None:
    """HEALTHCHECK --interval --timeout --start-period --start-interval"""
    check = config_of("FROM plain\nHEALTHCHECK --interval=1m30s --timeout=1ms --start-period=0s CMD x\n").healthcheck
    assert check == Healthcheck(("CMD-SHELL", "x"), interval=90_000_000_000, timeout=1_000_000)
    with pytest.raises(BuilderError):
        plan_of("FROM plain\nHEALTHCHECK --interval=1us CMD x\n")


def test_healthcheck_retries() -> None:
    """HEALTHCHECK --retries"""
    check = config_of("FROM plain\nHEALTHCHECK --retries=0 CMD x\n").healthcheck
    assert check == Healthcheck(("CMD-SHELL", "x"))
    with pytest.raises(BuilderError):
        plan_of("FROM plain\nHEALTHCHECK --retries=-1 CMD x\n")


def test_healthcheck_none() -> None:
    """HEALTHCHECK NONE"""
    assert config_of("FROM rich\nHEALTHCHECK NONE\n").healthcheck == Healthcheck(("NONE",))
    with pytest.raises(BuilderError):
        plan_of("FROM plain\nHEALTHCHECK NONE x\n")


def test_maintainer() -> None:
    """MAINTAINER"""
    plan = plan_of("FROM plain\nMAINTAINER A B <c>\n")
    assert (plan.target.config.author, lines(plan)) == ("A B <c>", ["MAINTAINER A B <c>"])


def test_cmd_entrypoint() -> None:
    """CMD, ENTRYPOINT"""
    assert config_of('FROM rich\nENTRYPOINT ["e"]\n').cmd is None
    assert config_of('FROM rich\nCMD ["c"]\nENTRYPOINT ["e"]\n').cmd == ("c",)
    assert config_of('FROM plain AS a\nCMD ["c"]\nFROM a\nENTRYPOINT ["e"]\n').cmd is None
    assert config_of("FROM rich\nENTRYPOINT []\n").entrypoint is None
    assert config_of("FROM rich\nCMD []\n").cmd is None
    shell = config_of("FROM rich\nCMD a  $b\n")
    assert (shell.cmd, shell.args_escaped) == (("/bin/bash", "-c", "a  $b"), True)


def test_shell() -> None:
    """SHELL"""
    plan = plan_of('FROM plain\nSHELL ["s", "-x"]\nRUN a\nCMD b\nHEALTHCHECK CMD c\n')
    assert runs(plan)[0].argv == ("s", "-x", "a")
    config = plan.target.config.config
    assert (config.cmd, config.shell) == (("s", "-x", "b"), ("s", "-x"))
    assert config.healthcheck == Healthcheck(("CMD-SHELL", "c"))
    with pytest.raises(BuilderError):
        plan_of("FROM plain\nSHELL s -x\n")


ONBUILD = """\
FROM plain AS tools
FROM plain AS parent
ONBUILD COPY --from=tools a /b
ONBUILD RUN <<E
one
E
ONBUILD ENV A=1
FROM parent
RUN last
"""


def test_onbuild() -> None:
    """ONBUILD: also from images, in the differential cases onbuild and onbuild-heredoc"""
    plan = plan_of(ONBUILD)
    assert [stage.title for stage in plan.stages] == ["tools", "parent", "stage-2"]
    assert copies(plan)[0].source.stage == 0
    assert [run.argv[-1] for run in runs(plan)] == ["one\n", "last"]
    assert plan.target.config.config.on_build == ()
    child = ONBUILD.replace("FROM parent", "FROM parent AS child") + "FROM child\nRUN grand\n"
    assert [run.argv[-1] for run in runs(plan_of(child))] == ["grand"]
    for wrong in ("ONBUILD ONBUILD RUN x", "ONBUILD FROM x", "ONBUILD MAINTAINER x"):
        with pytest.raises(BuilderError):
            plan_of(f"FROM plain\n{wrong}\n")
    assert config_of("FROM plain\nONBUILD COPY x\n").on_build == ("COPY x",)
    with pytest.raises(BuilderError, match="ONBUILD COPY x"):
        plan_of("FROM plain AS a\nONBUILD COPY x\nFROM a\n")


def test_history() -> None:
    """History"""
    plan = plan_of('FROM plain\nARG A=1 B\nENV E=2\nRUN x\nRUN ["y"]\nCOPY --chown=1 a b /c/\nWORKDIR /w\nCMD z\n')
    assert [(entry.created_by, entry.empty_layer) for entry in plan.target.history] == [
        ("ARG A=1 B", True),
        ("ENV E=2", True),
        ("RUN |2 A=1 B= /bin/sh -c x # buildkit", False),
        ("RUN |2 A=1 B= y # buildkit", False),
        ("COPY --chown=1 a b /c/ # buildkit", False),
        ("WORKDIR /w", False),
        ('CMD ["/bin/sh" "-c" "z"]', True),
    ]
    assert {entry.comment for entry in plan.target.history} == {"buildkit.dockerfile.v0"}
