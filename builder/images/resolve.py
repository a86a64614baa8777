"""From a name to an image: what FROM, COPY --from and the commands that need an image ask."""

from __future__ import annotations

import os
from enum import StrEnum

from builder.errors import ImageError, RegistryError, StoreError
from builder.images import origins
from builder.images.origins import Lookup
from builder.images.stored import Image, read_image, stored_image
from builder.lean import TYPE_CHECKING
from builder.model import media_types
from builder.model.config import ResolvedImage
from builder.model.descriptor import Descriptor
from builder.model.digest import Digest
from builder.model.place import Place, PlaceKind
from builder.model.platform import Platform
from builder.model.reference import Reference
from builder.store.blobs import READ_LIMIT
from builder.store.store import Store

if TYPE_CHECKING:
    from builder.images.sources.types import OpenSource, Source

STORE = "store"


class PullPolicy(StrEnum):
    """When a registry is asked."""

    MISSING = "missing"
    """Only for names that the store does not know."""
    ALWAYS = "always"
    """Every time, so that a moved tag is noticed."""
    NEVER = "never"


class StoreResolver:
    """The plan's ImageResolver. Afterwards index, manifest and config of what it returned are in the store, so that
    resolving the name again needs no source; layers are fetched by whoever reads them."""

    def __init__(self, store: Store, open_source: OpenSource, policy: PullPolicy = PullPolicy.MISSING) -> None:
        self._store = store
        self._open_source = open_source
        self._policy = policy

    def resolve(self, name: str, platform: Platform) -> ResolvedImage:
        """Raises ImageError or RegistryError when there is no such image for the platform."""
        place = Place.find(name)
        if place is None:
            image, origin = self._named(Reference.parse(name), name, platform)
        elif place.kind is PlaceKind.DOCKER_ARCHIVE:
            from builder.images.docker_archive import load_docker_archive

            image, origin = load_docker_archive(self._store, *split_tag(place.path)), STORE
        else:
            image, origin = self._from_layout(place, name, platform)
        return ResolvedImage(name, image.descriptor.digest, image.config, image.layers, origin)

    def _from_layout(self, place: Place, name: str, platform: Platform) -> tuple[Image, str]:
        path, tag = split_tag(place.path)
        source = self._open_source(f"{place.kind}:{os.path.abspath(path)}")
        return self._from_source(source, tag, name, platform)[0], source.origin

    def _named(self, reference: Reference, name: str, platform: Platform) -> tuple[Image, str]:
        """By policy: what the store has under the name, what a registry said earlier, what it says now.

        An image of another platform is a last resort, as in BuildKit, which remarks on it and goes on: with COPY and
        no RUN, or with an emulator, the result is right.
        """
        local = self._in_store(reference, name, platform)
        usable = local is not None and (_serves(local[0], platform) or reference.digest is not None)
        if local and usable and (self._policy is not PullPolicy.ALWAYS or reference.digest):
            return local
        if self._policy is PullPolicy.NEVER:
            if local:
                return local
            raise ImageError(
                "image-not-found",
                f"the store has no image {reference.familiar}",
                hint="pulling is switched off: allow it, or build or import the image first",
            )
        try:
            image, found = self.from_registry(reference, name, platform)
            return image, found.origin
        except RegistryError as error:
            if local and not usable:
                return local
            if local:
                error.hint = "the store has an image of this name: build without --pull to use it"
            else:
                error.message = f"the store has no image {reference.familiar}, and {error.message}"
            raise

    def _in_store(self, reference: Reference, name: str, platform: Platform) -> tuple[Image, str] | None:
        """The image under a name of the index, else what a registry said when it was last asked."""
        candidates: list[Lookup] = []
        if reference.digest:
            candidates += self._by_digest(reference.digest, reference)
        else:
            named = self._store.refs.get(reference.familiar)
            candidates += [Lookup(named, STORE)] if named else []
            remembered = origins.recall_lookup(self._store, str(reference))
            candidates += [remembered] if remembered else []
        mismatch: tuple[Image, str] | None = None
        for descriptor, origin in candidates:
            try:
                image = stored_image(self._store, descriptor, name, platform)
            except (StoreError, ImageError):
                continue  # damaged or incomplete: whoever has it whole is asked instead
            if _serves(image, platform):
                return image, origin
            mismatch = mismatch or (image, origin)
        return mismatch

    def _by_digest(self, digest: Digest, reference: Reference) -> list[Lookup]:
        """Content is what its digest says, wherever it came from."""
        if not self._store.blobs.has(digest):
            return []
        remembered = origins.recall_lookup(self._store, str(reference))
        if remembered:
            return [remembered]
        data = self._store.blobs.read(digest)
        return [Lookup(Descriptor("", digest, len(data)), STORE)]

    def from_registry(self, reference: Reference, name: str, platform: Platform) -> tuple[Image, Lookup]:
        """The image as its registry has it now, and what the name means there."""
        source = self._open_source(f"registry:{reference.repository}")
        remembered = origins.recall_lookup(self._store, str(reference))
        wanted = str(reference.digest or reference.tag)
        if remembered and source.digest(wanted) == remembered.descriptor.digest:
            return self._complete(source, remembered.descriptor, name, platform), remembered
        image, top = self._from_source(source, wanted, name, platform)
        found = Lookup(top, source.origin)
        origins.remember_lookup(self._store, str(reference), found)
        return image, found

    def _from_source(self, source: Source, reference: str, name: str, platform: Platform) -> tuple[Image, Descriptor]:
        """What `reference` means there, and the index or manifest that says so."""
        top = source.document(reference)
        put = self._store.blobs.put_bytes(top.data, top.descriptor.media_type)
        return self._complete(source, put, name, platform), put

    def _complete(self, source: Source, top: Descriptor, name: str, platform: Platform) -> Image:
        """Reads the documents, from the source where the store lacks them, and remembers where the layers are."""
        image = read_image(lambda descriptor: self._document(source, descriptor), top, name, platform)
        for layer in image.layers:
            if source.origin.startswith("registry:") or not self._store.blobs.has(layer.descriptor.digest):
                origins.remember_blob(self._store, layer.descriptor.digest, source.origin)
        return image

    def _document(self, source: Source, descriptor: Descriptor) -> bytes:
        blobs = self._store.blobs
        if descriptor.size > READ_LIMIT:
            raise ImageError("bad-image", f"a manifest or config of {descriptor.size} bytes is larger than any can be")
        if not blobs.has(descriptor.digest, descriptor.size):
            if descriptor.media_type in media_types.MANIFESTS | media_types.INDEXES:
                from builder.images.transfer import fetched

                blobs.put_bytes(fetched(source, descriptor).data, descriptor.media_type)
            else:
                from builder.images.fetch import copy_blob

                copy_blob(self._store, source, descriptor)
        try:
            return blobs.read(descriptor.digest)
        except StoreError as error:
            raise ImageError("bad-image", f"a manifest or config cannot be used: {error.message}") from error


def split_tag(place: str) -> tuple[str, str]:
    """`PATH[:TAG]`: the path is the longest part before a colon that exists, since both may contain colons. A digest
    in the place of the tag stands after an `@`."""
    path, at, digest = place.rpartition("@")
    if at and digest.startswith("sha256:") and os.path.exists(path):
        return path, digest
    end = len(place)
    while end > 0:
        if os.path.exists(place[:end]):
            return place[:end], place[end + 1 :]
        end = place.rfind(":", 0, end)
    raise ImageError("image-not-found", f"there is no such file or directory: {place[:300]}")


def _serves(image: Image, wanted: Platform) -> bool:
    offered = image.config.platform
    if offered.matches(wanted):
        return True
    from builder.images.select import serves

    return serves(offered, wanted)
