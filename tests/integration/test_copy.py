"""Images from place to place without the store, and what can be seen of a registry without pulling."""

from __future__ import annotations

import hashlib
import json
import subprocess
from collections.abc import Generator
from contextlib import closing
from pathlib import Path

import pytest

from builder.configuration.types import Registries
from builder.registry.access import Access
from tests.support.cli import Pybuild, write
from tests.support.layouts import name_image, write_image, write_layout, write_referrer
from tests.support.proxy import running_proxy
from tests.support.registry import REGISTRIES, own_registry


@pytest.fixture(scope="module", params=REGISTRIES)
def registry(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Generator[str]:
    with REGISTRIES[request.param](str(tmp_path_factory.mktemp("registry"))) as address:
        yield address


@pytest.fixture
def layout(tmp_path: Path) -> str:
    """An OCI layout with an index of two platforms under the tag `1`."""
    folder = str(tmp_path / "layout")
    images = {
        platform: write_image(folder, [{"common": b"c" * 100_000}, {"own": platform.encode()}], platform)
        for platform in ("linux/amd64", "linux/arm64")
    }
    name_image(folder, "1", images)
    return f"oci:{folder}:1"


def copied(pybuild: Pybuild, source: str, target: str, *options: str) -> str:
    return str(json.loads(pybuild.run("copy", "--format", "json", *options, source, target).stdout)["digest"])


def test_around_all_places(pybuild: Pybuild, registry: str, layout: str, tmp_path: Path) -> None:
    first, second = f"{registry}/round/one:1", f"docker://{registry}/round/two:2"
    digest = copied(pybuild, layout, first)
    assert copied(pybuild, first, second) == digest
    assert copied(pybuild, second, "store:round:3") == digest
    assert copied(pybuild, "store:round:3", f"oci:{tmp_path}/out:4") == digest
    assert copied(pybuild, f"oci:{tmp_path}/out:4", f"{registry}/round/three@{digest}") == digest
    assert copied(pybuild, f"{registry}/round/three@{digest}", f"oci:{tmp_path}/out:again") == digest
    subprocess.run(["umoci", "list", "--layout", f"{tmp_path}/out"], check=True, capture_output=True)
    raw = pybuild.run("inspect", "--raw", f"{registry}/round/two:2").stdout
    assert len(json.loads(raw)["manifests"]) == 2


def test_one_platform_and_archives(pybuild: Pybuild, registry: str, layout: str, tmp_path: Path) -> None:
    name = f"{registry}/archive/app:1"
    digest = copied(pybuild, layout, name, "--platform", "linux/arm64")
    assert json.loads(pybuild.run("inspect", "--remote", "--format", "json", name).stdout)["Architecture"] == "arm64"
    copied(pybuild, name, f"docker-archive:{tmp_path}/app.tar:app:1", "--platform", "linux/arm64")
    inspected = subprocess.run(
        ["skopeo", "inspect", "--config", f"docker-archive:{tmp_path}/app.tar"], check=True, capture_output=True
    )
    assert json.loads(inspected.stdout)["architecture"] == "arm64"
    copied(pybuild, f"docker-archive:{tmp_path}/app.tar:app:1", f"{registry}/archive/back:1")
    back = json.loads(pybuild.run("inspect", "--remote", "--format", "json", f"{registry}/archive/back:1").stdout)
    assert back["RootFS"] == json.loads(pybuild.run("inspect", "--remote", "--format", "json", name).stdout)["RootFS"]
    assert digest


def test_from_registry_to_registry_nothing_is_kept_and_layers_are_mounted(
    pybuild: Pybuild, registry: str, layout: str
) -> None:
    copied(pybuild, layout, f"{registry}/mounted/one:1")
    with running_proxy(registry) as proxy:
        value = json.loads(
            pybuild.run(
                "copy", "--format", "json", f"{proxy.address}/mounted/one:1", f"{proxy.address}/mounted/two:1"
            ).stdout
        )
        assert {blob["how"] for blob in value["blobs"]} == {"mounted"}
        assert sum(item.sent for item in proxy.take() if "/blobs/" in item.path) == 0
    assert list((pybuild.root / "blobs").glob("*/*")) == []


def test_a_digest_of_another_algorithm_stays_what_it_is(pybuild: Pybuild, layout: str, tmp_path: Path) -> None:
    """docker-registry has manifests by SHA-256 alone."""
    with own_registry(str(tmp_path / "registry")) as registry, closing(Access(Registries(), {})) as access:
        copied(pybuild, layout, f"{registry}/longer:1", "--platform", "linux/amd64")
        manifest = access.client(registry).manifest("longer", "1")
        digest = f"sha512:{hashlib.sha512(manifest.data).hexdigest()}"
        access.client(registry).put_manifest("longer", digest, manifest.data, manifest.descriptor.media_type)
        for target in ("store:longer:1", f"oci:{tmp_path}/out:1", f"{registry}/other@{digest}"):
            assert copied(pybuild, f"{registry}/longer@{digest}", target) == digest
    assert "whole" in pybuild.run("store", "check").stdout
    assert json.loads(pybuild.run("inspect", "longer:1").stdout)[0]["Architecture"] == "amd64"


def test_an_image_of_a_thousand_layers(pybuild: Pybuild, tmp_path: Path) -> None:
    written = write_layout(str(tmp_path / "high"), [{f"file{number}": b"1"} for number in range(1000)])
    with own_registry(str(tmp_path / "registry")) as registry:
        name = f"{registry}/high:1"
        assert copied(pybuild, f"oci:{tmp_path}/high:latest", name) == written.manifest
        pybuild.run("pull", "-q", name)
    assert tuple(json.loads(pybuild.run("inspect", name).stdout)[0]["RootFS"]["Layers"]) == written.diff_ids


def test_remote_inspection_reads_documents_only(pybuild: Pybuild, registry: str, layout: str) -> None:
    digest = copied(pybuild, layout, f"{registry}/look/app:1")
    with running_proxy(registry) as proxy:
        value = json.loads(pybuild.run("inspect", "--remote", f"{proxy.address}/look/app:1").stdout)[0]
        assert (value["Digest"], value["Architecture"], len(value["Manifests"])) == (digest, "amd64", 2)
        assert len([item for item in proxy.take() if "/blobs/" in item.path]) == 1, "the config"
    missing = json.loads(
        pybuild.run(
            "inspect", "--remote", "--format", "json", "--platform", "linux/s390x", f"{registry}/look/app:1"
        ).stdout
    )
    assert "no image for linux/s390x" in missing["Remark"]


@pytest.mark.parametrize(
    ("words", "code", "text"),
    [
        (["oci:nowhere:1", "store:x"], 1, "there is no such file"),
        (["store:nothing", "oci:x"], 1, "the store has no image"),
        (["store:nothing", "oci-archive:x"], 1, ""),
        (["app/UPPER", "store:x"], 1, "not an image name"),
    ],
)
def test_what_cannot_be_copied(pybuild: Pybuild, words: list[str], code: int, text: str) -> None:
    assert text in pybuild.run("copy", *words, code=code).stderr


def test_a_folder_with_something_else_is_left_alone(pybuild: Pybuild, layout: str) -> None:
    write(pybuild.cwd, {"mine/precious": "1"})
    assert "holds something else" in pybuild.run("copy", layout, "oci:mine", code=1).stderr
    assert (pybuild.cwd / "mine" / "precious").read_text() == "1"
    assert [path.name for path in (pybuild.cwd / "mine").iterdir()] == ["precious"]


def test_referrers_of_a_registry_that_knows_none(pybuild: Pybuild, registry: str, layout: str) -> None:
    copied(pybuild, layout, f"{registry}/refer/app:1")
    assert pybuild.run("referrers", "--format", "json", f"{registry}/refer/app:1").stdout == ""
    assert "DIGEST" in pybuild.run("referrers", f"{registry}/refer/app:1").stdout


def test_a_signature_that_is_copied_is_found_from_its_image(
    pybuild: Pybuild, registry: str, layout: str, tmp_path: Path
) -> None:
    image = copied(pybuild, layout, f"{registry}/signed/app:1")
    signature = write_referrer(str(tmp_path / "notes"), "signature", image, "example/signature")
    assert copied(pybuild, f"oci:{tmp_path}/notes:signature", f"{registry}/signed/app@{signature}") == signature
    shown = json.loads(pybuild.run("referrers", "--format", "json", f"{registry}/signed/app:1").stdout)
    assert (shown["digest"], shown["artifactType"]) == (signature, "example/signature")
    assert copied(pybuild, f"{registry}/signed/app@{signature}", f"{registry}/signed/other@{signature}") == signature
    named = f"{registry}/signed/other@{image}"
    assert "example/signature" in pybuild.run("referrers", "--artifact-type", "example/signature", named).stdout
    assert "signature" not in pybuild.run("referrers", "--artifact-type", "example/sbom", named).stdout
