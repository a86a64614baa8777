"""Annotations that people give an image: `--annotation [TYPE[PLATFORM],...:]KEY=VALUE`, and the same keys of `--output`
(`annotation-TYPE[PLATFORM].KEY=VALUE`), as buildx and BuildKit have them.

    manifest               in the image's manifest (the default)
    manifest-descriptor    in what refers to the manifest: the index
    index                  in the index of several platforms
    index-descriptor       in what refers to that index
"""

from __future__ import annotations

import re
from enum import StrEnum

from builder.errors import BuilderError, UsageError
from builder.images.index import Built, ImageIndex, assemble_index, images_of
from builder.images.stored import Image
from builder.lean import NamedTuple
from builder.model.canonical import canonical
from builder.model.descriptor import Descriptor
from builder.model.platform import Platform
from builder.store.store import Store

_TYPE = re.compile(r"([a-z-]+)(?:\[([A-Za-z0-9_./()-]+)\])?")
_OUTPUT_KEY = re.compile(r"annotation(?:-([a-z-]+))?(?:\[([A-Za-z0-9_./()-]+)\])?\.(\S+)")

Pairs = tuple[tuple[str, str], ...]


class AnnotationKind(StrEnum):
    MANIFEST = "manifest"
    MANIFEST_DESCRIPTOR = "manifest-descriptor"
    INDEX = "index"
    INDEX_DESCRIPTOR = "index-descriptor"


class Annotation(NamedTuple):
    kind: AnnotationKind
    platform: Platform | None
    """Only the manifest of this platform; None: of every one."""
    key: str
    value: str


def parse_annotation(text: str) -> tuple[Annotation, ...]:
    """One `--annotation`; several types before the colon make several. Raises UsageError `bad-annotation`."""
    left, equals, value = text.partition("=")
    if not equals or not left:
        raise UsageError("bad-annotation", f"--annotation {text}: expected [TYPE:]KEY=VALUE")
    types, colon, key = left.partition(":")
    if not colon:
        return (Annotation(AnnotationKind.MANIFEST, None, left, value),)
    found = []
    for word in types.split(","):
        match = _TYPE.fullmatch(word)
        if not match or not key:
            raise UsageError("bad-annotation", f"--annotation {text}: {word!r} is not a type", hint=_kinds())
        found.append(Annotation(_kind(match[1], text), _platform(match[2], text), key, value))
    return tuple(found)


def parse_output_key(key: str, value: str) -> Annotation | None:
    """A member of `--output`; None when it is no annotation's."""
    match = _OUTPUT_KEY.fullmatch(key)
    if not match:
        return None
    return Annotation(_kind(match[1] or "manifest", key), _platform(match[2], key), match[3], value)


def check_annotations(annotations: tuple[Annotation, ...], platforms: list[Platform], several: bool) -> None:
    """Raises UsageError for those that nothing of the build could carry."""
    for annotation in annotations:
        wanted = annotation.platform
        if annotation.kind in (AnnotationKind.INDEX, AnnotationKind.INDEX_DESCRIPTOR) and not several:
            raise UsageError(
                "bad-annotation",
                f"{annotation.kind}:{annotation.key}: an image of one platform has no index",
                hint="annotate the manifest, or build for several platforms",
            )
        if wanted and not any(wanted.matches(platform) for platform in platforms):
            built = ", ".join(map(str, platforms))
            raise UsageError("bad-annotation", f"{annotation.key}: nothing is built for {wanted}, only for {built}")


def annotate(built: Built, annotations: tuple[Annotation, ...], store: Store) -> Built:
    """Afterwards the store has the documents that carry the annotations; a later one of the same key wins."""
    images = tuple(_annotated(image, annotations, store) for image in images_of(built))
    if not isinstance(built, ImageIndex):
        return images[0]
    index = assemble_index(store, images, _chosen(annotations, AnnotationKind.INDEX, None))
    return index._replace(descriptor=_described(index.descriptor, annotations, AnnotationKind.INDEX_DESCRIPTOR, None))


def _annotated(image: Image, annotations: tuple[Annotation, ...], store: Store) -> Image:
    platform = image.config.platform
    added = _chosen(annotations, AnnotationKind.MANIFEST, platform)
    if added:
        pairs = tuple(sorted((dict(image.manifest.annotations) | dict(added)).items()))
        manifest = image.manifest._replace(annotations=pairs)
        blob = store.blobs.put_bytes(canonical(manifest.to_json()), manifest.media_type)
        image = Image(blob._replace(platform=image.descriptor.platform), manifest, image.config)
    return image._replace(
        descriptor=_described(image.descriptor, annotations, AnnotationKind.MANIFEST_DESCRIPTOR, platform)
    )


def _described(
    descriptor: Descriptor, annotations: tuple[Annotation, ...], kind: AnnotationKind, platform: Platform | None
) -> Descriptor:
    return descriptor._replace(annotations=_chosen(annotations, kind, platform))


def _chosen(annotations: tuple[Annotation, ...], kind: AnnotationKind, platform: Platform | None) -> Pairs:
    """What applies, sorted; what is said of one platform beats what is said of all."""
    general = {item.key: item.value for item in annotations if item.kind is kind and item.platform is None}
    special = {
        item.key: item.value
        for item in annotations
        if item.kind is kind and item.platform and (platform is None or item.platform.matches(platform))
    }
    return tuple(sorted((general | special).items()))


def _kind(text: str, where: str) -> AnnotationKind:
    try:
        return AnnotationKind(text)
    except ValueError:
        raise UsageError("bad-annotation", f"{where}: there is no type {text!r}", hint=_kinds()) from None


def _platform(text: str | None, where: str) -> Platform | None:
    try:
        return Platform.parse(text) if text else None
    except BuilderError as error:
        raise UsageError("bad-annotation", f"{where}: {error.message}", hint=error.hint) from None


def _kinds() -> str:
    return f"types are {', '.join(AnnotationKind)}; one platform's: manifest[linux/amd64]:KEY=VALUE"
