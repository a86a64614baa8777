"""Descriptors: media type, digest and size of one blob (OCI image-spec, descriptor.md)."""

from __future__ import annotations

from builder.errors import ImageError
from builder.lean import NamedTuple
from builder.model.digest import Digest
from builder.model.platform import Platform


class Descriptor(NamedTuple):
    media_type: str
    digest: Digest
    size: int
    platform: Platform | None = None
    annotations: tuple[tuple[str, str], ...] = ()
    """Sorted by key."""

    def to_json(self) -> dict[str, object]:
        value: dict[str, object] = {"mediaType": self.media_type, "digest": str(self.digest), "size": self.size}
        if self.platform:
            value["platform"] = self.platform.to_json()
        if self.annotations:
            value["annotations"] = dict(self.annotations)
        return value

    @classmethod
    def from_json(cls, value: object) -> Descriptor:
        """Raises ImageError `bad-descriptor` unless `value` has a media type, a digest and a size of 0 or more."""
        if not isinstance(value, dict):
            raise ImageError("bad-descriptor", "a descriptor is an object with mediaType, digest and size")
        media_type, size, annotations = value.get("mediaType"), value.get("size"), value.get("annotations") or {}
        if not isinstance(media_type, str) or not isinstance(size, int) or isinstance(size, bool) or size < 0:
            raise ImageError("bad-descriptor", f"a descriptor needs mediaType and size: {str(value)[:200]}")
        if not isinstance(annotations, dict) or not all(isinstance(v, str) for v in annotations.values()):
            raise ImageError("bad-descriptor", "a descriptor's annotations are strings")
        platform = Platform.from_json(value["platform"]) if value.get("platform") else None
        return cls(media_type, Digest.parse(value.get("digest")), size, platform, tuple(sorted(annotations.items())))

    def annotation(self, key: str) -> str | None:
        return dict(self.annotations).get(key)
