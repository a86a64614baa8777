"""Which sources of ADD are fetched rather than read from the build context."""

from __future__ import annotations

import re

_URL = re.compile(r"([A-Za-z0-9]+)://[^/?#]*([^?#]*)")
_SCP_STYLE = re.compile(r"[A-Za-z0-9_-]+@[A-Za-z0-9.-]+:")


def is_remote(source: str) -> bool:
    return source.startswith(("http://", "https://")) or is_git(source)


def is_git(source: str) -> bool:
    """`git://`, `ssh://`, `user@host:path`, and http(s) where the path ends in `.git`."""
    url = _URL.match(source)
    if not url:
        return _SCP_STYLE.match(source) is not None
    scheme, path = url[1].lower(), url[2]
    return scheme in ("git", "ssh") or (scheme in ("http", "https") and path.endswith(".git"))
