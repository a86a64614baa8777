"""Which repository has which blobs and manifests, in a SQLite database; tags are in the store's index.

Writers exclude each other, between processes too: `changing` is the lock under which the index is changed as well.
"""

from __future__ import annotations

import json
import sqlite3
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import NamedTuple

from builder.errors import StoreError
from builder.model.descriptor import Descriptor
from builder.model.digest import Digest
from builder.store.blobs import Blobs

_VERSION = 1
_SCHEMA = """
CREATE TABLE blobs (repository TEXT, digest TEXT, since REAL, PRIMARY KEY (repository, digest)) WITHOUT ROWID;
CREATE INDEX blob_holders ON blobs (digest);
CREATE TABLE manifests (
    repository TEXT, digest TEXT, media_type TEXT, size INTEGER, subject TEXT, artifact_type TEXT, annotations TEXT,
    since REAL, PRIMARY KEY (repository, digest)
) WITHOUT ROWID;
CREATE INDEX referrers ON manifests (repository, subject, digest) WHERE subject <> '';
CREATE TABLE parts (
    repository TEXT, manifest TEXT, digest TEXT, PRIMARY KEY (repository, digest, manifest)
) WITHOUT ROWID;
CREATE INDEX parts_of ON parts (repository, manifest);
"""
"""`parts` are what a manifest refers to, whether it is there or not."""
_MANIFEST = "digest, media_type, size, subject, artifact_type, annotations"


class StoredManifest(NamedTuple):
    digest: Digest
    media_type: str
    size: int
    subject: str = ""
    """A digest, or nothing."""
    artifact_type: str = ""
    annotations: str = ""
    """A JSON object, or nothing; kept for referrers only."""

    @property
    def descriptor(self) -> Descriptor:
        return Descriptor(self.media_type, self.digest, self.size)

    def as_referrer(self) -> dict[str, object]:
        """distribution-spec, Listing Referrers."""
        value = self.descriptor.to_json()
        if self.artifact_type:
            value["artifactType"] = self.artifact_type
        if self.annotations:
            value["annotations"] = json.loads(self.annotations)
        return value


@contextmanager
def opened_repositories(path: str) -> Iterator[Repositories]:
    """The database at `path`, made if it is not there; for one thread. Raises StoreError for what SQLite refuses."""
    try:
        connection = sqlite3.connect(path, timeout=60, isolation_level=None)
        try:
            _prepare(connection)
            yield Repositories(connection)
        finally:
            connection.close()
    except sqlite3.Error as error:
        raise StoreError(
            "registry-database", f"the registry's database cannot be used: {path}: {error}", retryable=True
        ) from error


def _prepare(connection: sqlite3.Connection) -> None:
    version = connection.execute("PRAGMA user_version").fetchone()[0]
    if version == _VERSION:
        return
    if version > _VERSION:
        raise StoreError("registry-too-new", "the registry's folder is of a newer version of pybuild")
    connection.execute("PRAGMA journal_mode = WAL")
    connection.execute("BEGIN EXCLUSIVE")
    if connection.execute("PRAGMA user_version").fetchone()[0] == 0:  # no one else was quicker
        for statement in (*_SCHEMA.split(";"), f"PRAGMA user_version = {_VERSION}"):
            connection.execute(statement)
    connection.execute("COMMIT")


