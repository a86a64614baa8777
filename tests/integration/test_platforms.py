"""One build for several platforms."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import tarfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from builder.sandbox.emulation import BINFMT
from tests.support.cli import Pybuild, write
from tests.support.elf import AARCH64_RULE, aarch64_program

PLATFORMS = "linux/amd64,linux/arm64,linux/arm/v7"
CROSS = """\
FROM --platform=$BUILDPLATFORM base AS compiler
COPY source /source
RUN cat /source > /tool
FROM scratch AS result
ARG TARGETARCH TARGETVARIANT
COPY --from=compiler /tool /tool
COPY for-$TARGETARCH$TARGETVARIANT /own
"""
FILES = {"source": "s", "for-amd64": "x86", "for-arm64": "arm 8", "for-armv7": "arm 7"}


def blob(root: Path, digest: str) -> Any:
    return json.loads((root / "blobs" / "sha256" / digest.partition(":")[2]).read_bytes())


@pytest.fixture
def cross(based: Pybuild) -> Pybuild:
    write(based.cwd, {"Buildfile": CROSS, **FILES})
    return based


def test_the_store_gets_an_index_and_shared_stages_run_once(cross: Pybuild) -> None:
    built = cross.build("--platform", "linux/amd64", "--platform", "linux/arm64,linux/arm/v7", "-t", "app:1")
    assert [step["step"] for step in built["decisions"]].count("RUN cat /source > /tool") == 1
    (entry,) = [
        item
        for item in json.loads((cross.root / "index.json").read_bytes())["manifests"]
        if item["digest"] == built["digest"]
    ]
    assert (entry["mediaType"], built["image_id"]) == ("application/vnd.oci.image.index.v1+json", built["digest"])
    manifests = blob(cross.root, built["digest"])["manifests"]
    assert [item["platform"] for item in manifests] == [
        {"architecture": "amd64", "os": "linux"},
        {"architecture": "arm64", "os": "linux"},
        {"architecture": "arm", "os": "linux", "variant": "v7"},
    ]
    config = blob(cross.root, blob(cross.root, manifests[2]["digest"])["config"]["digest"])
    assert (config["architecture"], config["variant"]) == ("arm", "v7")
    assert cross.ran("--platform", PLATFORMS) == {}
    shown = json.loads(cross.run("builds", "show", "--format", "json").stdout)
    assert [stage["title"] for stage in shown["stages"] if stage["is_target"]] == [
        f"{platform} result" for platform in PLATFORMS.split(",")
    ]


def test_mounts_show_the_files_of_their_platform(cross: Pybuild, tmp_path: Path) -> None:
    cross.build("--platform", PLATFORMS, "-t", "several")
    text = """\
