"""A build whose context is no folder: the context, and the Buildfile in it or beside it."""

from __future__ import annotations

import os
import sys

from builder.context.buildfile import MAX_BYTES, NAMES, BuildfileText, read_buildfile, refuse_terminal
from builder.context.filetree import Context
from builder.context.http import HttpCache, RemoteFile
from builder.context.listed import archive_context, empty_context, one_file_context
from builder.context.opened import Places
from builder.context.origin import STDIN, Origin, OriginKind, git_reference, is_url, main_origin
from builder.errors import ContextError, UsageError
from builder.layers.archive import is_archive
from builder.layers.compress import MAGIC_SIZE, sniff
from builder.model.entry import Entry, Kind
from builder.model.gitreference import says_yes

_CHUNK = 1 << 20
_ONE_FILE = "context"


def take_input(given: str, file: str | None, places: Places) -> tuple[BuildfileText, Context]:
    """What the words CONTEXT and `--file` mean, CONTEXT being no folder. Whoever calls it closes the context."""
    origin = main_origin(given)
    spool = places.spool
    if origin.kind is OriginKind.STDIN:
        return _from_stdin(file, spool)
    if origin.kind is OriginKind.URL:
        return _from_url(origin, file, places)
    is_git = origin.kind is OriginKind.GIT
    context = (
        git_context(origin.place, places, says_yes(places.keep_git_dir)) if is_git else _archive(origin.place, spool)
    )
    try:
        return _buildfile(context, origin, file, places), context
    except BaseException:
        context.close()
        raise


def git_context(url: str, places: Places, keep_git_dir: bool = False) -> Context:
    """What a git URL names, without an ignore file: BuildKit reads none there."""
    from builder.context.folder import FolderContext
    from builder.context.git import GitCache
    from builder.context.statindex import StatIndex

    wanted = git_reference(url)
    if wanted is None:
        raise ContextError("bad-git-url", "this is no git URL")
    if keep_git_dir:
        wanted = wanted._replace(keep_git_dir=True)
    cache = GitCache(f"{places.cache}/git", places.secret, ssh_agent=_agent(places))
    root = cache.checkout(wanted, cache.resolve(wanted), places.new_folder())
    return FolderContext(root, None, StatIndex(""))


def _agent(places: Places) -> str:
    """As git itself finds it, where the command line names none."""
    return places.agent("default") or os.environ.get("SSH_AUTH_SOCK", "")


def _from_url(origin: Origin, file: str | None, places: Places) -> tuple[BuildfileText, Context]:
    """A tar is the context; anything else is a Buildfile, and the only file of the context. Its name is BuildKit's."""
    found = HttpCache(f"{places.cache}/http", places.secret, keep=places.keep).fetch(origin.place)
    fd = os.open(found.path, os.O_RDONLY | os.O_CLOEXEC)
    is_tar = bool(sniff(os.pread(fd, MAGIC_SIZE, 0))) or is_archive(fd)
    context = archive_context(fd, origin.identity, places.spool) if is_tar else _one_file(fd, found, places)
    try:
        if file and not is_tar and not (file == STDIN or os.path.isabs(file) or is_url(file)):
            hint = "leave out -f, or give a tar archive behind the URL"
            raise UsageError("buildfile-twice", f"the URL is a Buildfile, and -f {file} names another", hint=hint)
        return _buildfile(context, origin, file if is_tar or file else _ONE_FILE, places), context
    except BaseException:
        context.close()
        raise


def file_context(url: str, places: Places) -> Context:
    """A named context: the file as it is, an archive too."""
    found = HttpCache(f"{places.cache}/http", places.secret, keep=places.keep).fetch(url)
    return _one_file(os.open(found.path, os.O_RDONLY | os.O_CLOEXEC), found, places)


def _one_file(fd: int, found: RemoteFile, places: Places) -> Context:
    entry = Entry(_ONE_FILE, Kind.FILE, 0o600, size=found.size, mtime=found.mtime or 0)
    return one_file_context(fd, entry, places.spool)


def _from_stdin(file: str | None, spool: str) -> tuple[BuildfileText, Context]:
    """A tar is the context; anything else is a Buildfile without context. BuildKit's client decides so, too."""
    if file == STDIN:
        hint = "write the Buildfile to a file, or name the context's folder"
        raise UsageError("stdin-twice", "standard input cannot be both context and Buildfile", hint=hint)
    refuse_terminal("a tar archive or a Buildfile", "tar -c . | pybuild -")
    fd = _spooled(spool)
    head = os.pread(fd, MAGIC_SIZE, 0)
    if not head:
        os.close(fd)
        raise ContextError("empty-stdin", "standard input is empty", hint="give a tar archive or a Buildfile on it")
    if sniff(head) or is_archive(fd):
        context = archive_context(fd, "the archive on standard input", spool)
        try:
            return find_buildfile(context, Origin(OriginKind.STDIN, STDIN), file), context
        except BaseException:
            context.close()
            raise
    with open(fd, "rb") as buildfile:
        buildfile.seek(0)
        data = buildfile.read(MAX_BYTES)
    if file:
        hint = "give a tar archive on it to build the Buildfile that -f names in it, or leave out -f"
        raise UsageError("stdin-twice", f"standard input is a Buildfile, and -f {file} names another", hint=hint)
    return BuildfileText(STDIN, os.path.abspath(STDIN), data), empty_context()


def _spooled(spool: str) -> int:
    """Standard input, read to its end, as a file without a name."""
    from tempfile import TemporaryFile

    try:
        with TemporaryFile(dir=spool) as file:
            while data := os.read(sys.stdin.fileno(), _CHUNK):
                file.write(data)
            file.flush()
            return os.dup(file.fileno())
    except OSError as error:
        raise ContextError("cannot-spool", f"standard input cannot be kept in {spool}: {error.strerror}") from error


def _archive(path: str, spool: str) -> Context:
    try:
        fd = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    except OSError as error:
        raise ContextError("no-context", f"cannot read the context {path}: {error.strerror}") from error
    if not sniff(os.pread(fd, MAGIC_SIZE, 0)) and not is_archive(fd):
        os.close(fd)
        hint = f"build it with -f {path} and a folder as context"
        raise ContextError("no-context", f"the context {path} is neither a folder nor a tar archive", hint=hint)
    return archive_context(fd, path, spool)


def _buildfile(context: Context, origin: Origin, file: str | None, places: Places) -> BuildfileText:
    """`-`, URLs and absolute paths are no part of the context, other paths lie in it."""
    if file and (file == STDIN or os.path.isabs(file) or is_url(file)):
        return read_buildfile("", file, places)
    return find_buildfile(context, origin, file)


def find_buildfile(context: Context, origin: Origin, file: str | None) -> BuildfileText:
    """The Buildfile in the context. Raises ContextError `no-buildfile` with the names that were tried."""
    names = [file] if file else list(NAMES)
    if file and os.path.basename(file) == "Dockerfile":
        names.append(os.path.join(os.path.dirname(file), "dockerfile"))
    for name in names:
        path = context.resolve(name)
        entry = context.get(path)
        if entry is not None and entry.kind is Kind.FILE:
            with open(context.open(path), "rb") as found:
                return BuildfileText(name, f"{origin.identity}/{name}", found.read(MAX_BYTES))
    place = "on standard input" if origin.kind is OriginKind.STDIN else origin.identity
    hint = "name the file with -f FILE; its path is the one in the context"
    raise ContextError("no-buildfile", f"no {', '.join(names[:3])} in the context {place}", hint=hint)
