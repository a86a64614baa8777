"""What the sources of COPY and ADD mean: paths and wildcards to the entries that are copied.

As BuildKit's file operations have it: `..` and a leading slash stay inside the tree, a source that is a symlink is
followed while those inside a directory are copied as links, a directory means what is in it, a wildcard matches within
one part of a path and may match nothing at all, a plain path must exist.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence

from builder.context.ignore import Rule, clean
from builder.errors import ContextError
from builder.lean import TYPE_CHECKING, NamedTuple
from builder.model.entry import Entry, Kind

if TYPE_CHECKING:
    from builder.context.filetree import Files, FileTree
    from builder.context.narrowing import Narrowed, Narrowing


class Selected(NamedTuple):
    entry: Entry
    """As it is copied: its path, and the link of a HARDLINK, are relative to the destination."""
    source: str
    """Its path in the tree."""
    is_leading: bool = False
    """Of a directory: it is only there because of what is in it."""


class Source(NamedTuple):
    """One file or directory that a source names."""

    name: str
    """What a file is called below a destination that is a directory: the last part of its path as written or
    matched."""
    entry: Entry
    """The file, or the directory itself: its metadata are not copied, what is in it is."""
    below: tuple[Entry, ...]
    """Of a directory: everything in it, sorted by path."""
    leading: frozenset[str] = frozenset()
    """Those directories of `below`, by path, that are only there because of what is in them (see `narrowing`)."""

    @property
    def is_directory(self) -> bool:
        return self.entry.kind is Kind.DIRECTORY

    @property
    def prefix(self) -> str:
        """What the paths of `below` begin with and their destinations do not."""
        return f"{self.entry.path}/" if self.entry.path else ""

    def selected(self) -> Iterator[Selected]:
        """What is copied, parents first."""
        if not self.is_directory:
            yield Selected(self.entry._replace(path=self.name), self.entry.path)
        cut = len(self.prefix)
        for entry in self.below:
            link = entry.link[cut:] if entry.kind is Kind.HARDLINK else entry.link
            yield Selected(entry._replace(path=entry.path[cut:], link=link), entry.path, entry.path in self.leading)


def select(
    tree: FileTree,
    paths: Sequence[str],
    *,
    where: str = "the build context",
    ignored_by: Callable[[str], Rule | None] | None = None,
    narrowing: Narrowing | None = None,
) -> list[Source]:
    """What `paths` name, in order, as far as `narrowing` leaves it. Raises ContextError `source-not-found` for a plain
    path that is not there, with a hint (`ignored_by` tells the line of the ignore file that hides a path), and
    `bad-pattern` for a malformed wildcard."""
    found: list[Source] = []
    for written in paths:
        narrowed = narrowing.begin(written, has_wildcard) if narrowing else None
        path = clean(f"/{narrowed.start if narrowed else written}")[1:]
        matches = _match(tree, path) if has_wildcard(path) else [path]
        if matches is None:
            raise _missing(tree, written, _plain_prefix(path), where, ignored_by)
        only_directories = narrowed and narrowed.directories_only and not any(_is_link(tree, path) for path in matches)
        for match in matches:
            source = _source(tree, match, narrowed)
            if source is None:
                raise _missing(tree, match if has_wildcard(path) else written, match, where, ignored_by)
            if narrowed and narrowed.required is not None and not _holds(tree, match, source, narrowed.required):
                raise _kept_out(tree, written, path, narrowed.required, where) or _missing(
                    tree, written, clean(f"/{path}/{narrowed.required}")[1:], where, ignored_by
                )
            if source.is_directory or not only_directories:
                found.append(source)
    return found


def state_of(context: Files, paths: Sequence[str]) -> str | None:
    """Stands for all that plain `paths` select: equal states, equal selections. None where that cannot be told without
    walking, because of a pattern, a path that is not there or a file that has not been read, among other things."""
    states = []
    for written in paths:
        path = context.resolve(clean(f"/{written}")[1:])
        entry = None if has_wildcard(written) else context.get(path)
        if entry is None or (entry.kind is Kind.FILE and not entry.digest):
            return None
        is_directory = entry.kind is Kind.DIRECTORY
        state = context.state(path) if is_directory else repr(entry._replace(path="", mtime=0))
        if state is None:
            return None
        states.append(f"{path}\0{state}" if is_directory else state)
    return "\0".join(states)


def has_wildcard(text: str) -> bool:
    """Whether BuildKit treats `text` as a pattern at all; an escaped wildcard does not count."""
    if not any(sign in text for sign in "*?["):
        return False
    return re.search(r"[*?\[]", re.sub(r"\\.", "", text, flags=re.DOTALL)) is not None


def _source(tree: FileTree, path: str, narrowed: Narrowed | None) -> Source | None:
    entry = tree.get(tree.resolve(path))
    if entry is None:
        return None
    name = path.rpartition("/")[2]
    if entry.kind is not Kind.DIRECTORY:
        return Source(name, entry, ())
    choice = narrowed.choice(entry.path) if narrowed else None
    below = tuple(tree.walk(entry.path, choice))
    return Source(name, entry, below, frozenset(choice.leading if choice else ()))


def _holds(tree: FileTree, path: str, source: Source, required: str) -> bool:
    """Whether `required` is among what is copied. BuildKit looks for it without following a last symlink of `path`."""
    if not required or _is_link(tree, path):
        return False
    wanted = f"{source.prefix}{required}"
    return any(entry.path == wanted or entry.path.startswith(f"{wanted}/") for entry in source.below)


def _is_link(tree: FileTree, path: str) -> bool:
    entry = tree.get(path)
    return entry is not None and entry.kind is Kind.SYMLINK


def _match(tree: FileTree, pattern: str) -> list[str] | None:
    """The paths that `pattern` matches, in the order of a walk; None if what stands before its first wildcard is no
    directory. Symlinks are followed in that part only, and a match is not searched further."""
    from builder.context.match import matcher

    prefix = _plain_prefix(pattern)
    parts = pattern[len(prefix) :].lstrip("/").split("/")
    base = tree.resolve(prefix)
    above = tree.get(base)
    if above is None or above.kind is not Kind.DIRECTORY:
        return None
    if "[" in pattern or "\\" in pattern:  # a class may match a slash, so parts cannot be told apart
        matches = matcher("/".join(parts))
        return [_join(base, path) for path in _search(tree, base, matches)]
    found = [base]
    for part in parts:
        found = [_join(above, name) for above in found for name in _matching_names(tree, above, part)]
    return found


def _matching_names(tree: FileTree, directory: str, part: str) -> list[str]:
    from builder.context.match import matcher

    if not has_wildcard(part):
        return [part] if tree.get(_join(directory, part)) else []
    matches = matcher(part)
    return [name for name in tree.children(directory) if matches(name)]


def _search(tree: FileTree, base: str, matches: Callable[[str], bool]) -> list[str]:
    """Paths relative to `base`, in the order of a walk that goes through each directory by name."""
    found: list[str] = []
    pending = tree.children(base)[::-1]
    while pending:
        path = pending.pop()
        if matches(path):
            found.append(path)
        else:
            pending += [_join(path, name) for name in tree.children(_join(base, path))[::-1]]
    return found


def _plain_prefix(pattern: str) -> str:
    """The parts before the first one with a wildcard."""
    parts = pattern.split("/")
    first = next(at for at, part in enumerate(parts) if has_wildcard(part))
    return "/".join(parts[:first])


def _join(directory: str, name: str) -> str:
    return f"{directory}/{name}" if directory else name


def _missing(
    tree: FileTree, written: str, path: str, where: str, ignored_by: Callable[[str], Rule | None] | None
) -> ContextError:
    resolved = tree.resolve(path)
    message = f"{written!r} is not in {where}"
    if resolved != path and path:
        message = f"{written!r} leads to {resolved!r}, which is not in {where}"
    if tree.get(resolved):
        return ContextError("source-not-found", message, hint=f"{path!r} is not a directory")
    rule = ignored_by(resolved) if ignored_by else None
    if rule:
        sign = "!" if rule.exception else ""
        return ContextError(
            "source-not-found", message, hint=f"line {rule.line} of the ignore file hides it: {sign}{rule.text}"
        )
    return ContextError("source-not-found", message, hint=_similar(tree, resolved))


def _kept_out(tree: FileTree, written: str, start: str, required: str, where: str) -> ContextError | None:
    """For what is there, and is not copied with `--parents` all the same."""
    if not required:
        message = f"--parents copies what is in a directory, while {written!r} names the directory itself"
        return ContextError("source-not-found", message, hint="name what is in it, with a wildcard for all: *")
    path = clean(f"/{start}/{required}")[1:]
    resolved = tree.resolve(path)
    if tree.get(resolved) is None:
        return None
    parts = path.split("/")
    for way in ("/".join(parts[:count]) for count in range(1, len(parts))):
        if _is_link(tree, way):
            message = f"{written!r} goes through the symlink {way!r} of {where}, which --parents does not follow"
            return ContextError("source-not-found", message, hint=f"name what it leads to: {resolved!r}")
    return ContextError("source-not-found", f"--exclude leaves nothing of {written!r}")


def _similar(tree: FileTree, path: str) -> str | None:
    """A name that may have been meant, looked for where the path ends to exist."""
    import difflib

    above, _, name = path.rpartition("/")
    while above and tree.get(above) is None:
        above, _, name = above.rpartition("/")
    near = difflib.get_close_matches(name, tree.children(above), n=1)
    return f"did you mean {_join(above, near[0])!r}?" if near else None
