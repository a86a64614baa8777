"""The contexts of one build: each is opened when it is first asked for, and all are closed together."""

from __future__ import annotations

import os
from _thread import RLock
from collections.abc import Callable

from builder.context.buildfile import BuildfileText, read_buildfile
from builder.lean import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Mapping
    from contextlib import ExitStack

    from builder.context.filetree import Context
    from builder.context.origin import Origin


class Places(NamedTuple):
    """Where contexts keep what they need, and what opens doors to them."""

    index_of: Callable[[str], str]
    """From what a folder is known by to the file that remembers its digests."""
    spool: str
    """A folder for files without a name."""
    new_folder: Callable[[], str]
    """Makes a folder that is removed when the build is over."""
    cache: str
    """A folder where what was fetched is kept."""
    secret: Callable[[str], bytes | None]
    """By id; those that are meant for a host go with what is fetched from it."""
    agent: Callable[[str], str | None]
    """The socket of an ssh agent, by id."""
    keep: Callable[[str], bool] = os.path.exists
    """Whether a file of the cache is there, and from then on it stays."""
    keep_git_dir: str = ""
    """`1` or `true`: a git repository that is the main context has its `.git`, also if its URL does not say so."""


class OpenContexts:
    """`given` and `file` are the words CONTEXT and `--file`; `named` are the named contexts that have files. Safe for
    several threads, but for `buildfile`, which is called once and before all else."""

    def __init__(
        self, given: str, file: str | None, named: Mapping[str, Origin], places: Places, opened: ExitStack
    ) -> None:
        self._given = given
        self._file = file
        self._named = named
        self._places = places
        self._opened = opened
        self._contexts: dict[str, Context] = {}
        self._beside = ""
        self._lock = RLock()

    def buildfile(self) -> BuildfileText:
        """The Buildfile of the build. Reads standard input if that is the Buildfile or the context."""
        if os.path.isdir(self._given):
            text = read_buildfile(self._given, self._file, self._places)
            self._beside = text.path
            return text
        from builder.context.inputs import take_input

        text, context = take_input(self._given, self._file, self._places)
        self._keep("", context)
        return text

    def __call__(self, name: str) -> Context:
        """The named context `name`; empty: the main one."""
        with self._lock:
            if name not in self._contexts:
                self._keep(name, self._open(name))
            return self._contexts[name]

    def _open(self, name: str) -> Context:
        if not name:
            return self._folder(self._given, self._beside)
        origin = self._named[name]
        if origin.kind == "git":
            from builder.context.inputs import git_context

            return git_context(origin.place, self._places)
        if origin.kind == "url":
            from builder.context.inputs import file_context

            return file_context(origin.place, self._places)
        return self._folder(origin.place, "")

    def _keep(self, name: str, context: Context) -> None:
        self._contexts[name] = context
        self._opened.callback(context.close)

    def _folder(self, root: str, beside: str) -> Context:
        """A folder with its ignore rules, `beside` is the Buildfile that can have some of its own; what was learnt of
        the files is kept when the build is over."""
        from builder.context.folder import FolderContext
        from builder.context.ignore import IgnoreRules, find_ignore_file, read_ignore_file
        from builder.context.statindex import StatIndex

        index = StatIndex.load(self._places.index_of(os.path.abspath(root)))
        self._opened.callback(index.save)
        found = find_ignore_file(root, beside)
        rules = IgnoreRules.load(read_ignore_file(found), index, found) if found else None
        return FolderContext(root, rules, index)
