"""A file behind an http or https URL, for a context or a Buildfile: fetched once, into a file without a name."""

from __future__ import annotations

import os
import re
from email.utils import parsedate_to_datetime
from typing import NamedTuple

from builder.errors import ContextError

_CHUNK = 1 << 20


class Download(NamedTuple):
    fd: int
    """Belongs to the caller."""
    size: int
    mtime: int
    """Last-Modified in seconds; 0 where the server does not say."""


def is_url(text: str) -> bool:
    return text.startswith(("http://", "https://"))


def shown(url: str) -> str:
    """Without a password."""
    return re.sub(r"://[^/@]*@", "://", url)


def download(url: str, spool: str | None) -> Download:
    """What the URL serves now, redirections followed. Raises ContextError `fetch-failed` or `unreachable`."""
    from tempfile import TemporaryFile

    import urllib3

    name = shown(url).partition("?")[0]
    retries = urllib3.Retry(3, redirect=10, backoff_factor=0.2, status_forcelist=(429, 502, 503, 504))
    try:
        with urllib3.PoolManager(retries=retries, timeout=urllib3.Timeout(connect=30, read=300)) as web:
            response = web.request("GET", url, preload_content=False)
            if response.status != 200:
                hint = "check the URL" if response.status == 404 else None
                raise ContextError("fetch-failed", f"{name} cannot be fetched: status {response.status}", hint=hint)
            with TemporaryFile(dir=spool) as file:
                for data in response.stream(_CHUNK, decode_content=False):
                    file.write(data)
                file.flush()
                modified = response.headers.get("last-modified", "")
                return Download(os.dup(file.fileno()), file.tell(), _seconds(modified))
    except urllib3.exceptions.HTTPError as error:
        why = str(getattr(error, "reason", None) or type(error).__name__).rpartition(": ")[2]
        raise ContextError("unreachable", f"{name} cannot be fetched: {why}", retryable=True) from error


def _seconds(modified: str) -> int:
    try:
        return max(0, int(parsedate_to_datetime(modified).timestamp())) if modified else 0
    except (ValueError, TypeError, OverflowError):
        return 0
