"""What the options of `run` mean, in docker's spellings."""

from __future__ import annotations

import json
import string
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from builder.cli.container_options.log import log_of
from builder.cli.container_options.mounts import mounts_of
from builder.cli.container_options.ports import ports_of
from builder.cli.container_options.process import capabilities_of, environment_of, hosts_of, limits_of
from builder.configuration.types import Containers
from builder.containers.client import parse_detach_keys
from builder.containers.start import signal_number
from builder.containers.types import Limits, Log, MountPoint, Port
from builder.errors import UsageError
from tests.support.cli import Pybuild

EVERYWHERE = Port(1).address


@pytest.mark.parametrize(
    ("text", "ports"),
    [
        ("80", [Port(80, "tcp", 0, EVERYWHERE)]),
        ("8080:80", [Port(80, "tcp", 8080, EVERYWHERE)]),
        ("53:53/udp", [Port(53, "udp", 53, EVERYWHERE)]),
        ("127.0.0.1:8080:80", [Port(80, "tcp", 8080, "127.0.0.1")]),
        ("127.0.0.1::80", [Port(80, "tcp", 0, "127.0.0.1")]),
        ("[::1]:8080:80", [Port(80, "tcp", 8080, "::1")]),
        ("0:80", [Port(80, "tcp", 0, EVERYWHERE)]),
        ("8080:80/TCP", [Port(80, "tcp", 8080, EVERYWHERE)]),
        ("8000-8001:80-81", [Port(80, "tcp", 8000, EVERYWHERE), Port(81, "tcp", 8001, EVERYWHERE)]),
    ],
)
def test_ports(text: str, ports: list[Port]) -> None:
    assert ports_of([text]) == tuple(ports)


@pytest.mark.parametrize(
    "text", ["", ":", "x:80", "80:", "0", "65536", "1-2:3", "a.b:1:2", "80/sctp", "2-1", "1:2:3:4"]
)
def test_what_is_no_port(text: str) -> None:
    with pytest.raises(UsageError):
        ports_of([text])


def test_mounts(tmp_path: Path) -> None:
    missing = tmp_path / "made"
    assert mounts_of(["data:/d", f"{missing}:/b:ro", "/anonymous", "cache:/c:ro,nocopy"], [], []) == (
        MountPoint("volume", "/d", "data"),
        MountPoint("bind", "/b", str(missing), readonly=True),
        MountPoint("volume", "/anonymous", anonymous=True),
        MountPoint("volume", "/c", "cache", readonly=True, copy=False),
    )
    assert missing.is_dir()
    given = ["type=bind,source=/x,target=/y,readonly", "src=vol,dst=/v", "type=tmpfs,destination=/t,tmpfs-size=1m"]
    assert mounts_of([], given, ["/m:size=2k,mode=700,exec,ro"]) == (
        MountPoint("bind", "/y", "/x", readonly=True),
        MountPoint("volume", "/v", "vol"),
        MountPoint("tmpfs", "/t", size=1 << 20),
        MountPoint("tmpfs", "/m", readonly=True, size=2048, mode=0o700, noexec=False),
    )


@pytest.mark.parametrize(
    ("volumes", "mounts", "tmpfs"),
    [
        (["a b:/d"], [], []),
        (["data:relative"], [], []),
        (["data:/"], [], []),
        (["data:/d:rx"], [], []),
        (["../../etc/../x:"], [], []),
        (["one:/d", "two:/d/"], [], []),
        ([], ["type=bind,src=relative,dst=/d"], []),
        ([], ["type=volume,src=../../x,dst=/d"], []),
        ([], ["type=tmpfs,src=x,dst=/d"], []),
        ([], ["type=bind,src=/x,dst=/d,unknown=1"], []),
        ([], [], ["/t:size=much"]),
        ([], [], ["/t:suid"]),
    ],
)
def test_what_is_no_mount(volumes: list[str], mounts: list[str], tmpfs: list[str]) -> None:
    with pytest.raises(UsageError):
        mounts_of(volumes, mounts, tmpfs)


@given(st.text(string.printable, max_size=30))
def test_no_name_of_a_volume_leads_out_of_the_store(text: str) -> None:
    try:
        [mount] = mounts_of([], [f"type=volume,src={text},dst=/d"], [])
    except UsageError:
        return
    assert "/" not in mount.source
    assert mount.source not in (".", "..")


def test_environment(tmp_path: Path) -> None:
    file = tmp_path / "env"
    file.write_text("# a comment\n\n  FILE=from file\nBOTH=file\nOURS\n")
    pairs = environment_of(["BOTH=option", "EMPTY=", "ABSENT"], [str(file)], {"OURS": "1"})
    expected = {"FILE": "from file", "BOTH": "option", "OURS": "1", "EMPTY": "", "ABSENT": None}
    assert dict(pairs) == expected
    with pytest.raises(UsageError):
        environment_of(["=x"], [], {})


