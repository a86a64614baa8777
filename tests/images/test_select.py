"""Which entry of an index serves: the rules of containerd's platforms package."""

from __future__ import annotations

import pytest

from builder.errors import ImageError
from builder.images.select import choose, image_entries, serving
from builder.model.descriptor import Descriptor
from builder.model.digest import Digest
from builder.model.media_types import OCI_MANIFEST
from builder.model.platform import Platform


def entry(text: str, **annotations: str) -> Descriptor:
    platform = Platform(*text.split("/")) if text else None
    pairs = tuple((name.replace("_", "."), value) for name, value in annotations.items())
    return Descriptor(OCI_MANIFEST, Digest.of(text.encode()), 1, annotations=pairs, platform=platform)


@pytest.mark.parametrize(
    ("wanted", "offered", "chosen"),
    [
        ("linux/arm/v7", "linux/arm/v5 linux/arm/v6 linux/arm/v8", "linux/arm/v6"),
        ("linux/arm", "linux/arm/v6 linux/arm", "linux/arm"),
        ("linux/arm64", "linux/arm/v7 linux/arm64/v8", "linux/arm64/v8"),
        ("linux/arm64", "linux/arm/v6 linux/arm/v7", "linux/arm/v7"),
        ("linux/arm64/v9", "linux/arm64 linux/arm64/v8.5 linux/arm64/v8.6", "linux/arm64/v8.5"),
        ("linux/amd64", "linux/386 linux/amd64/v2 linux/amd64", "linux/amd64"),
        ("linux/amd64", "linux/amd64/v2 linux/386", "linux/386"),
        ("linux/amd64/v3", "linux/amd64 linux/amd64/v2 linux/amd64/v4", "linux/amd64/v2"),
        ("linux/x86_64", "windows/amd64 linux/amd64", "linux/amd64"),
    ],
)
def test_variants(wanted: str, offered: str, chosen: str) -> None:
    entries = tuple(entry(text) for text in offered.split())
    assert choose(entries, Platform.parse(wanted), "x") == entry(chosen)


@pytest.mark.parametrize("wanted", ["linux/arm/v5", "linux/s390x", "linux/amd64"])
def test_nothing_fits(wanted: str) -> None:
    with pytest.raises(ImageError) as caught:
        choose((entry("linux/arm64"), entry("linux/arm/v6")), Platform.parse(wanted), "x")
    assert caught.value.hint == "it has: linux/arm/v6, linux/arm64"


def test_attestations_are_never_chosen() -> None:
    unknown = entry("unknown/unknown")
    marked = entry("linux/amd64", vnd_docker_reference_type="attestation-manifest")
    assert image_entries((unknown, marked, entry("linux/arm64"))) == [entry("linux/arm64")]
    with pytest.raises(ImageError):
        choose((unknown, marked), Platform("linux", "amd64"), "x")


def test_the_only_entry_without_a_platform_serves() -> None:
    assert choose((entry(""), entry("unknown/unknown")), Platform("linux", "amd64"), "x") == entry("")


def test_order_is_finite_for_odd_variants() -> None:
    for text in ("linux/arm/v99999999", "linux/arm64/v8.99", "linux/amd64/vx", "linux/arm64/v12"):
        assert len(serving(Platform.parse(text))) < 30
