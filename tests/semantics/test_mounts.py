"""Rows of the language reference about RUN's flags: mounts of every type, network, security, devices."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.support.cli import Pybuild, write

FILES = {"sub/f": "f\n", "top": "top\n"}


def out_of(based: Pybuild, tmp_path: Path, buildfile: str, *args: str, env: dict[str, str] | None = None) -> str:
    """What the result's /out holds."""
    write(based.cwd, {**FILES, "Buildfile": buildfile})
    into = tmp_path / "result"
    based.run("build", "-o", f"type=local,dest={into}", *args, env=env)
    return (into / "out").read_text()


def refused(based: Pybuild, line: str, *args: str) -> str:
    write(based.cwd, {**FILES, "Buildfile": f"FROM base\n{line}\n"})
    message = based.run("build", *args, code=1).stderr
    assert "Buildfile:2" in message
    return message


def test_run_network(based: Pybuild, tmp_path: Path) -> None:
    """RUN --network"""
    text = (
        "FROM base\nRUN --network=none ls /sys/class/net > /out\nRUN --network=default true\nRUN --network=host true\n"
    )
    assert out_of(based, tmp_path, text, "--allow", "network.host") == "lo\n"
    assert "--allow network.host" in refused(based, "RUN --network=host true")


def test_run_security(based: Pybuild, tmp_path: Path) -> None:
    """RUN --security"""
    show = "grep CapEff: /proc/self/status >> /out"
    text = f"FROM base\nRUN --security=sandbox {show}\nRUN --security=insecure {show}\n"
    plain, all_of_them = out_of(based, tmp_path, text, "--allow", "security.insecure").split()[1::2]
    assert plain == "00000000a80425fb"
    assert int(all_of_them, 16) > int(plain, 16)
    assert "--allow security.insecure" in refused(based, "RUN --security=insecure true")


def test_run_device(based: Pybuild, tmp_path: Path) -> None:
    """RUN --device. Not verified against BuildKit: its mainline frontend does not know the flag. An optional device
    that is not there is left out, and then need not be allowed; tests/integration/test_devices.py has those that are
    there."""
    line = "RUN --device=vendor.example/none=x"
    assert "no device vendor.example/none=x" in refused(based, f"{line},required true", "--allow", "device")
    assert out_of(based, tmp_path, f"FROM base\n{line} echo 1 > /out\n") == "1\n"


@pytest.mark.parametrize(
    ("options", "complaint"),
    [
        ("required,type=secret,id=x", "required is no option of type bind"),
        ("size=1m,type=tmpfs,target=/x", "size is no option of type bind"),
        ("type=tmpfs,target=/x,required", "required is no option of type tmpfs"),
        ("target", "needs a value"),
        ("targt=/x", "did you mean target"),
    ],
)
def test_run_mount_parsing_refuses(based: Pybuild, options: str, complaint: str) -> None:
    """RUN --mount parsing"""
    assert complaint in refused(based, f"RUN --mount={options} true")


def test_run_mount_parsing(based: Pybuild, tmp_path: Path) -> None:
    """RUN --mount parsing"""
    line = 'RUN --mount=Type=BIND,SRC=sub,"DST=/x",ReadOnly cat /x/f > /out\n'
    assert out_of(based, tmp_path, f"FROM base\n{line}") == "f\n"


def test_mount_bind(based: Pybuild, tmp_path: Path) -> None:
    """mount=bind"""
    text = """\
FROM base AS one
RUN mkdir /made && echo made > /made/f
FROM base
WORKDIR /w
RUN --mount=source=sub,target=here --mount=from=one,src=made,dst=/m,rw echo new > /m/f; cat here/f /m/f > /out; \
    echo x > here/f || echo refused >> /out
RUN --mount=from=one,source=/made,destination=/m cat /m/f >> /out
"""
    assert out_of(based, tmp_path, text) == "f\nnew\nrefused\nmade\n"
    for options in ("target=/", "target=/x,uid=1", "target=/x,gid=1", "target=/x,mode=0700"):
        refused(based, f"RUN --mount={options} true")


