"""RUN --mount of every type, through the command."""

from __future__ import annotations

import os
import threading
from pathlib import Path

import pytest

from tests.support.cli import Pybuild, write

SECRET = "the-value-of-the-secret-4711"  # noqa: S105


def run_lines(based: Pybuild, tmp_path: Path, buildfile: str, *args: str, name: str = "out") -> str:
    """What the last stage's /out holds."""
    write(based.cwd, {"Buildfile": buildfile})
    return (based.files(*args, into=tmp_path / name) / "out").read_text()


def test_bind_shows_context_stage_and_image_and_leaves_no_trace(based: Pybuild, tmp_path: Path) -> None:
    write(based.cwd, {"sub/a": "A", "other": "O", "b": "B", ".dockerignore": "other\n"})
    os.symlink("sub/a", based.cwd / "link")
    text = """\
FROM base AS one
RUN mkdir -p /made/deep && echo stage > /made/deep/file && ln -s /made/deep /short
FROM base
RUN --mount=target=/x/y --mount=source=link,target=/file --mount=from=one,source=short,target=/stage \
    --mount=from=base,source=bin,target=/image --mount=from=scratch,target=/nothing \
    (ls -A /x/y; cat /file /stage/file; test -e /image/sh && ls -A /nothing; stat -c '%u %a' /x/y) > /out
"""
    assert run_lines(based, tmp_path, text).split() == [
        ".dockerignore", "Buildfile", "b", "link", "sub", "Astage", "0", "755",
    ]  # fmt: skip
    left = {path.name for path in (tmp_path / "out").iterdir()}
    assert not left & {"x", "file", "stage", "image", "nothing"}


def test_bind_can_be_written_to_and_nothing_stays(based: Pybuild, tmp_path: Path) -> None:
    write(based.cwd, {"d/f": "old"})
    text = """\
FROM base AS one
RUN mkdir /d && echo stage > /d/f
FROM base
RUN --mount=source=d,target=/c,rw --mount=from=one,source=d,target=/s,rw --mount=source=d/f,target=/f,rw \
    echo new > /c/f; echo new > /s/f; echo new > /s/g; echo new > /f; cat /c/f /s/f /s/g /f > /out
RUN --mount=source=d,target=/c --mount=from=one,source=d,target=/s cat /c/f /s/f >> /out; ls /s >> /out
RUN --mount=source=d,target=/c echo x > /c/f || echo refused >> /out
"""
    assert run_lines(based, tmp_path, text) == "new\nnew\nnew\nnew\noldstage\nf\nrefused\n"
    assert (based.cwd / "d" / "f").read_text() == "old"


def test_only_what_a_bind_shows_is_in_the_key(based: Pybuild) -> None:
    write(based.cwd, {"Buildfile": "FROM base\nRUN --mount=source=d,target=/c cat /c/f > /out\n", "d/f": "1", "e": "1"})
    based.build()
    write(based.cwd, {"e": "2"})
    assert based.ran() == {}
    write(based.cwd, {"d/f": "2"})
    assert list(based.ran().values()) == ["mount at /c: 1 file changed: d/f (content)"]


def test_cache_is_kept_between_builds_and_starts_as_it_was_told(based: Pybuild, tmp_path: Path) -> None:
    text = """\
FROM base AS one
RUN mkdir /d && echo first > /d/f
FROM base
ARG N
RUN --mount=type=cache,target=/c --mount=type=cache,target=/d,from=one,source=d \
    --mount=type=cache,target=/e,uid=3,gid=4,mode=0700 \
    echo $N >> /c/log; echo $N >> /d/f; cat /c/log /d/f > /out; stat -c '%u:%g %a' /e /c >> /out
"""
    first = run_lines(based, tmp_path, text, "--build-arg", "N=1")
    assert first == "1\nfirst\n1\n3:4 700\n0:0 755\n"
    second = run_lines(based, tmp_path, text, "--build-arg", "N=2", name="out2")
    assert second == "1\n2\nfirst\n1\n2\n3:4 700\n0:0 755\n"


def test_locked_caches_are_used_one_after_the_other_also_by_two_processes(based: Pybuild, tmp_path: Path) -> None:
    step = "RUN --mount=type=cache,id=l,target=/c,sharing=locked echo {0} > /{0}; "
    step += "for i in 1 2 3; do n=$(cat /c/n 2>/dev/null || echo 0); sleep 0.05; echo $((n + 1)) > /c/n; done\n"
    text = "".join(f"FROM base AS s{n}\n{step.format(n)}" for n in range(3))
    text += "FROM base\n" + "".join(f"COPY --from=s{n} /{n} /\n" for n in range(3))
    write(
        based.cwd,
        {"Buildfile": text, "Other": text.replace("echo 0 > ", "echo 00 > ").replace("echo 1 >", "echo 11 >")},
    )
    threads = [threading.Thread(target=based.run, args=("build", "-f", name)) for name in ("Buildfile", "Other")]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    show = "FROM base\nRUN --mount=type=cache,id=l,target=/c cat /c/n > /out\n"
    assert int(run_lines(based, tmp_path, show)) >= 15


def test_tmpfs_has_the_size_and_mode_it_should(based: Pybuild, tmp_path: Path) -> None:
    text = """\
FROM base
RUN mkdir -m 0750 /there
RUN --mount=type=tmpfs,target=/new,size=64k --mount=type=tmpfs,target=/there \
    stat -c %a /new /there > /out; head -c 100000 /dev/zero > /new/f || echo full >> /out
"""
    assert run_lines(based, tmp_path, text) == "1777\n750\nfull\n"


