"""What ADD fetches: which content it is, for the key, and its files, for the layer.

A file of a URL has mode 0600, owner 0:0 and the time that the server says; files of a repository are those of a
checkout. Neither their times nor the URL are in a key: another server with the same file is a hit.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Generator
from contextlib import contextmanager

from builder.cache.memo import Memo, digest_memo
from builder.context.select import Source as Selection
from builder.context.select import select
from builder.lean import TYPE_CHECKING, NamedTuple
from builder.model.canonical import canonical
from builder.model.entry import Entry, Kind
from builder.plan.types import RemoteSource
from builder.steps.kitchen import Kitchen
from builder.steps.listings import Listings

if TYPE_CHECKING:
    from builder.context.folder import FolderContext
    from builder.context.git import Commit, GitCache
    from builder.context.http import HttpCache, RemoteFile
    from builder.context.narrowing import Narrowing
    from builder.model.gitreference import GitReference

URL_MODE = 0o600
_TREE_FORMAT = 1
"""Raise it when a commit gives other files than before."""


class Fetched(NamedTuple):
    source: Selection
    open: Callable[[str], int]
    is_git: bool
    before: int = 0
    """How many selections of other sources come before it."""


class Remotes:
    """Remote sources of one build. Each is asked for once, for the key and for the layer."""

    def __init__(self, kitchen: Kitchen, listings: Listings) -> None:
        self._kitchen = kitchen
        self._listings = listings
        self._memo: Memo = digest_memo(kitchen.store)
        self._files: dict[RemoteSource, RemoteFile] = {}
        self._commits: dict[RemoteSource, Commit] = {}
        self._trees: dict[RemoteSource, str] = {}

    def key_part(self, source: RemoteSource, narrowing: Narrowing | None) -> list[object]:
        """Stands for the content. No file is fetched whose checksum is given, and no commit that is known."""
        if not source.is_git:
            from builder.context.weblink import file_name

            digest = source.checksum or self._file(source).digest
            return [source.at, "file", file_name(source.url), digest]
        commit = self._commit(source)
        kept = [source.url, commit.ref, source.ref] if source.keep_git_dir else []
        key = canonical(
            [
                "git",
                _TREE_FORMAT,
                commit.id,
                source.subdir,
                source.submodules,
                kept,
                list(narrowing.exclude if narrowing else ()),
            ]
        ).decode()
        known = self._memo.get(key)
        if not isinstance(known, str):
            from builder.context.listing import make_listing

            with self.open(source, narrowing) as fetched:
                known = self._listings.note(make_listing([fetched.source]))
            self._listings.keep(known)
            self._memo.put(key, known)
        return [source.at, "tree", known]

    @contextmanager
    def open(self, source: RemoteSource, narrowing: Narrowing | None) -> Generator[Fetched]:
        """The files, readable until the end of the block."""
        if source.is_git:
            folder = self._checkout(source)
            try:
                selected = select(folder, ("/",), where=source.url, narrowing=narrowing)
                yield Fetched(selected[0], folder.open, is_git=True)
            finally:
                folder.close()
        else:
            from builder.context.weblink import file_name

            file, name = self._file(source), file_name(source.url)
            entry = Entry(name, Kind.FILE, URL_MODE, size=file.size, mtime=file.mtime or 0, digest=file.digest)

            def open_(_: str) -> int:
                return os.open(file.path, os.O_RDONLY | os.O_CLOEXEC)

            yield Fetched(Selection(name, entry, ()), open_, is_git=False)

    def _file(self, source: RemoteSource) -> RemoteFile:
        if source not in self._files:
            self._files[source] = self._http().fetch(source.url, source.checksum)
        return self._files[source]

    def _commit(self, source: RemoteSource) -> Commit:
        if source not in self._commits:
            self._commits[source] = self._git().resolve(git_reference_of(source))
        return self._commits[source]

    def _checkout(self, source: RemoteSource) -> FolderContext:
        from builder.context.folder import FolderContext
        from builder.context.statindex import StatIndex

        if source not in self._trees:
            folder = self._kitchen.store.temporary.directory()
            self._trees[source] = self._git().checkout(git_reference_of(source), self._commit(source), folder)
        return FolderContext(self._trees[source], None, StatIndex(""))

    def _http(self) -> HttpCache:
        from builder.context.http import HttpCache

        store = self._kitchen.store
        return HttpCache(f"{store.folder('cache')}/http", self._kitchen.secret, keep=store.presence.keep)

    def _git(self) -> GitCache:
        from builder.context.git import GitCache

        folder = f"{self._kitchen.store.folder('cache')}/git"
        return GitCache(folder, self._kitchen.secret, ssh_agent=self._kitchen.agent("default") or "")


def git_reference_of(source: RemoteSource) -> GitReference:
    from builder.model.gitreference import GitReference

    return GitReference(
        source.url,
        source.ref,
        source.subdir,
        source.checksum,
        source.keep_git_dir,
        source.submodules,
        source.fetch_by_commit,
    )


def remote_source(place: str) -> RemoteSource | None:
    """A context that is fetched, as ADD would name it. None for any other."""
    from builder.context.origin import git_reference, is_url

    git = git_reference(place)
    if git is not None:
        keep = bool(git.keep_git_dir)
        return RemoteSource(
            0, git.remote, git.checksum, True, git.ref, git.subdir, keep, git.submodules, git.fetch_by_commit
        )
    return RemoteSource(0, place) if is_url(place) else None


def describe_fetched(old: object, new: object, listings: Listings) -> str:
    """Two key parts of remote sources, as what a person is told: which of them are not what they were."""
    before, after = (value if isinstance(value, list) else [] for value in (old, new))
    trees = [str(item[2]) for item in before if item[1] == "tree" and item not in after]
    words = []
    for _, kind, *rest in (item for item in after if item not in before):
        if kind == "file":
            words.append(f"other content was fetched as {rest[0]}")
        else:
            files = listings.describe(trees[0], str(rest[0])) if len(trees) == 1 else ""
            words.append(f"git repository: {files or 'other files'}")
    return ", ".join(words) or "fewer sources are fetched"
