"""What a manifest that is pushed must say, and what it refers to."""

from __future__ import annotations

import json
from typing import NamedTuple

from builder.errors import BuilderError
from builder.model import media_types
from builder.model.descriptor import Descriptor
from builder.model.digest import Digest
from builder.model.manifest import Index, Manifest
from builder.registry.server.refusal import Refusal


class Document(NamedTuple):
    media_type: str
    blobs: tuple[Descriptor, ...]
    """Must be in the repository."""
    manifests: tuple[Descriptor, ...]
    """Must be in the repository too."""
    subject: Digest | None
    artifact_type: str
    annotations: tuple[tuple[str, str], ...]


def read_document(data: bytes, content_type: str) -> Document:
    """Raises Refusal MANIFEST_INVALID. `content_type` is the request's header, which may have parameters."""
    try:
        value = json.loads(data)
        if not isinstance(value, dict):
            raise _invalid("not a JSON object")
        return _read(value, _media_type(value, content_type.partition(";")[0].strip()))
    except (ValueError, RecursionError) as error:
        raise _invalid(f"not JSON: {str(error)[:200]}") from None
    except BuilderError as error:
        raise _invalid(error.message) from None


def _media_type(value: dict[str, object], content_type: str) -> str:
    """Both places that tell it must agree, and nothing may be both an image and an index (CVE-2021-41190)."""
    own = value.get("mediaType")
    if own and content_type and own != content_type:
        raise _invalid(f"Content-Type is {content_type[:100]}, and mediaType another")
    media_type = str(own or content_type)
    if media_type not in media_types.MANIFESTS | media_types.INDEXES:
        raise _invalid(f"manifests of type {media_type[:100]!r} are not taken")
    foreign = {"layers", "config"} if media_type in media_types.INDEXES else {"manifests"}
    if foreign & value.keys():
        raise _invalid("both an image and an index")
    return media_type


def _read(value: dict[str, object], media_type: str) -> Document:
    subject = Descriptor.from_json(value["subject"]).digest if value.get("subject") else None
    artifact_type = value.get("artifactType") or ""
    if not isinstance(artifact_type, str):
        raise _invalid("artifactType is a string")
    if media_type in media_types.INDEXES:
        index = Index.from_json(value)
        return Document(media_type, (), index.manifests, subject, artifact_type, index.annotations)
    manifest = Manifest.from_json(value)
    layers = [layer for layer in manifest.layers if layer.media_type not in media_types.ELSEWHERE]
    kind = artifact_type or manifest.config.media_type
    return Document(media_type, (manifest.config, *layers), (), subject, kind, manifest.annotations)


def _invalid(why: str) -> Refusal:
    return Refusal(400, "MANIFEST_INVALID", why)
