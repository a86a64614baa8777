"""A folder on disk as the tree that a build sees: what its ignore file leaves, owned by root, symlinks kept inside.

Every directory is read at most once, with one `stat` for each name that counts, and only when something in it is asked
for. Content is hashed when `walk` or `get` reaches a file that the stat index does not know.
"""

from __future__ import annotations

import errno
import os
import stat
from _thread import RLock
from collections.abc import Callable, Iterator
from operator import attrgetter

from builder.context.hashing import EMPTY, Content, Wanted, look_at, read_contents, read_xattrs, unreadable
from builder.context.ignore import NOT_EXCLUDED, IgnoreRules, Rule, Verdict
from builder.context.statindex import Known, Stat, StatIndex, Xattrs
from builder.errors import ContextError
from builder.layers.links import resolve
from builder.layers.paths import Cursor
from builder.lean import TYPE_CHECKING, NamedTuple, sha256_hex
from builder.model.entry import Entry, Kind

if TYPE_CHECKING:
    from builder.context.filetree import Files, Identity
    from builder.context.narrowing import Choice

_OPEN = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC
_FORMAT = 0o170000
_FILE, _DIRECTORY = Kind.FILE, Kind.DIRECTORY  # looking a member up in an Enum is dear, 20,000 times
_NO_DEVICE = (0, 0)
_NO_XATTRS: Xattrs = ()
_stat_of: Callable[[os.stat_result], Stat] = attrgetter("st_size", "st_mtime_ns", "st_ctime_ns", "st_ino", "st_mode")


class _Read(NamedTuple):
    """One directory as `stat` tells it."""

    files: dict[str, Stat]
    others: dict[str, os.stat_result]
    """What is no regular file."""
    links: dict[str, Identity]
    """By name: files that have several paths."""
    verdicts: dict[str, Verdict]
    """By name: directories for which the ignore file says something else than for this one."""
    hidden: set[str]
    """Ignored directories that may hold exceptions: they exist if something below them does."""
    xattrs: Xattrs
    """Of the directory itself."""


class _Scanned(NamedTuple):
    """One directory whose entries are known. Its files without digest are not hashed yet."""

    entries: dict[str, Entry]
    read: _Read


