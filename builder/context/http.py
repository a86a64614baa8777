"""Files behind http and https URLs, kept in a folder of the store: an unchanged file is asked about, not fetched.

    FOLDER/files/SHA256        contents, read-only, never changed once there
    FOLDER/known/SHA256.json   by URL: which content it served last, with what the server said of it

A record holds nothing of the URL but its hash, and no header that was sent: URLs and headers carry secrets.
"""

from __future__ import annotations

import hashlib
import json
import os
import time
from collections.abc import Callable, Mapping
from email.utils import parsedate_to_datetime
from typing import NamedTuple

import urllib3
from urllib3.exceptions import HTTPError

from builder.context.weblink import served_name, shown
from builder.context.webrequest import Web, failure
from builder.errors import ContextError
from builder.http.connections import release
from builder.http.patience import PATIENT, RETRIED, Patience
from builder.store.failures import storing

LIMIT = 256 << 30
"""Bytes of one file. An endless answer ends here, or where the disk is full."""
_CHUNK = 1 << 20
_FORMAT = 1


class RemoteFile(NamedTuple):
    path: str
    """Where the content is; belongs to the cache, read it only."""
    digest: str
    """Its SHA-256 in hex."""
    size: int
    name: str
    """What the server or the URL calls the file; one part, safe to create."""
    mtime: int | None
    """Last-Modified in seconds; None where the server does not say."""


class _Known(NamedTuple):
    digest: str
    etag: str
    modified: str
    name: str

    def conditions(self) -> dict[str, str]:
        headers = {"If-None-Match": self.etag} if self.etag else {}
        return headers | ({"If-Modified-Since": self.modified} if self.modified else {})