def test_secrets_as_file_and_variable(based: Pybuild, tmp_path: Path) -> None:
    (tmp_path / "secret").write_text(SECRET)
    text = """\
FROM base
ENV TOKEN=plain
RUN --mount=type=secret,id=s --mount=type=secret,id=s,target=/x,mode=0444,uid=3 --mount=type=secret,id=e,env=TOKEN \
    --mount=type=secret,id=no,env=NO --mount=type=secret,id=no,target=/none --mount=type=tmpfs,target=/run \
    wc -c < /run/secrets/s > /out; stat -c '%u %a' /x /run/secrets/s >> /out; echo ${#TOKEN} "${NO-unset}" >> /out; \
    test -e /none || echo none >> /out; echo x > /x || echo refused >> /out
RUN echo $TOKEN >> /out; ls -A /run >> /out; true
"""
    args = ["--secret", f"id=s,src={tmp_path}/secret", "--secret", "id=e,env=GIVEN"]
    write(based.cwd, {"Buildfile": text})
    into = tmp_path / "out"
    based.run("build", "-o", f"type=local,dest={into}", *args, env={"GIVEN": "12345"})
    size = len(SECRET)
    assert (into / "out").read_text() == f"{size}\n3 444\n0 400\n5 \nnone\nrefused\nplain\n"


@pytest.mark.parametrize("kind", ["secret,id=x", "ssh,id=x"])
def test_what_is_required_must_be_given(based: Pybuild, kind: str) -> None:
    write(based.cwd, {"Buildfile": f"FROM base\nRUN --mount=type={kind},required true\n"})
    done = based.run("build", code=1)
    assert "Buildfile:2" in done.stderr
    assert "is required" in done.stderr


def test_the_value_of_a_secret_is_kept_nowhere(based: Pybuild, tmp_path: Path) -> None:
    (tmp_path / "secret").write_text(SECRET)
    text = """\
FROM base
RUN --mount=type=secret,id=s --mount=type=secret,id=e,env=TOKEN --mount=type=cache,target=/c \
    test "$(cat /run/secrets/s)" = "$TOKEN" && echo $TOKEN | wc -c > /out
"""
    args = ["--secret", f"id=s,src={tmp_path}/secret", "--secret", "id=e,env=GIVEN"]
    write(based.cwd, {"Buildfile": text})
    meta = ["--metadata-file", str(tmp_path / "meta"), "--progress", "rawjson", "-o", f"type=oci,dest={tmp_path}/o.tar"]
    outputs = [based.run("build", "-t", "x", *args, *meta, env={"GIVEN": SECRET})]
    write(based.cwd, {"Buildfile": text + "RUN --mount=type=secret,id=e,env=TOKEN exit 3\n"})
    outputs.append(based.run("build", *args, env={"GIVEN": SECRET}, code=1))
    assert not any(SECRET in done.stdout + done.stderr for done in outputs)
    places = [path for path in based.root.rglob("*") if path.is_file()] + [tmp_path / "meta", tmp_path / "o.tar"]
    assert len(places) > 20
    assert [path for path in places if SECRET.encode() in path.read_bytes()] == []


def test_a_layer_with_a_secret_would_be_found_by_the_search(based: Pybuild) -> None:
    write(based.cwd, {"Buildfile": "FROM base\nRUN --mount=type=secret,id=e,env=T echo $T > /leak\n"})
    based.run("build", "--secret", "id=e", env={"e": SECRET})
    assert any(SECRET.encode() in path.read_bytes() for path in based.root.rglob("*") if path.is_file())


def test_surroundings_from_the_command_line(based: Pybuild, tmp_path: Path) -> None:
    text = "FROM base\nRUN (cat /etc/hosts; hostname; ulimit -n; df -k /dev/shm) > /out 2>&1; true\n"
    said = run_lines(
        based, tmp_path, text, "--add-host", "db:10.1.2.3", "--add-host=six=[::5]", "--ulimit", "nofile=77:88",
        "--shm-size", "3m", "--build-arg", "BUILDKIT_SANDBOX_HOSTNAME=box",
    )  # fmt: skip
    assert "10.1.2.3\tdb\n" in said
    assert "::5\tsix\n" in said
    assert "localhost box\n" in said
    assert "\n77\n" in said


def test_what_reaches_beyond_the_sandbox_has_to_be_allowed(based: Pybuild, tmp_path: Path) -> None:
    for flag, right in (("--network=host", "network.host"), ("--security=insecure", "security.insecure")):
        write(based.cwd, {"Buildfile": f"FROM base\nRUN {flag} true\n"})
        assert f"--allow {right}" in based.run("build", code=1).stderr
        based.run("build", "--allow", right)
    based.run("build", "--network", "host", "--allow", "security.insecure")
    write(based.cwd, {"Buildfile": "FROM base\nRUN --network=host true\n"})
    based.run("build", "--network", "host")


def test_insecure_has_every_capability_and_a_writable_sys(based: Pybuild, tmp_path: Path) -> None:
    text = "FROM base\nRUN --security=insecure grep -E '^(CapEff|Seccomp):' /proc/self/status > /out\n"
    lines = run_lines(based, tmp_path, text, "--allow", "security.insecure").splitlines()
    assert int(lines[0].split()[1], 16) >> 21 & 1, "CAP_SYS_ADMIN"
    assert lines[1].split()[1] == "0"