class Repositories:
    def __init__(self, connection: sqlite3.Connection) -> None:
        """Use `opened_repositories`."""
        self._connection = connection

    @contextmanager
    def changing(self) -> Iterator[None]:
        """Inside nobody else changes anything; after an error it is as if nothing had been."""
        self._connection.execute("BEGIN IMMEDIATE")
        try:
            yield
        except BaseException:
            self._connection.execute("ROLLBACK")
            raise
        self._connection.execute("COMMIT")

    def knows(self, repository: str) -> bool:
        return any(
            self._one(f"SELECT 1 FROM {table} WHERE repository = ? LIMIT 1", repository)  # noqa: S608 - our own names
            for table in ("manifests", "blobs")
        )

    def names(self, after: str, count: int) -> list[str]:
        """Of repositories that have a manifest, sorted."""
        query = "SELECT DISTINCT repository FROM manifests WHERE repository > ? ORDER BY repository LIMIT ?"
        return [row[0] for row in self._connection.execute(query, (after, count))]

    def has_blob(self, repository: str, digest: Digest) -> bool:
        return self._one("SELECT 1 FROM blobs WHERE repository = ? AND digest = ?", repository, digest)

    def holds(self, digest: Digest) -> bool:
        """Whether any repository has the blob."""
        return self._one("SELECT 1 FROM blobs WHERE digest = ?", digest)

    def add_blob(self, repository: str, digest: Digest) -> None:
        query = "INSERT OR REPLACE INTO blobs VALUES (?, ?, ?)"
        self._connection.execute(query, (repository, digest, time.time()))

    def refresh_blob(self, repository: str, digest: Digest) -> None:
        """Someone counts on it: its time begins again, at most once in an hour."""
        query = "SELECT 1 FROM blobs WHERE repository = ? AND digest = ? AND since < ?"
        if self._connection.execute(query, (repository, digest, time.time() - 3600)).fetchone():
            self.add_blob(repository, digest)

    def remove_blob(self, repository: str, digest: Digest) -> bool:
        query = "DELETE FROM blobs WHERE repository = ? AND digest = ?"
        return self._connection.execute(query, (repository, digest)).rowcount > 0

    def manifest(self, repository: str, digest: Digest) -> StoredManifest | None:
        query = f"SELECT {_MANIFEST} FROM manifests WHERE repository = ? AND digest = ?"  # noqa: S608 - our own names
        row = self._connection.execute(query, (repository, digest)).fetchone()
        return _stored(row) if row else None

    def digests(self, repository: str) -> set[str]:
        """Of its manifests."""
        query = "SELECT digest FROM manifests WHERE repository = ?"
        return {row[0] for row in self._connection.execute(query, (repository,))}

    def add_manifest(self, repository: str, manifest: StoredManifest, parts: Sequence[Digest]) -> None:
        """Inside `changing`."""
        query = "INSERT OR REPLACE INTO manifests VALUES (?, ?, ?, ?, ?, ?, ?, ?)"
        self._connection.execute(query, (repository, *manifest, time.time()))
        rows = [(repository, manifest.digest, part) for part in parts]
        self._connection.executemany("INSERT OR IGNORE INTO parts VALUES (?, ?, ?)", rows)

    def remove_manifest(self, repository: str, digest: Digest) -> bool:
        """Inside `changing`."""
        self._connection.execute("DELETE FROM parts WHERE repository = ? AND manifest = ?", (repository, digest))
        query = "DELETE FROM manifests WHERE repository = ? AND digest = ?"
        return self._connection.execute(query, (repository, digest)).rowcount > 0

    def referrers(self, repository: str, subject: Digest, after: str) -> Iterator[StoredManifest]:
        """Sorted by digest."""
        where = "repository = ? AND subject = ? AND subject <> '' AND digest > ? ORDER BY digest"
        query = f"SELECT {_MANIFEST} FROM manifests WHERE {where}"  # noqa: S608 - our own names
        for row in self._connection.execute(query, (repository, subject, after)):
            yield _stored(row)

    def everything(self, blobs: Blobs) -> tuple[Descriptor, ...]:
        """All manifests and blobs of all repositories, as leaves: they lead to no others."""
        query = "SELECT digest FROM manifests UNION SELECT digest FROM blobs"
        digests = [Digest(row[0]) for row in self._connection.execute(query)]
        return tuple(Descriptor("", digest, blobs.size(digest) or 0) for digest in digests)

    def drop_unused_blobs(self, before: float) -> int:
        """Takes from repositories the blobs of before that time which none of their manifests refers to."""
        query = (
            "DELETE FROM blobs WHERE since < ? AND NOT EXISTS (SELECT 1 FROM parts"
            " WHERE parts.repository = blobs.repository AND parts.digest = blobs.digest)"
        )
        return self._connection.execute(query, (before,)).rowcount

    def loose_manifests(self, before: float) -> list[tuple[str, Digest, str]]:
        """Repository, digest and subject of manifests of before that time to which no index of theirs refers."""
        query = (
            "SELECT repository, digest, subject FROM manifests WHERE since < ? AND NOT EXISTS (SELECT 1 FROM parts"
            " WHERE parts.repository = manifests.repository AND parts.digest = manifests.digest)"
        )
        return [(row[0], Digest(row[1]), row[2]) for row in self._connection.execute(query, (before,))]

    def _one(self, query: str, *values: str) -> bool:
        return self._connection.execute(query, values).fetchone() is not None


def _stored(row: tuple[str, str, int, str, str, str]) -> StoredManifest:
    digest, media_type, size, subject, artifact_type, annotations = row
    return StoredManifest(Digest(digest), media_type, size, subject, artifact_type, annotations)
