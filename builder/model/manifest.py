"""Image manifests and indexes (OCI image-spec, manifest.md and image-index.md; docker's schema 2 read alike)."""

from __future__ import annotations

from builder.errors import ImageError
from builder.lean import NamedTuple
from builder.model import media_types
from builder.model.descriptor import Descriptor


class Manifest(NamedTuple):
    config: Descriptor
    layers: tuple[Descriptor, ...]
    annotations: tuple[tuple[str, str], ...] = ()
    media_type: str = media_types.OCI_MANIFEST

    def to_json(self) -> dict[str, object]:
        value: dict[str, object] = {
            "schemaVersion": 2,
            "mediaType": self.media_type,
            "config": self.config.to_json(),
            "layers": [layer.to_json() for layer in self.layers],
        }
        if self.annotations:
            value["annotations"] = dict(self.annotations)
        return value

    @classmethod
    def from_json(cls, value: object) -> Manifest:
        if not isinstance(value, dict) or value.get("schemaVersion") != 2 or not isinstance(value.get("layers"), list):
            raise ImageError("bad-manifest", "not an image manifest of schema version 2")
        return cls(
            config=Descriptor.from_json(value.get("config")),
            layers=tuple(Descriptor.from_json(layer) for layer in value["layers"]),
            annotations=_annotations(value),
            media_type=_media_type(value) or media_types.OCI_MANIFEST,
        )


class Index(NamedTuple):
    manifests: tuple[Descriptor, ...]
    annotations: tuple[tuple[str, str], ...] = ()
    media_type: str = media_types.OCI_INDEX

    def to_json(self) -> dict[str, object]:
        value: dict[str, object] = {
            "schemaVersion": 2,
            "mediaType": self.media_type,
            "manifests": [manifest.to_json() for manifest in self.manifests],
        }
        if self.annotations:
            value["annotations"] = dict(self.annotations)
        return value

    @classmethod
    def from_json(cls, value: object) -> Index:
        if not isinstance(value, dict) or not isinstance(value.get("manifests"), list):
            raise ImageError("bad-index", "not an image index")
        return cls(
            manifests=tuple(Descriptor.from_json(item) for item in value["manifests"]),
            annotations=_annotations(value),
            media_type=_media_type(value) or media_types.OCI_INDEX,
        )


def _media_type(value: dict[str, object]) -> str:
    media_type = value.get("mediaType") or ""
    if not isinstance(media_type, str):
        raise ImageError("bad-manifest", "a media type is a string")
    return media_type


def _annotations(value: dict[str, object]) -> tuple[tuple[str, str], ...]:
    annotations = value.get("annotations") or {}
    if not isinstance(annotations, dict) or not all(isinstance(item, str) for item in annotations.values()):
        raise ImageError("bad-manifest", "annotations are strings")
    return tuple(sorted(annotations.items()))
