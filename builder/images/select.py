"""Which of an index's manifests serves a platform, as containerd's platforms package has it (its function Only)."""

from __future__ import annotations

from builder.errors import ImageError
from builder.model.descriptor import Descriptor
from builder.model.platform import Platform

_ATTESTATION = "vnd.docker.reference.type"
"""Annotation of what BuildKit puts beside images: provenance, SBOM."""


def choose(entries: tuple[Descriptor, ...], wanted: Platform, name: str) -> Descriptor:
    """The manifest of exactly the platform, else of the next best that its machines run, else the only one that says
    nothing of a platform. Raises ImageError `no-such-platform` with the platforms that there are."""
    images = image_entries(entries)
    for platform in serving(wanted):
        for entry in images:
            if entry.platform and entry.platform.matches(platform):
                return entry
    if len(images) == 1 and images[0].platform is None:
        return images[0]
    there = ", ".join(sorted({str(entry.platform) for entry in images if entry.platform})) or "none"
    raise ImageError("no-such-platform", f"{name} has no image for {wanted}", hint=f"it has: {there}")


def image_entries(entries: tuple[Descriptor, ...]) -> list[Descriptor]:
    """Without the attestations: those are no images, though they look like some."""
    return [entry for entry in entries if not _is_attestation(entry)]


def _is_attestation(entry: Descriptor) -> bool:
    """BuildKit's provenance stands beside the images under a platform that is none, and says what it belongs to."""
    return bool(entry.annotation(_ATTESTATION)) or (entry.platform is not None and entry.platform.os == "unknown")


def serves(offered: Platform, wanted: Platform) -> bool:
    """Whether a machine of `wanted` runs images of `offered`."""
    return any(offered.matches(platform) for platform in serving(wanted))


def serving(wanted: Platform) -> list[Platform]:
    """Platforms whose images a machine of `wanted` runs, best first: older variants, then the 32-bit sibling."""
    platform = wanted.normalized()
    variant = platform.variant
    match platform.architecture:
        case "amd64":
            levels = [f"v{level}" for level in range(_number(variant) or 1, 0, -1)]
            variants = [platform._replace(variant=level) for level in levels]
            found = [*variants, platform._replace(architecture="386", variant="")]
        case "arm":
            found = [platform._replace(variant=f"v{level}") for level in range(_number(variant), 4, -1)]
        case "arm64":
            variants = [platform._replace(variant=text) for text in _arm64_variants(variant or "v8")]
            found = [*variants, *serving(Platform(platform.os, "arm", "v8"))]
        case _:
            found = []
    return [platform, *found]


def _number(variant: str) -> int:
    digits = variant.removeprefix("v")
    return int(digits) if digits.isdecimal() and len(digits) < 3 else 0


def _arm64_variants(variant: str) -> list[str]:
    """Armv9.N has everything of Armv8.(N+5) (Arm Architecture Reference Manual)."""
    major, _, minor = variant.removeprefix("v").partition(".")
    if major not in ("8", "9") or not (minor or "0").isdecimal() or len(minor) > 1:
        return []
    newest = int(minor or 0)
    versions = [(9, level) for level in range(newest, -1, -1)] if major == "9" else []
    versions += [(8, level) for level in range(newest + 5 if major == "9" else newest, -1, -1)]
    return [f"v{major}.{level}" if level else f"v{major}" for major, level in versions]