class FolderContext:
    """`rules` None means that nothing is ignored. Safe for several threads. Whoever makes one closes it."""

    def __init__(self, root: str, rules: IgnoreRules | None, index: StatIndex) -> None:
        self._rules = rules if rules and rules.rules else None
        self._index = index
        self._lock = RLock()
        self._reads: dict[str, _Read] = {}
        self._scans: dict[str, _Scanned] = {}
        self._states: dict[str, str] = {}
        self._met: dict[str, Entry] = {}
        """Files whose content was asked for without a scan of their directory."""
        self._unread: dict[str, Content] = {}
        """What `large_unread` gave without a digest."""
        try:
            self._root_fd = os.open(root, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
        except OSError as error:
            hint = "name the folder that COPY reads"
            raise ContextError("no-context", f"cannot use {root!r} as context: {error.strerror}", hint=hint) from error
        self._cursor = Cursor(self._root_fd)

    def close(self) -> None:
        """Gives back the open directories. Safe to repeat; nothing else may be called afterwards."""
        with self._lock:
            if self._root_fd >= 0:
                self._cursor.close()
                os.close(self._root_fd)
                self._root_fd = -1

    def get(self, path: str, unread: int | None = None) -> Entry | None:
        """`unread`: files of so many bytes or more are not read; they have no digest if it is not known."""
        with self._lock:
            entry = self._look(path)
            if entry is None:
                return None
            if entry.kind is _FILE and not entry.digest:
                return self._with_digests([entry], unread)[0]
            return self._with_xattrs(entry) if entry.kind is _DIRECTORY else entry

    def children(self, path: str) -> list[str]:
        with self._lock:
            scanned = self._scan_if_visible(path)
            if scanned is None:
                return []
            prefix = f"{path}/" if path else ""
            hidden = scanned.read.hidden
            names = [name for name in scanned.entries if name not in hidden or self._shows(prefix + name)]
            return sorted(names, key=os.fsencode)

    def resolve(self, path: str) -> str:
        with self._lock:
            return resolve(path, self._look)

    def walk(self, path: str, choice: Choice | None = None, unread: int | None = None) -> Iterator[Entry]:
        """`unread` as in `get`."""
        with self._lock:
            found, identities = self._collect(path, choice)
            paths = list(found)
            paths.sort(key=None if "".join(paths).isascii() else os.fsencode)
            entries = [found[name] for name in paths]
            entries = self._with_digests(choice.choose(entries) if choice else entries, unread)
        if not identities:
            return iter(entries)
        from builder.context.filetree import join_links

        return join_links((entry, identities.get(entry.path)) for entry in entries)

    def state(self, path: str) -> str | None:
        with self._lock:
            if path in self._states:
                return self._states[path]
            verdict = self._rules.verdict(path) if self._rules and path else NOT_EXCLUDED
            state = self._state(path, verdict) if verdict else None
            if state is not None:
                self._states[path] = state
            return state

    def large_unread(self) -> Files:
        from builder.context.unread import LargeUnread

        return LargeUnread(self)

    def learn(self, path: str, digest: str) -> None:
        with self._lock:
            content = self._unread.pop(path, None)
            if content is not None:
                self._enter(path, content._replace(row=(*content.row[:5], bytes.fromhex(digest))))

    def open(self, path: str) -> int:
        """A new file descriptor on the file at `path`, which is an entry of this tree; the caller closes it. A socket
        reads as an empty file, as its entry says."""
        directory, _, name = path.rpartition("/")
        with self._lock:
            try:
                return os.open(name, _OPEN, dir_fd=self._cursor.directory(directory))
            except OSError as error:
                if error.errno == errno.ENXIO:  # a socket
                    return os.open(os.devnull, os.O_RDONLY | os.O_CLOEXEC)
                raise unreadable(path, error) from error

    def digest(self, path: str) -> str:
        """SHA-256 of the content of the file at `path`, in hex. Raises ContextError if there is no file."""
        entry = self.get(path)
        if entry is None or entry.kind is not Kind.FILE:
            raise ContextError("source-not-found", f"no file {path!r} in the build context")
        return entry.digest

    def ignored_by(self, path: str) -> Rule | None:
        """The line of the ignore file that hides `path`, None if none does."""
        return self._rules.deciding_rule(path) if self._rules else None

    def _look(self, path: str) -> Entry | None:
        """The entry at `path`, perhaps without digest; reads its directory only if that was needed before."""
        if not path:
            return _other_entry("", "", os.fstat(self._root_fd), self._root_fd)
        directory, _, name = path.rpartition("/")
        scanned = self._scans.get(directory)
        if scanned is not None:
            entry = scanned.entries.get(name)
            return None if name in scanned.read.hidden and not self._shows(path) else entry
        verdict = self._rules.verdict(path) if self._rules else NOT_EXCLUDED
        if verdict is None:
            return None
        try:
            fd = self._cursor.directory(directory)
            info = os.stat(name, dir_fd=fd, follow_symlinks=False)
            if verdict.excluded and not stat.S_ISDIR(info.st_mode):
                return None
            if stat.S_ISREG(info.st_mode):
                entry = self._met.get(path) or _file_entry(path, name, _stat_of(info), self._index.known(directory))
            else:
                entry = _other_entry(path, name, info, fd)
        except (FileNotFoundError, NotADirectoryError):
            return None
        except OSError as error:
            raise unreadable(path, error) from error
        return None if verdict.excluded and not self._shows(path) else entry

    def _with_xattrs(self, directory: Entry) -> Entry:
        try:
            return directory._replace(xattrs=read_xattrs(self._cursor.directory(directory.path)))
        except OSError as error:
            raise unreadable(directory.path, error) from error

    def _shows(self, path: str) -> bool:
        """Whether an ignored directory holds something that is not ignored."""
        return bool(self._collect(path)[0])

    def _scan_if_visible(self, path: str) -> _Scanned | None:
        if path in self._scans:
            return self._scans[path]
        entry = self._look(path)
        if entry is None or entry.kind is not Kind.DIRECTORY:
            return None
        verdict = self._rules.verdict(path) if self._rules and path else NOT_EXCLUDED
        return None if verdict is None else self._scan(path, verdict)

    def _collect(self, top: str, choice: Choice | None = None) -> tuple[dict[str, Entry], dict[str, Identity]]:
        """All entries below `top` by their path, and what tells hard links, reading every directory not read yet; of
        directories that `choice` does not enter only themselves."""
        found: dict[str, Entry] = {}
        identities: dict[str, Identity] = {}
        hidden: list[str] = []
        verdict = self._rules.verdict(top) if self._rules and top else NOT_EXCLUDED
        pending: list[tuple[str, Verdict]] = [(top, verdict)] if verdict else []
        while pending:
            directory, verdict = pending.pop()
            scanned = self._scans.get(directory) or self._scan(directory, verdict)
            read = scanned.read
            prefix = f"{directory}/" if directory else ""
            for name, entry in scanned.entries.items():
                path = entry.path
                found[path] = entry
                if entry.kind is _DIRECTORY and (choice is None or choice.enters(path)):
                    pending.append((path, read.verdicts.get(name, verdict)))
            if read.links:
                identities.update((prefix + name, identity) for name, identity in read.links.items())
            hidden += [prefix + name for name in read.hidden]
            if read.xattrs and directory != top:
                found[directory] = found[directory]._replace(xattrs=read.xattrs)
        if hidden:
            _drop_without_content(found, hidden)
        return found, identities

    def _state(self, top: str, verdict: Verdict) -> str | None:
        pieces = [str(self._rules.rules if self._rules else ()).encode()]
        pending = [(top, verdict)]
        while pending:
            directory, verdict = pending.pop()
            read = self._read(directory, verdict)
            known = self._index.exactly(directory, read.files)
            if known is None:
                return None
            links = sorted(read.links.items())
            pieces += (os.fsencode(directory), *known, repr((read.xattrs, links)).encode())
            for name, info in sorted(read.others.items()):
                target = ""
                if stat.S_ISDIR(info.st_mode):
                    pending.append((f"{directory}/{name}" if directory else name, read.verdicts.get(name, verdict)))
                elif stat.S_ISLNK(info.st_mode):
                    target = self._link(directory, name)
                else:
                    return None
                pieces += (os.fsencode(name), b"%o" % info.st_mode, os.fsencode(target))
        return sha256_hex(b"".join([b"%d:%b" % (len(piece), piece) for piece in pieces]))

    def _link(self, directory: str, name: str) -> str:
        try:
            return os.readlink(name, dir_fd=self._cursor.directory(directory))
        except OSError as error:
            raise unreadable(f"{directory}/{name}", error) from error

    def _read(self, directory: str, verdict: Verdict) -> _Read:
        """Reads one directory, once."""
        read = self._reads.get(directory)
        if read is not None:
            return read
        prefix = f"{directory}/" if directory else ""
        rules = self._rules
        try:
            fd = self._cursor.directory(directory)
            read = _Read({}, {}, {}, {}, set(), read_xattrs(fd))
            files = read.files
            with os.scandir(fd) as names:
                for item in names:
                    name = item.name
                    if rules and not _counts(rules, item, prefix + name, verdict, read):
                        continue
                    info = item.stat(follow_symlinks=False)
                    if info.st_mode & _FORMAT != stat.S_IFREG:
                        read.others[name] = info
                        continue
                    files[name] = _stat_of(info)
                    if info.st_nlink > 1:
                        read.links[name] = (info.st_dev, info.st_ino)
        except OSError as error:
            raise unreadable(directory or ".", error) from error
        self._reads[directory] = read
        return read

    def _scan(self, directory: str, verdict: Verdict) -> _Scanned:
        """The entries of one directory. A scan remembers what exists, also for the stat index."""
        prefix = f"{directory}/" if directory else ""
        known = self._index.known(directory)
        read = self._read(directory, verdict)
        entries = {name: _file_entry(prefix + name, name, stat_, known) for name, stat_ in read.files.items()}
        try:
            fd = self._cursor.directory(directory) if read.others else -1
            for name, info in read.others.items():
                entries[name] = _other_entry(prefix + name, name, info, fd)
        except OSError as error:
            raise unreadable(directory or ".", error) from error
        scanned = self._scans[directory] = _Scanned(entries, read)
        self._index.saw(directory, entries)
        return scanned

    def _with_digests(self, entries: list[Entry], unread: int | None) -> list[Entry]:
        """The same entries, files with their digest, but for those of `unread` bytes or more."""
        missing = [at for at, entry in enumerate(entries) if not entry.digest and entry.kind is _FILE]
        if not missing:
            return entries
        large = [at for at in missing if unread is not None and entries[at].size >= unread]
        small = [at for at in missing if unread is None or entries[at].size < unread]
        for places, read in ((large, look_at), (small, read_contents)):
            wanted = [Wanted(*_split(entries[at].path), entries[at].size) for at in places]
            for at, content in zip(places, read(self._root_fd, wanted), strict=True):
                entries[at] = self._enter(entries[at].path, content)
        return entries

    def _enter(self, path: str, content: Content) -> Entry:
        """From now on this is what the file at `path` holds."""
        directory, name = _split(path)
        size, mtime, _, _, mode, digest = content.row
        if not digest:
            self._unread[path] = content
        elif content.settled:
            self._index.keep(directory, name, content.row, content.xattrs)
        entry = Entry(
            path, _FILE, mode & 0o7777, 0, 0, size, mtime // 1_000_000_000, "", _NO_DEVICE, content.xattrs, digest.hex()
        )
        if directory in self._scans:
            self._scans[directory].entries[name] = entry
        else:
            self._met[path] = entry
        return entry


def _counts(rules: IgnoreRules, item: os.DirEntry[str], path: str, verdict: Verdict, read: _Read) -> bool:
    """Whether a name has to be looked at, given the verdict on its directory; notes that on a directory."""
    own = rules.judge(path, item.name, verdict)
    if own is verdict and not own.excluded:
        return True
    is_directory = item.is_dir(follow_symlinks=False)
    if own.excluded:
        if not is_directory or rules.prunes(path):
            return False
        read.hidden.add(item.name)
    if is_directory:
        read.verdicts[item.name] = own
    return True


def _drop_without_content(found: dict[str, Entry], hidden: list[str]) -> None:
    """Removes those of the `hidden` directories that have nothing below them, deepest first."""
    inhabited = {path.rpartition("/")[0] for path in found if path not in hidden}
    for path in sorted(hidden, key=len, reverse=True):
        if path in inhabited:
            inhabited.add(path.rpartition("/")[0])
        else:
            del found[path]


def _file_entry(path: str, name: str, found: Stat, known: Known) -> Entry:
    """A regular file, with its digest if that is known."""
    size, mtime, _, _, mode = found
    digest, xattrs = "", _NO_XATTRS
    row = known.rows.get(name)
    if row and row[:5] == found:
        digest = row[5].hex()
        xattrs = known.xattrs.get(name, _NO_XATTRS)
    return Entry(path, _FILE, mode & 0o7777, 0, 0, size, mtime // 1_000_000_000, "", _NO_DEVICE, xattrs, digest)


def _other_entry(path: str, name: str, info: os.stat_result, directory_fd: int) -> Entry:
    mode, mtime = info.st_mode & 0o7777, info.st_mtime_ns // 1_000_000_000
    match info.st_mode & _FORMAT:
        case stat.S_IFDIR:
            return Entry(path, Kind.DIRECTORY, mode, mtime=mtime)
        case stat.S_IFLNK:
            return Entry(path, Kind.SYMLINK, mode, mtime=mtime, link=os.readlink(name, dir_fd=directory_fd))
        case stat.S_IFIFO:
            return Entry(path, Kind.FIFO, mode, mtime=mtime)
        case stat.S_IFSOCK:
            return Entry(path, Kind.FILE, mode, mtime=mtime, digest=EMPTY)
    kind = Kind.CHAR_DEVICE if stat.S_ISCHR(info.st_mode) else Kind.BLOCK_DEVICE
    return Entry(path, kind, mode, mtime=mtime, device=(os.major(info.st_rdev), os.minor(info.st_rdev)))


def _split(path: str) -> tuple[str, str]:
    directory, _, name = path.rpartition("/")
    return directory, name
