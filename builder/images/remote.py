"""What a registry has under a name, without pulling it: manifests and config only."""

from __future__ import annotations

import json

from builder.errors import BuilderError, ImageError
from builder.images.sources.types import Document, OpenSource, Source
from builder.images.stored import read_image
from builder.images.transfer import fetched, references
from builder.model import media_types
from builder.model.descriptor import Descriptor
from builder.model.digest import Digest
from builder.model.platform import Platform
from builder.model.reference import Reference
from builder.store.blobs import READ_LIMIT


def raw_document(open_source: OpenSource, text: str) -> bytes:
    """The manifest or index, byte for byte."""
    return _top(open_source, Reference.parse(text))[1].data


def inspect_remote(open_source: OpenSource, text: str, platform: Platform) -> dict[str, object]:
    """Docker's members, as `inspect` has them; `Manifests` says what an index holds. Where it has no image for the
    platform, or is no image at all, the members of one are left out."""
    reference = Reference.parse(text)
    source, top = _top(open_source, reference)
    value: dict[str, object] = {
        "Name": reference.familiar,
        "Digest": top.descriptor.digest,
        "MediaType": top.descriptor.media_type,
        "RepoDigests": [f"{reference._replace(tag='', digest=None).familiar}@{top.descriptor.digest}"],
        "Descriptor": Descriptor(top.descriptor.media_type, top.descriptor.digest, len(top.data)).to_json(),
    }
    children, content = references(top)
    if children:
        value["Manifests"] = [child.to_json() for child in children]
    else:
        value["Manifest"] = json.loads(top.data)
        value["Size"] = sum(blob.size for blob in content[1:])
    try:
        value |= _image(source, top, text, platform)
    except BuilderError as error:
        value["Remark"] = error.message
    return value


def _top(open_source: OpenSource, reference: Reference) -> tuple[Source, Document]:
    source = open_source(f"registry:{reference.repository}")
    return source, source.document(str(reference.digest or reference.tag))


def _image(source: Source, top: Document, text: str, platform: Platform) -> dict[str, object]:
    def read(descriptor: Descriptor) -> bytes:
        if descriptor.digest == top.descriptor.digest:
            return top.data
        if descriptor.media_type in media_types.MANIFESTS | media_types.INDEXES:
            return fetched(source, descriptor).data
        return _small_blob(source, descriptor)

    image = read_image(read, top.descriptor, text, platform)
    config = image.config.to_json()
    return {
        "Id": image.id,
        "Created": image.config.created,
        "Author": image.config.author,
        "Architecture": image.config.platform.architecture,
        "Os": image.config.platform.os,
        "Size": image.size_bytes,
        "Config": config["config"],
        "RootFS": {"Type": "layers", "Layers": list(image.config.diff_ids)},
        "Manifest": image.manifest.to_json(),
    }


def _small_blob(source: Source, descriptor: Descriptor) -> bytes:
    if descriptor.size > READ_LIMIT:
        raise ImageError("bad-image", f"a config of {descriptor.size} bytes is larger than any can be")
    data = b"".join(source.blob(descriptor))
    if Digest.of(data) != descriptor.digest:
        raise ImageError("bad-image", f"the registry sends another config than {descriptor.digest}")
    return data
