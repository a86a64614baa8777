"""The state of a registry, opened for one request: the store, the database of repositories, the tags."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager

from builder.model.digest import Digest
from builder.registry.server.held import DATABASE, FOLDER
from builder.registry.server.repositories import Repositories, StoredManifest, opened_repositories
from builder.registry.server.sending import Verified
from builder.registry.server.target import is_tag, parse_digest
from builder.registry.server.uploads import Uploads
from builder.store.refs import Refs
from builder.store.store import Store


class Opened:
    """For one thread."""

    def __init__(self, store: Store, repositories: Repositories, names: Refs) -> None:
        """`names` is read from, and remembers what it has read as long as the index does not change."""
        self.store = store
        self.repositories = repositories
        self._names = names

    def has_blob(self, repository: str, digest: Digest) -> bool:
        return self.repositories.has_blob(repository, digest) and self.store.blobs.has(digest)

    def find(self, repository: str, reference: str) -> StoredManifest | None:
        """By tag or digest."""
        digest = parse_digest(reference) if ":" in reference else self._tagged(repository, reference)
        return self.repositories.manifest(repository, digest) if digest else None

    def _tagged(self, repository: str, tag: str) -> Digest | None:
        descriptor = self._names.get(f"{repository}:{tag}")
        return descriptor.digest if descriptor else None

    def tags(self, repository: str) -> dict[str, Digest]:
        """Sorted."""
        known = self.repositories.digests(repository)
        return {
            tag: descriptor.digest
            for name, descriptor in self._names.items()
            for found, _, tag in [name.rpartition(":")]
            if found == repository and descriptor.digest in known and is_tag(tag)
        }

    def put(self, repository: str, manifest: StoredManifest, parts: tuple[Digest, ...], tags: tuple[str, ...]) -> None:
        """Inside `repositories.changing`. The manifest's bytes are in the store."""
        self.store.settle()
        self.repositories.add_manifest(repository, manifest, parts)
        for tag in tags:
            self.store.refs.set(f"{repository}:{tag}", manifest.descriptor)

    def remove(self, repository: str, digest: Digest) -> bool:
        """Inside `repositories.changing`. Takes the manifest from the repository, and its tags."""
        for tag, tagged in self.tags(repository).items():
            if tagged == digest:
                self.store.refs.remove(f"{repository}:{tag}")
        return self.repositories.remove_manifest(repository, digest)


class Registry:
    """Shared by all requests of a process."""

    def __init__(self, root: str) -> None:
        self._root = os.path.abspath(root)
        with Store.open(self._root) as store:
            os.makedirs(self._in("uploads"), 0o700, exist_ok=True)
            self._names = store.refs
        self.uploads = Uploads(self._in("uploads"))
        self.verified = Verified()

    def _in(self, name: str) -> str:
        return f"{self._root}/{FOLDER}/{name}"

    @contextmanager
    def opened(self) -> Iterator[Opened]:
        """What is written inside is durable afterwards."""
        with Store.open(self._root) as store, self.repositories() as repositories:
            yield Opened(store, repositories, self._names)

    @contextmanager
    def repositories(self) -> Iterator[Repositories]:
        with opened_repositories(self._in(DATABASE)) as repositories:
            yield repositories
