"""What changes the configuration only, and WORKDIR."""

from __future__ import annotations

import json
from random import Random

from tests.differential.random.words import name, value

_FOLDERS = (
    "/w", "w", "/old/to-dir", "/old/to-dir/made", "/old/dangling", "..", ".", "/", "/a/b/c", "$A", "${A:-x}/y",
    "/old/dir/", "/old//empty/../dir", "/made/lnk/w", "'/q q'", "/old/empty", "/w/./v", "~", "/old/dir/sub/../new", "C",
    "/srv/", "a b", "é", "../../..", "/old/to-dir/../q", "//x", "C:\\\\x", "${A:+/p}", "/x/${B:-b}/", "w/", "./",
)  # fmt: skip
_USERS = (
    "alice", "1", "1:2", "alice:staff", "root", "nobody", ":5", "0:0", "alice:9", "daemon", "1000", "${UNSET:-3}",
    "1:alice", "alice:1:2", "01", "65536:4294967294", "$A", "' alice'", "-1", "nobody:nogroup", "alice:",
)  # fmt: skip
_PORTS = (
    "80", "80/udp", "81/TCP", "90-92", "127.0.0.1:8080:80", "8080:80", "${UNSET:-7}", "53/sctp", "1-2:3-4",
    "8000-8000", "65535", "0", "80/tcp 80", "[::1]:80:81", "$A", "90-89", "080", "1-3/udp", "80/", "/tcp", "65536",
    "1-2:3-4/udp", "''",
)  # fmt: skip
_JSONS = ('["a"]', '["a", "b c"]', "[]", '["$A"]', "['a']", '["a",]', '[ "é\\u0041" ]', '["a"] b', '[""]')
_SHELLS = ("echo $A", "a  b", "'q' \"r\"", "x \\\n   y", "exec  sh -c 'x; y'", "\ta")
_SIGNALS = (
    "SIGTERM",
    "9",
    "KILL",
    "SIGRTMIN+1",
    "sigint",
    "${UNSET:-15}",
    "64",
    "RTMAX-2",
    "SIGRTMAX",
    "'TERM'",
    "65",
    "0",
)
_DURATIONS = (
    "1s",
    "1m30s",
    "0",
    "1.5h",
    "100ms",
    "0s",
    "2m0s",
    "1us",
    "+5s",
    ".5s",
    "1h1h",
    "1ms",
    "-1s",
    "1",
    "999us",
)


def environment(random: Random) -> str:
    word = random.choice(("ENV", "ENV", "LABEL"))
    if random.random() < 0.15:
        return f"{word} {name(random)}{random.choice((' ', '  ', chr(9)))}{value(random)} {value(random)} "
    pairs = [f"{_key(random)}={value(random)}" for _ in range(random.choice((1, 1, 2, 3)))]
    return f"{word} {random.choice((' ', '  ', ' ' + chr(92) + chr(10) + '  ')).join(pairs)}"


def argument(random: Random) -> str:
    return "ARG " + " ".join(_argument(random) for _ in range(random.choice((1, 1, 2))))


def _argument(random: Random) -> str:
    kind = random.random()
    if kind < 0.2:
        return random.choice(
            ("TARGETPLATFORM", "TARGETARCH", "BUILDPLATFORM", "TARGETVARIANT", "TARGETSTAGE", "HTTP_PROXY", "UNSET")
        )
    return name(random) if kind < 0.5 else f"{name(random)}={value(random)}"


def folder(random: Random) -> str:
    return f"WORKDIR {random.choice(_FOLDERS)}"


def user(random: Random) -> str:
    return f"USER {random.choice(_USERS)}"


def setting(random: Random) -> str:
    """One of the rest."""
    return random.choice((_command, _command, _port, _volume, _signal, _shell, _health, _maintainer))(random)


def _key(random: Random) -> str:
    return random.choice(
        (
            name(random),
            name(random),
            name(random),
            "k.v",
            "$A",
            "${UNSET:-K}",
            '"Q"',
            '"a b"',
            "'s q'",
            "é",
            "k\\ b",
            "${A#f}",
            "a'b'c",
            "-",
            "1",
            "k/v:w",
        )
    )


def _command(random: Random) -> str:
    return f"{random.choice(('CMD', 'ENTRYPOINT', 'cmd'))} {random.choice(_JSONS + _SHELLS)}"


def _port(random: Random) -> str:
    return "EXPOSE " + " ".join(random.sample(_PORTS, random.choice((1, 2))))


def _volume(random: Random) -> str:
    pool = (
        "/v",
        "rel",
        "$A",
        "/old/dir",
        "/v/",
        "/x y",
        f"/{value(random)}",
        "C:\\\\v",
        "/é",
        "'/q'",
        "./r/..",
        "/",
        "${A:-/d}",
    )
    words = random.sample(pool, random.choice((1, 2)))
    return f"VOLUME {random.choice((json.dumps(words, ensure_ascii=False), ' '.join(words)))}"


def _signal(random: Random) -> str:
    return f"STOPSIGNAL {random.choice(_SIGNALS)}"


def _shell(random: Random) -> str:
    return "SHELL " + random.choice(
        (
            '["/bin/sh", "-c"]',
            '["/bin/sh", "-f", "-c"]',
            '["/bin/sh", "-xc"]',
            '["sh","-c"]',
            '["/bin/sh", "-c", "exec 2> /dev/null; "$0" "$@""]',
            '["$A"]',
        )
    )


def _health(random: Random) -> str:
    if random.random() < 0.2:
        return f"HEALTHCHECK {random.choice(('NONE', 'none', '--interval=1s NONE', 'NONE  '))}"
    options = [
        f"--{flag}={random.choice(_DURATIONS)}"
        for flag in ("interval", "timeout", "start-period", "start-interval")
        if random.random() < 0.3
    ]
    options += [f"--retries={random.choice(('0', '1', '5', '03', '+2', '-1'))}"] if random.random() < 0.3 else []
    return " ".join(
        ["HEALTHCHECK", *options, random.choice(("CMD", "CMD", "cmd")), random.choice(_JSONS[:4] + _SHELLS)]
    )


def _maintainer(random: Random) -> str:
    return f"MAINTAINER {random.choice(('Some One <a@b>', '$A x', chr(34) + 'q' + chr(34)))}"
