"""What a URL says besides where it leads: the file name BuildKit derives from it, and what of it may be shown."""

from __future__ import annotations

import unicodedata
from collections.abc import Mapping
from urllib.parse import unquote, urlsplit, urlunsplit

UNNAMED = "__unnamed__"
"""What a file is called whose URL has no last part."""
_DEFAULT_NAME = "download"


def file_name(url: str) -> str:
    """The name under which ADD puts what `url` serves: the last part of its path, decoded."""
    return safe_name(_base(urlsplit(url).path) or UNNAMED)


def served_name(url: str, headers: Mapping[str, str]) -> str:
    """The name that a server gives: Content-Disposition, else the URL's last part. `headers` are in lower case."""
    offered = _disposition(headers.get("content-disposition", ""))
    if offered and not offered.endswith("/"):
        return safe_name(offered)
    return safe_name(_base(urlsplit(url).path))


def safe_name(name: str) -> str:
    """One path part that can be created anywhere."""
    name = name.strip().rstrip("/").rpartition("/")[2]
    if name in ("", ".", "..") or any(unicodedata.category(letter) == "Cc" for letter in name):
        return _DEFAULT_NAME
    return name


def shown(url: str) -> str:
    """The URL for messages: user names, passwords and signatures (they stand in queries) are left out."""
    scheme, host, path, query, _ = urlsplit(url)
    return urlunsplit((scheme, host.rpartition("@")[2], path, "…" if query else "", ""))


def _base(path: str) -> str:
    return unquote(path, errors="surrogateescape").rstrip("/").rpartition("/")[2]


def _disposition(value: str) -> str:
    """The file name of a Content-Disposition header (RFC 6266), empty where there is none."""
    from email.errors import HeaderParseError
    from email.message import Message

    message = Message()
    message["Content-Disposition"] = value.replace("\r", " ").replace("\n", " ")
    try:
        return message.get_filename("") or ""
    except (HeaderParseError, LookupError, UnicodeError):
        return ""