def test_mount_cache(based: Pybuild, tmp_path: Path) -> None:
    """mount=cache"""
    text = """\
FROM base AS one
RUN mkdir /made && echo made > /made/f
FROM base
RUN --mount=type=cache,target=/c echo kept > /c/f
RUN --mount=type=cache,id=/c,target=/other cat /other/f > /out
RUN --mount=type=cache,target=/c/,uid=4 stat -c '%a %u:%g' /c >> /out; ls -A /c >> /out
RUN --mount=type=cache,target=/c,mode=0700,gid=5 stat -c '%a %u:%g' /c >> /out
RUN --mount=type=cache,target=/f,from=one,source=made,sharing=private cat /f/f >> /out
RUN --mount=type=cache,target=/c,sharing=locked,ro cat /c/f >> /out; echo x > /c/f || echo refused >> /out
"""
    assert out_of(based, tmp_path, text) == "kept\n755 4:0\n700 0:5\nmade\nkept\nrefused\n"
    again = "FROM base\nRUN --mount=type=cache,target=/c cat /c/f > /out\n"
    assert out_of(based, tmp_path, again) == "kept\n"
    spaced = "FROM base\nRUN --mount=type=cache,target=/c ls -A /c > /out\n"
    assert out_of(based, tmp_path, spaced, "--build-arg", "BUILDKIT_CACHE_MOUNT_NS=other") == ""


def test_mount_tmpfs(based: Pybuild, tmp_path: Path) -> None:
    """mount=tmpfs"""
    text = """\
FROM base
RUN --mount=type=tmpfs,target=/t,size=64k head -c 100000 /dev/zero > /t/f || echo full > /out
RUN ls -d /t >> /out 2>&1 || echo gone >> /out
"""
    lines = out_of(based, tmp_path, text).splitlines()
    assert (lines[0], lines[-1]) == ("full", "gone")
    for option in ("uid=1", "gid=1", "mode=0700"):
        assert "no option of type tmpfs" in refused(based, f"RUN --mount=type=tmpfs,target=/t,{option} true")


def test_mount_secret(based: Pybuild, tmp_path: Path) -> None:
    """mount=secret"""
    text = """\
FROM base
RUN --mount=type=secret,id=one --mount=type=secret,target=/x/one \
    --mount=type=secret,source=one,target=/y,mode=0444,uid=3 \
    --mount=type=secret,id=one,env=E --mount=type=secret,id=two,env=F,target=/z --mount=type=secret,id=none \
    stat -c '%n %a %u:%g' /run/secrets/* /x/one /y /z > /out; echo $E $F >> /out
RUN ls -d /run /x /y /z >> /out 2>/dev/null; true
"""
    files = "/run/secrets/one 400 0:0\n/x/one 400 0:0\n/y 444 3:0\n/z 400 0:0\n"
    args = ["--secret", "id=one,env=ONE", "--secret", "id=two,env=TWO"]
    assert out_of(based, tmp_path, text, *args, env={"ONE": "1", "TWO": "2"}) == files + "1 2\n"
    assert "is required" in refused(based, "RUN --mount=type=secret,id=one,required true")
    assert "both name" in refused(based, "RUN --mount=type=secret,id=one,source=two true")


def test_mount_ssh(based: Pybuild, tmp_path: Path) -> None:
    """mount=ssh. That an agent answers: tests/integration/test_ssh.py."""
    text = """\
FROM base
RUN --mount=type=ssh --mount=type=ssh,id=other,target=/sock echo $SSH_AUTH_SOCK > /out; ls -d /run /sock >> /out; true
"""
    assert out_of(based, tmp_path, text) == "/run/buildkit/ssh_agent.0\n"
    assert "is required" in refused(based, "RUN --mount=type=ssh,required true")


def test_mount_stubs(based: Pybuild, tmp_path: Path) -> None:
    """Mount stubs"""
    text = """\
FROM base
RUN mkdir /there && touch -d @1000 /there
RUN --mount=target=/a/b --mount=source=top,target=/there/file --mount=type=secret,id=s,target=/there/s true
RUN --mount=target=/p/b touch /p/beside
RUN ls -A / /there /p > /all; ls -d /a > /out 2>/dev/null; ls -A /there /p >> /out; stat -c %Y /there >> /out
"""
    said = out_of(based, tmp_path, text, "--secret", "id=s,env=S", env={"S": "s"})
    assert said == "/p:\nbeside\n\n/there:\n1000\n"
