"""The time of what is fetched, for a SOURCE_DATE_EPOCH that names it."""

from __future__ import annotations

import os
from collections.abc import Callable

from builder.context.git import GitCache
from builder.context.http import HttpCache
from builder.layers.archive import archive_items, is_archive
from builder.model.entry import Kind
from builder.plan.types import RemoteSource
from builder.steps.remote import git_reference_of


class RemoteTimes:
    def __init__(
        self, cache: str, secret: Callable[[str], bytes | None], agent: str, keep: Callable[[str], bool]
    ) -> None:
        self._cache = cache
        self._secret = secret
        self._agent = agent
        self._keep = keep

    def __call__(self, source: RemoteSource) -> int | None:
        """When the commit was made; what the server says of the file, else the newest file in it if it is an archive.
        As in BuildKit, a file whose checksum is given is not asked about."""
        return self._of_commit(source) if source.is_git else self._of_file(source)

    def _of_commit(self, source: RemoteSource) -> int:
        repositories = GitCache(f"{self._cache}/git", self._secret, ssh_agent=self._agent)
        wanted = git_reference_of(source)
        return repositories.commit_time(wanted, repositories.resolve(wanted))

    def _of_file(self, source: RemoteSource) -> int | None:
        found = HttpCache(f"{self._cache}/http", self._secret, keep=self._keep).fetch(source.url, source.checksum)
        if found.mtime is not None and not source.checksum:
            return found.mtime
        fd = os.open(found.path, os.O_RDONLY | os.O_CLOEXEC)
        try:
            if not is_archive(fd):
                return None
            with archive_items(fd) as items:
                return max((entry.mtime for entry, _ in items if entry.kind is Kind.FILE), default=None)
        finally:
            os.close(fd)