class HttpCache:
    """Safe to share between threads and processes: files appear whole, under the name of their content."""

    def __init__(
        self,
        folder: str,
        secret: Callable[[str], bytes | None] = lambda _: None,
        *,
        patience: Patience = PATIENT,
        sleep: Callable[[float], None] = time.sleep,
        limit: int = LIMIT,
        keep: Callable[[str], bool] = os.path.exists,
    ) -> None:
        """`secret` is asked for HTTP_AUTH_TOKEN_host and HTTP_AUTH_HEADER_host. `keep` says whether a file is there,
        and from then on it stays (`Presence.keep`)."""
        self._folder = folder
        self._secret = secret
        self._limit = limit
        self._keep_file = keep
        self._patience = patience
        self._sleep = sleep
        self._web = Web(patience)
        with storing(folder):
            for name in ("files", "known"):
                os.makedirs(f"{folder}/{name}", 0o700, exist_ok=True)

    def fetch(self, url: str, checksum: str = "") -> RemoteFile:
        """The file that `url` serves now. With `checksum` (SHA-256 in hex) it must be that file, and no request is made
        if the URL has served it before. Raises ContextError `checksum-mismatch`, `fetch-failed`, `unreachable`,
        `bad-certificate`, `too-large`, `bad-url`."""
        known = self._load(url)
        if known and checksum == known.digest:
            return self._result(known)
        if checksum:
            known = None  # "unchanged" would not help
        failures = 0
        while True:
            failures += 1
            try:
                return self._fetch_once(url, known, checksum)
            except ContextError as error:
                if not error.retryable or failures >= self._patience.attempts:
                    raise
            self._sleep(self._patience.delay_s(failures))

    def _fetch_once(self, url: str, known: _Known | None, checksum: str) -> RemoteFile:
        response = self._web.get(url, self._credentials, known.conditions() if known else {})
        try:
            headers = {key.lower(): value for key, value in response.headers.items()}
            unchanged = response.status == 304 or (response.status == 200 and _same(known, headers))
            if unchanged and known:
                return self._result(known)
            if not 200 <= response.status < 300:
                raise _refused(url, response.status)
            digest, part = self._save(response, url)
            if checksum and digest != checksum:
                os.unlink(part)
                raise mismatch(url, checksum, digest)
            with storing(self._folder):
                if self._keep_file(self._file(digest)):
                    os.unlink(part)
                else:
                    os.rename(part, self._file(digest))
                    self._keep_file(self._file(digest))
        finally:
            release(response)
        found = _Known(digest, headers.get("etag", ""), headers.get("last-modified", ""), served_name(url, headers))
        self._keep(url, found)
        return self._result(found)

    def _save(self, response: urllib3.BaseHTTPResponse, url: str) -> tuple[str, str]:
        """Digest of the body, and the path of a file with it. A body that the server has packed is unpacked."""
        packed = response.headers.get("Content-Encoding", "").lower() == "gzip"
        state, size = hashlib.sha256(), 0
        part = f"{self._folder}/files/.{os.getpid()}.{os.urandom(8).hex()}"
        try:
            with storing(self._folder), open(part, "xb", opener=_read_only) as file:
                try:
                    for chunk in response.stream(_CHUNK, decode_content=packed):
                        size += len(chunk)
                        if size > self._limit:
                            raise _too_large(url, self._limit)
                        state.update(chunk)
                        file.write(chunk)
                except HTTPError as error:
                    raise failure(url, error) from error
        except BaseException:
            if os.path.exists(part):
                os.unlink(part)
            raise
        return state.hexdigest(), part

    def _credentials(self, host: str) -> str:
        """The Authorization header for `host` (no port), empty where no secret is meant for it. A token wins."""
        token, header = self._secret(f"HTTP_AUTH_TOKEN_{host}"), self._secret(f"HTTP_AUTH_HEADER_{host}")
        data = b"Bearer " + token if token is not None else header or b""
        text = data.decode("latin-1").strip()
        if any(not letter.isprintable() for letter in text):
            raise ContextError("bad-secret", f"the secret for {host} holds a line break", hint="give one line only")
        return text

    def _result(self, known: _Known) -> RemoteFile:
        path = self._file(known.digest)
        return RemoteFile(path, known.digest, os.stat(path).st_size, known.name, _seconds(known.modified))

    def _file(self, digest: str) -> str:
        return f"{self._folder}/files/{digest}"

    def _record(self, url: str) -> str:
        return f"{self._folder}/known/{hashlib.sha256(url.encode('utf-8', 'surrogateescape')).hexdigest()}.json"

    def _load(self, url: str) -> _Known | None:
        """What the URL served last, if its content is still here; a damaged record counts as none."""
        try:
            with open(self._record(url), "rb") as file:
                value = json.loads(file.read(1 << 16))
            known = _Known(*[str(value[name]) for name in _Known._fields])
            hexadecimal = len(known.digest) == 64 and not set(known.digest) - set("0123456789abcdef")
            usable = value["format"] == _FORMAT and hexadecimal and self._keep_file(self._file(known.digest))
        except (OSError, ValueError, KeyError, TypeError):
            return None
        return known if usable else None

    def _keep(self, url: str, known: _Known) -> None:
        path = self._record(url)
        part = f"{path}.{os.getpid()}.{os.urandom(4).hex()}"
        with storing(self._folder):
            with open(part, "xb") as file:
                file.write(json.dumps({"format": _FORMAT, **known._asdict()}).encode())
            os.rename(part, path)


def mismatch(url: str, expected: str, actual: str) -> ContextError:
    return ContextError(
        "checksum-mismatch",
        f"digest mismatch for {shown(url)}: sha256:{actual} (expected: sha256:{expected})",
        hint="the server sends another file than the one that --checksum names",
    )


def _same(known: _Known | None, headers: Mapping[str, str]) -> bool:
    """Whether a server that does not honour conditions serves what is here: then the body need not be read."""
    return known is not None and bool(known.etag) and _strong(headers.get("etag", "")) == _strong(known.etag)


def _strong(etag: str) -> str:
    return etag.removeprefix("W/")


def _seconds(modified: str) -> int | None:
    try:
        return max(0, int(parsedate_to_datetime(modified).timestamp())) if modified else None
    except (ValueError, TypeError, OverflowError):
        return None


def _read_only(path: str, flags: int) -> int:
    return os.open(path, flags | os.O_CLOEXEC, 0o444)


def _refused(url: str, status: int) -> ContextError:
    hints = {
        401: "give a token: --secret id=HTTP_AUTH_TOKEN_<host>,env=NAME",
        403: "give a token: --secret id=HTTP_AUTH_TOKEN_<host>,env=NAME",
        404: "check the URL",
    }
    return ContextError(
        "fetch-failed",
        f"{shown(url)} cannot be fetched: invalid response status {status}",
        hint=hints.get(status),
        retryable=status in RETRIED,
    )


def _too_large(url: str, limit: int) -> ContextError:
    return ContextError("too-large", f"{shown(url)} serves more than {limit} bytes")