FROM scratch AS own
ARG TARGETARCH TARGETVARIANT
COPY for-$TARGETARCH$TARGETVARIANT /own
FROM base AS reader
RUN --mount=from=own,target=/stage --mount=from=several,target=/image cat /stage/own /image/own > /both
FROM scratch
COPY --from=reader /both /both
"""
    write(cross.cwd, {"Buildfile": text})
    out = cross.files("--platform", PLATFORMS, into=tmp_path / "out")
    found = {path.parent.name: path.read_text() for path in out.glob("*/both")}
    assert found == {"linux_amd64": "x86x86", "linux_arm64": "arm 8arm 8", "linux_arm_v7": "arm 7arm 7"}


def test_names_per_platform_in_progress(cross: Pybuild) -> None:
    shown = cross.run("build", "--progress", "plain", "--platform", PLATFORMS).stderr
    assert "[linux/arm64 result 2/2] COPY for-arm64 /own" in shown
    assert shown.count("compiler 2/2] RUN cat /source") == 1


def test_a_platform_of_several_hits_what_it_made_alone(cross: Pybuild) -> None:
    cross.build("--platform", "linux/arm64")
    assert cross.ran("--platform", "linux/arm64,linux/amd64").keys() == {"COPY for-amd64 /own"}


def test_each_platform_has_a_folder_in_local_output(cross: Pybuild, tmp_path: Path) -> None:
    out = cross.files("--platform", PLATFORMS, into=tmp_path / "out")
    assert {path.name: (path / "own").read_text() for path in out.iterdir()} == {
        "linux_amd64": "x86", "linux_arm64": "arm 8", "linux_arm_v7": "arm 7",
    }  # fmt: skip
    cross.run("build", "--platform", PLATFORMS, "-o", f"type=tar,dest={tmp_path / 'all.tar'}")
    with tarfile.open(tmp_path / "all.tar") as archive:
        assert archive.getnames() == [
            f"linux_{name}{path}" for name in ("amd64", "arm64", "arm_v7") for path in ("", "/own", "/tool")
        ]


def test_oci_output_holds_all_and_serves_as_a_base(cross: Pybuild, tmp_path: Path) -> None:
    archive = tmp_path / "all.tar"
    cross.run("build", "--platform", PLATFORMS, "-o", f"type=oci,dest={archive},name=app:1")
    write(cross.cwd, {"Next": f"FROM oci-archive:{archive}\nCOPY source /more\n"})
    out = cross.files("-f", "Next", "--platform", "linux/arm/v7", into=tmp_path / "next")
    assert (out / "own").read_text() == "arm 7"
    inspect = ["skopeo", "inspect", "--raw", f"oci-archive:{archive}"]
    raw = json.loads(subprocess.run(inspect, check=True, capture_output=True).stdout)
    assert len(raw["manifests"]) == 3


def test_docker_output_holds_one_platform(cross: Pybuild) -> None:
    done = cross.run("build", "--platform", PLATFORMS, "-o", "type=docker,dest=x.tar", code=2)
    assert "holds one platform" in done.stderr
    assert "type=oci" in done.stderr
    assert "RUN" not in done.stderr


def test_an_index_of_one_platform_when_it_is_asked_for(cross: Pybuild) -> None:
    built = cross.build("--platform", "linux/arm64", "--build-arg", "BUILDKIT_MULTI_PLATFORM=1")
    assert len(blob(cross.root, built["digest"])["manifests"]) == 1
    done = cross.run("build", "--platform", PLATFORMS, "--build-arg", "BUILDKIT_MULTI_PLATFORM=false", code=2)
    assert "BUILDKIT_MULTI_PLATFORM" in done.stderr


ANNOTATIONS = [
    "plain=1", "manifest,manifest-descriptor:both=2", "index:whole=3", "index-descriptor:outside=4",
    "manifest[linux/arm64]:arm=5",
]  # fmt: skip


def test_annotations_stand_where_they_are_asked_for(cross: Pybuild) -> None:
    options = [word for text in ANNOTATIONS for word in ("--annotation", text)]
    built = cross.build("--platform", "linux/amd64,linux/arm64", "-t", "app:1", *options)
    index = blob(cross.root, built["digest"])
    assert index["annotations"] == {"whole": "3"}
    assert [item["annotations"] for item in index["manifests"]] == [{"both": "2"}] * 2
    manifests = [blob(cross.root, item["digest"]) for item in index["manifests"]]
    assert manifests[0]["annotations"] == {"plain": "1", "both": "2"}
    assert manifests[1]["annotations"] == {"plain": "1", "both": "2", "arm": "5"}
    (entry,) = [
        item
        for item in json.loads((cross.root / "index.json").read_bytes())["manifests"]
        if item["digest"] == built["digest"]
    ]
    assert entry["annotations"]["outside"] == "4"


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("index:a=b", "has no index"),
        ("manifest[linux/s390x]:a=b", "nothing is built for linux/s390x"),
        ("indx:a=b", "no type 'indx'"),
        ("a", "expected [TYPE:]KEY=VALUE"),
    ],
)
def test_annotations_that_nothing_could_carry(cross: Pybuild, text: str, complaint: str) -> None:
    assert complaint in cross.run("build", "--annotation", text, code=2).stderr


def test_annotations_of_one_output(cross: Pybuild, tmp_path: Path) -> None:
    cross.run(
        "build",
        "-o",
        f"type=oci,tar=false,dest={tmp_path / 'out'},annotation.Some.Key=v,annotation-manifest-descriptor.d=e",
    )
    (entry,) = json.loads((tmp_path / "out" / "index.json").read_bytes())["manifests"]
    assert entry["annotations"] == {"d": "e"}
    assert blob(tmp_path / "out", entry["digest"])["annotations"] == {"Some.Key": "v"}


def foreign_base(pybuild: Pybuild, folder: Path, platform: str) -> None:
    """Its store gets the image `other` with one program of arm64: it prints and ends."""
    rootfs = folder / "rootfs" / "bin"
    rootfs.mkdir(parents=True)
    (rootfs / "say").write_bytes(aarch64_program(b"emulated\n"))
    (rootfs / "say").chmod(0o755)
    tar = folder / "foreign.tar"
    subprocess.run(["tar", "-C", str(rootfs.parent), "-cf", str(tar), "."], check=True)
    pybuild.run("import", "--platform", platform, str(tar), "other")


LATE = """\
FROM base AS first
RUN echo ran > /x
FROM other
COPY --from=first /x /
RUN ["/bin/say"]
"""


def test_a_run_without_an_emulator_is_refused_before_anything_runs(based: Pybuild, tmp_path: Path) -> None:
    foreign_base(based, tmp_path, "linux/sparc")
    write(based.cwd, {"Buildfile": LATE})
    shown = based.run("build", "--progress", "plain", "--platform", "linux/sparc", code=1).stderr
    assert "Buildfile:5" in shown
    assert "no emulator" in shown
    assert "qemu-user-static" in shown
    assert "RUN echo" not in shown


def test_stages_without_run_need_no_emulator(based: Pybuild, tmp_path: Path) -> None:
    foreign_base(based, tmp_path, "linux/sparc")
    write(based.cwd, {"Buildfile": "FROM other\nWORKDIR /made\nCOPY own .\n", "own": "o"})
    assert (based.files("--platform", "linux/sparc", into=tmp_path / "out") / "made/own").read_text() == "o"


@pytest.fixture
def emulator() -> Iterator[None]:
    """Registers this machine's for arm64, as binfmt-support would."""
    program = shutil.which("qemu-aarch64-static")
    if not program:
        pytest.skip("qemu-aarch64-static is not installed")
    register = f"{BINFMT}/register"
    if (
        not os.path.exists(register)
        and subprocess.run(["mount", "-t", "binfmt_misc", "none", BINFMT], check=False).returncode
    ):
        pytest.skip("binfmt_misc cannot be mounted here")
    name = f"pybuild-test-{os.getpid()}"
    try:
        with open(register, "w", encoding="ascii") as file:
            file.write(f":{name}:M::{AARCH64_RULE}:{program}:F")
    except OSError as error:
        pytest.skip(f"no emulator can be registered here: {error.strerror}")
    yield
    with open(f"{BINFMT}/{name}", "w", encoding="ascii") as file:
        file.write("-1")


@pytest.mark.usefixtures("emulator")
def test_a_run_goes_through_the_emulator(based: Pybuild, tmp_path: Path) -> None:
    foreign_base(based, tmp_path, "linux/arm64")
    write(based.cwd, {"Buildfile": 'FROM other\nRUN ["/bin/say"]\n'})
    shown = based.run("build", "--progress", "plain", "--platform", "linux/arm64").stderr
    assert "emulated" in shown