def test_rights_limits_and_hosts() -> None:
    assert capabilities_of([], []) is None
    assert capabilities_of(["CAP_SYS_ADMIN"], ["all"]) == ("SYS_ADMIN",)
    assert "CHOWN" not in (capabilities_of([], ["chown"]) or ())
    assert limits_of("1m", "1.5", "-1") == Limits(1 << 20, 1.5, 0)
    assert hosts_of(["db:10.0.0.5", "me:host-gateway"]) == (("db", "10.0.0.5"), ("me", "host-gateway"))
    with pytest.raises(UsageError):
        capabilities_of(["NONSENSE"], [])
    with pytest.raises(UsageError):
        limits_of("much", "", "")
    with pytest.raises(UsageError):
        hosts_of(["db:nowhere"])


def test_signals_and_keys() -> None:
    assert [signal_number(text) for text in ("TERM", "SIGTERM", "sigterm", "15", "RTMIN+3")] == [15, 15, 15, 15, 37]
    assert parse_detach_keys("ctrl-p,ctrl-q") == b"\x10\x11"
    assert parse_detach_keys("a,ctrl-@") == b"a\0"
    for text in ("NONSENSE", "0", "SIG_DFL", "99"):
        with pytest.raises(UsageError):
            signal_number(text)
    with pytest.raises(UsageError):
        parse_detach_keys("ctrl-")


@pytest.mark.parametrize(
    ("driver", "options", "log"),
    [
        ("json-file", [], Log()),
        ("json-file", ["max-size=1m", "max-file=2"], Log(True, 1 << 20, 2)),
        ("json-file", ["max-size=-1"], Log(True, 0, 5)),
        ("none", [], Log(kept=False)),
    ],
)
def test_logs(driver: str, options: list[str], log: Log) -> None:
    assert log_of(driver, options, Containers()) == log


def test_what_a_log_is_where_nothing_is_said(box: Pybuild, tmp_path: Path) -> None:
    (tmp_path / "config.toml").write_text('[containers]\nlog-driver = "none"\nlog-size = "1m"\nlog-files = 2\n')
    env = {"PYBUILD_CONFIG": str(tmp_path / "config.toml")}
    box.run("create", "--name", "silent", "base", "true", env=env)
    box.run("create", "--name", "kept", "--log-driver", "json-file", "--log-opt", "max-file=3", "base", "true", env=env)
    silent, kept = (one["HostConfig"]["LogConfig"] for one in json.loads(box.run("inspect", "silent", "kept").stdout))
    assert silent == {"Type": "none", "Config": {}}
    assert kept == {"Type": "json-file", "Config": {"max-size": str(1 << 20), "max-file": "3"}}


def test_what_is_not_offered_is_said(box: Pybuild) -> None:
    """Each with the exit code of docker's own failures, and before anything is made."""
    for option, word in (
        ("--restart=always", "systemd"),
        ("--pid=host", "--network"),
        ("--log-opt=compress=1", "max-size"),
        ("--log-driver=syslog", "json-file"),
        ("--security-opt=seccomp=x.json", "unconfined"),
        ("--dns=x", "10.0.0.53"),
        ("--device=/etc/passwd", "/dev/fuse"),
        ("--expose=x", "53/udp"),
    ):
        assert word in box.run("run", "--rm", option, "base", "true", code=125).stderr
    assert box.run("ps", "-aq").stdout == ""


def test_create_start_and_what_is_said_of_the_process(box: Pybuild) -> None:
    look = "cat /etc/resolv.conf; grep -E 'NoNewPrivs|Seccomp:' /proc/self/status; id -G; test -c /dev/nothing"
    options = [
        "--dns",
        "10.0.0.53",
        "--dns-search",
        "example.org",
        "--group-add",
        "4321",
        "--device=/dev/null:/dev/nothing",
    ]
    options += ["--security-opt", "no-new-privileges", "--security-opt", "seccomp=unconfined", "--expose", "81"]
    identifier = box.run(
        "create", "-q", "--name", "made", "--network", "none", *options, "base", "sh", "-c", look
    ).stdout
    assert box.run("ps", "-a", "--format", "json").stdout.count('"created"') >= 1
    written = box.run("start", "-a", "made").stdout
    for text in ("nameserver 10.0.0.53\n", "search example.org\n", "NoNewPrivs:\t1", "Seccomp:\t0", "4321"):
        assert text in written
    (found,) = json.loads(box.run("inspect", identifier.strip()).stdout)
    assert found["State"]["ExitCode"] == 0
    assert found["HostConfig"]["LogConfig"]["Type"] == "json-file"
    assert "81/tcp" in found["Config"]["ExposedPorts"]
