"""Sources of ADD that are fetched rather than read from the build context."""

from __future__ import annotations

import re
from collections.abc import Sequence

from builder.errors import BuildfileError, ContextError
from builder.model.gitreference import GitReference, parse_git_reference
from builder.plan.types import RemoteSource
from builder.syntax.instructions import Copy

_SHA256 = re.compile(r"sha256:([0-9a-f]{64})")


def read_sources(item: Copy, words: Sequence[str], checksum: str) -> tuple[tuple[str, ...], tuple[RemoteSource, ...]]:
    """The words that name files of the context, and what has to be fetched. Raises BuildfileError."""
    paths: list[str] = []
    remotes: list[RemoteSource] = []
    keep = item.keep_git_dir
    for word in words:
        git = _git_reference(word, item)
        if git is None and not word.startswith(("http://", "https://")):
            paths.append(word)
        elif not item.is_add:
            kind = "a URL" if git is None else "a git ref"
            raise _wrong(item, "copy-remote", f"source can't be {kind} for COPY: {word}", "use ADD")
        elif git is None:
            remotes.append(RemoteSource(len(paths), word, _sha256(item, checksum)))
        else:
            keep = _agreed_keep(item, keep, git.keep_git_dir)
            remotes.append(_git_source(item, git, checksum, bool(keep))._replace(at=len(paths)))
    if checksum and len(words) != 1:
        raise _wrong(item, "bad-checksum", "checksum can't be specified for multiple sources", "one ADD for each")
    if checksum and not remotes:
        raise _wrong(item, "bad-checksum", "checksum requires HTTP(S) or Git sources", "leave --checksum out")
    return tuple(paths), tuple(remotes)


def _git_reference(word: str, item: Copy) -> GitReference | None:
    try:
        return parse_git_reference(word)
    except ContextError as error:
        raise _wrong(item, error.code, error.message, error.hint or "") from error


def _git_source(item: Copy, git: GitReference, checksum: str, keep: bool) -> RemoteSource:
    if checksum and git.checksum and checksum != git.checksum:
        message = f'checksum mismatch "{checksum}" != "{git.checksum}"'
        raise _wrong(item, "bad-checksum", message, "give it once, as --checksum or in the URL")
    if checksum and not re.fullmatch(r"[0-9a-fA-F]+", checksum):
        message = f"invalid checksum {checksum} for Git URL, expected hex commit hash"
        raise _wrong(item, "bad-checksum", message, "of git, --checksum takes a commit id")
    return RemoteSource(
        at=0,
        url=git.remote,
        checksum=checksum or git.checksum,
        is_git=True,
        ref=git.ref,
        subdir=git.subdir,
        keep_git_dir=keep,
        submodules=git.submodules,
        fetch_by_commit=git.fetch_by_commit,
    )


def _agreed_keep(item: Copy, said: bool | None, in_url: bool | None) -> bool | None:
    """The flag and the URL must agree; what one URL says holds for those after it, as in BuildKit."""
    if said is not None and in_url is not None and said != in_url:
        hint = "say it once, as --keep-git-dir or in the URL"
        raise _wrong(item, "bad-git-url", "inconsistent keep-git-dir configuration", hint)
    return said if in_url is None else in_url


def _sha256(item: Copy, checksum: str) -> str:
    """The hex digits of `sha256:HEX`."""
    match = _SHA256.fullmatch(checksum)
    if match:
        return match[1]
    if not checksum:
        return ""
    algorithm, colon, _ = checksum.partition(":")
    if not colon:
        reason = "invalid checksum digest format"
    elif algorithm != "sha256":
        reason = "unsupported digest algorithm"
    else:
        reason = "invalid checksum digest length"
    raise _wrong(item, "bad-checksum", f"{reason}: {checksum}", "write --checksum=sha256:HEX with 64 digits")


def _wrong(item: Copy, code: str, message: str, hint: str) -> BuildfileError:
    return BuildfileError(code, message, hint=hint, span=item.span)
