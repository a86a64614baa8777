"""Who may come in: basic authentication against an htpasswd file with bcrypt entries, as docker's registry wants it."""

from __future__ import annotations

import asyncio
import base64
import binascii
import hashlib
import hmac
import os
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor

import bcrypt

from builder.errors import UsageError
from builder.registry.server.refusal import Refusal

_CHALLENGE = {"WWW-Authenticate": 'Basic realm="pybuild registry", charset="UTF-8"'}
_NOBODY = b"$2b$10$......................JP65HUOcNHQPxqKGvAQX/e.pWdaJ2Wq"
"""Compared with for names that nobody has, so that they take as long as others."""
_MOST_KNOWN = 1000
_PASSWORD_BYTES = 72
"""What bcrypt looks at; htpasswd takes longer passwords and looks at no more either."""


class Access:
    """The file is read again when it changes. Logins that were right are known until then, by a keyed hash: bcrypt
    takes a twentieth of a second, and an image comes in dozens of requests."""

    def __init__(self, path: str) -> None:
        self._path = path
        self._version: tuple[int, int, int] | None = None
        self._entries: Mapping[bytes, bytes] = {}
        self._key = os.urandom(32)
        self._known: set[bytes] = set()
        self._thread = ThreadPoolExecutor(1, "bcrypt")  # whoever guesses passwords keeps one core busy, not all
        self._reload()

    async def user(self, header: str | None) -> str:
        """Raises Refusal 401."""
        name, password = _credentials(header)
        self._reload()
        entry = self._entries.get(name)
        proof = hmac.digest(self._key, b"%d:%b%b%b" % (len(name), name, entry or b"", password), hashlib.sha256)
        if entry is None or proof not in self._known:
            loop = asyncio.get_running_loop()
            right = await loop.run_in_executor(self._thread, _matches, password, entry or _NOBODY)
            if not right or entry is None:
                raise _unauthorized()
            if len(self._known) >= _MOST_KNOWN:
                self._known.clear()
            self._known.add(proof)
        return name.decode(errors="replace")

    def close(self) -> None:
        self._thread.shutdown(cancel_futures=True)

    def _reload(self) -> None:
        try:
            status = os.stat(self._path)
            version = (status.st_ino, status.st_mtime_ns, status.st_size)
            if version != self._version:
                with open(self._path, "rb") as file:
                    self._entries = parse_htpasswd(file.read(), self._path)
                self._known.clear()
                self._version = version
        except OSError as error:
            raise UsageError("bad-htpasswd", f"cannot read {self._path}: {error.strerror}") from None


def parse_htpasswd(data: bytes, path: str) -> dict[bytes, bytes]:
    """Raises UsageError for an entry that is not bcrypt's: the others can be broken in seconds."""
    entries: dict[bytes, bytes] = {}
    for number, line in enumerate(data.splitlines(), 1):
        text = line.strip()
        if not text or text.startswith(b"#"):
            continue
        name, colon, entry = text.partition(b":")
        if not name or not colon or not entry.startswith((b"$2a$", b"$2b$", b"$2y$")):
            hint = "make entries with `htpasswd -nbB USER PASSWORD`"
            raise UsageError("bad-htpasswd", f"{path}:{number}: not a name and a bcrypt hash", hint=hint)
        entries[name] = entry
    return entries


def _credentials(header: str | None) -> tuple[bytes, bytes]:
    scheme, _, encoded = (header or "").partition(" ")
    try:
        if scheme.lower() != "basic":
            raise _unauthorized()
        name, colon, password = base64.b64decode(encoded.strip(), validate=True).partition(b":")
    except (binascii.Error, ValueError):
        raise _unauthorized() from None
    if not colon:
        raise _unauthorized()
    return name, password[:_PASSWORD_BYTES]


def _matches(password: bytes, entry: bytes) -> bool:
    try:
        return bcrypt.checkpw(password, entry)
    except ValueError:  # an entry with a broken salt, a password with a NUL
        return False


def _unauthorized() -> Refusal:
    return Refusal(401, "UNAUTHORIZED", "a name and a password are needed", headers=_CHALLENGE)
