"""Which of an index's manifests serves a platform."""

from __future__ import annotations

from builder.errors import ImageError
from builder.model.descriptor import Descriptor
from builder.model.platform import Platform


def choose(entries: tuple[Descriptor, ...], wanted: Platform, name: str) -> Descriptor:
    """The manifest of exactly the platform, else of the newest variant that it still runs, else the only one that
    says nothing of a platform. Raises ImageError `no-such-platform` with the platforms that there are."""
    images = [entry for entry in entries if not _is_attestation(entry)]
    for entry in images:
        if entry.platform and entry.platform.matches(wanted):
            return entry
    older = [entry for entry in images if entry.platform and _runs(entry.platform, wanted)]
    if older:
        return max(older, key=lambda entry: _variant(entry.platform or wanted))
    if len(images) == 1 and images[0].platform is None:
        return images[0]
    there = ", ".join(sorted({str(entry.platform) for entry in images if entry.platform})) or "none"
    raise ImageError("no-such-platform", f"{name} has no image for {wanted}", hint=f"it has: {there}")


def _is_attestation(entry: Descriptor) -> bool:
    """BuildKit's provenance stands beside the images under a platform that is none."""
    return entry.platform is not None and entry.platform.os == "unknown"


def _runs(offered: Platform, wanted: Platform) -> bool:
    """Whether a machine of `wanted` runs `offered`: an older variant of the same architecture."""
    same = (offered.os, offered.architecture) == (wanted.os, wanted.architecture)
    return same and _variant(offered) <= _variant(wanted)


def _variant(platform: Platform) -> int:
    """Variants are numbers behind a `v`; what is left out means the architecture's first (arm64's is v8)."""
    digits = platform.variant.removeprefix("v")
    defaults = {"arm": 7, "arm64": 8, "amd64": 1}
    return int(digits) if digits.isdecimal() else defaults.get(platform.architecture, 0)
