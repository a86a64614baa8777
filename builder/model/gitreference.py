"""Git repositories as sources and contexts name them: `https://host/repo.git#ref:subdir`, `git@host:path?tag=v1`.

What counts as one, and what the query may say, is BuildKit's: an http(s) URL is a repository only if its path ends in
`.git`; `ssh://`, `git://` and `user@host:path` always are.
"""

from __future__ import annotations

import posixpath
import re
from urllib.parse import parse_qsl, unquote

from builder.errors import ContextError
from builder.lean import NamedTuple

_URL = re.compile(r"([A-Za-z0-9]+)://([^/?#]*)([^?#]*)(?:\?([^#]*))?(?:#(.*))?", re.DOTALL)
_SCP_STYLE = re.compile(r"([A-Za-z0-9_-]+@[A-Za-z0-9.-]+):(.*?)(?:\?(.*?))?(?:#(.*))?")
_AUTHORITY = re.compile(r"(?:[^@\s]*@)?(?:\[[0-9A-Fa-f:.%]+\]|[^:@\s\[\]]*)(?::[0-9]*)?")
_CONTROL = re.compile(r"[\x00-\x20\x7f]")
_COMMIT = re.compile(r"[0-9a-f]{40}|[0-9a-f]{64}")
_PARTIAL_COMMIT = re.compile(r"[0-9a-fA-F]+")
_SWITCHES = {"1": True, "t": True, "true": True, "0": False, "f": False, "false": False}


class GitReference(NamedTuple):
    remote: str
    """The URL without query and fragment, as `git` takes it. It may hold a user name and a password."""
    ref: str = ""
    """Branch, tag, full ref name or commit; empty is the default branch."""
    subdir: str = ""
    checksum: str = ""
    """The commit that it must be, or the beginning of its id."""
    keep_git_dir: bool | None = None
    submodules: bool = True
    fetch_by_commit: bool = False
    """Take `checksum` as the commit, and do not ask what the ref is."""

    @property
    def name(self) -> str:
        return self.remote.rpartition("/")[2].removesuffix(".git")

    @property
    def shown(self) -> str:
        """For messages and displays: without user name and password, which may be secrets."""
        scheme, mark, rest = self.remote.rpartition("://")
        if not mark:
            return self.remote
        authority, slash, path = rest.partition("/")
        return f"{scheme}{mark}{authority.rpartition('@')[2]}{slash}{path}"


def is_commit(text: str) -> bool:
    return _COMMIT.fullmatch(text) is not None


def parse_git_reference(text: str) -> GitReference | None:
    """None for what is no git repository. Raises ContextError `bad-git-url` for one whose query makes no sense."""
    url = _URL.match(text)
    if url:
        remote = _remote_url(url)
        query, fragment = url[4], unquote(url[5] or "")
    else:
        style = _SCP_STYLE.fullmatch(text)
        remote = f"{style[1]}:{style[2]}" if style else ""
        query, fragment = (style[3], style[4] or "") if style else (None, "")
    if not remote:
        return None
    ref, _, subdir = fragment.partition(":")
    found = GitReference(remote, ref, posixpath.normpath(f"/{subdir}").lstrip("/"))
    return _checked(_with_query(found, query or ""))


def _remote_url(url: re.Match[str]) -> str:
    """The part of a URL that leads to a repository, empty where it leads to none."""
    scheme, authority, path = url[1].lower(), url[2], url[3]
    if scheme not in ("http", "https", "ssh", "git") or not _AUTHORITY.fullmatch(authority):
        return ""
    if scheme in ("http", "https") and not unquote(path).endswith(".git"):
        return ""
    return "" if _CONTROL.search(authority + path) else f"{scheme}://{authority}{path}"


def _with_query(found: GitReference, query: str) -> GitReference:
    values: dict[str, str] = {}
    for key, value in parse_qsl(query, keep_blank_values=True):
        if key in values:
            raise _bad(f'query "{key}" has multiple values')
        if not value and key not in ("submodules", "keep-git-dir", "fetch-by-commit"):
            raise _bad(f'query "{key}" has no value')
        values[key] = value
    for key, value in values.items():
        found = _with_value(found, key, value)
    tag, branch = values.get("tag", ""), values.get("branch", "")
    if tag and branch:
        raise _bad("branch conflicts with tag")
    for prefix, name in (("refs/tags/", tag), ("refs/heads/", branch)):
        if name:
            found = found._replace(ref=_agreed("ref", found.ref, prefix + name.removeprefix(prefix)))
    return found


def _with_value(found: GitReference, key: str, value: str) -> GitReference:
    match key:
        case "ref":
            found = found._replace(ref=_agreed(key, found.ref, value))
        case "subdir":
            found = found._replace(subdir=_agreed(key, found.subdir, value))
        case "checksum" | "commit":
            found = found._replace(checksum=value)
        case "keep-git-dir":
            found = found._replace(keep_git_dir=_switch(key, value))
        case "submodules":
            found = found._replace(submodules=_switch(key, value))
        case "fetch-by-commit":
            found = found._replace(fetch_by_commit=_switch(key, value))
        case "mtime":  # files have the time of the commit, whatever it says: a clock gives other bytes each time
            if value not in ("checkout", "commit"):
                raise _bad(f'invalid mtime value: "{value}" (must be "checkout" or "commit")')
        case "tag" | "branch":
            pass
        case _:
            raise _bad(f'unexpected query "{key}"')
    return found


def _agreed(what: str, old: str, new: str) -> str:
    if old and old != new:
        raise _bad(f'{what} conflicts: "{old}" vs "{new}"')
    return new


def says_yes(text: str) -> bool:
    """As a build argument says it. What is neither yes nor no is no."""
    return bool(text) and _reading(text) is True


def _switch(key: str, value: str) -> bool:
    if not value:
        return True
    on = _reading(value)
    if on is None:
        raise _bad(f'invalid {key} value: "{value}"')
    return on


def _reading(value: str) -> bool | None:
    lowered = value.lower() if value in (value.lower(), value.upper(), value.title()) else ""
    return _SWITCHES.get(lowered)


def _checked(found: GitReference) -> GitReference:
    if found.ref.startswith("-") or _CONTROL.search(found.ref):
        raise _bad(f"invalid git ref {found.ref!r}")
    if found.checksum and not _PARTIAL_COMMIT.fullmatch(found.checksum):
        raise _bad(f"invalid checksum {found.checksum} for Git URL, expected hex commit hash")
    return found


def _bad(message: str) -> ContextError:
    hint = "URL.git#ref:subdir, or a query of ref, tag, branch, subdir, checksum, keep-git-dir, submodules, mtime"
    return ContextError("bad-git-url", message, hint=hint)
