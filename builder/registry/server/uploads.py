"""Unfinished uploads, one file each. Any process that serves the root can go on with them.

A file is locked while a request writes to it. How far it has come is its size; the hash of that is kept in memory, and
made again from the file by a process that does not have it.
"""

from __future__ import annotations

import _thread
import fcntl
import hashlib
import os
import re
import uuid
from contextlib import suppress
from typing import TYPE_CHECKING

from builder.lean import sha256_hex
from builder.model.digest import Digest
from builder.registry.server.refusal import Refusal, digest_invalid, upload_unknown
from builder.store.failures import storing

if TYPE_CHECKING:
    from hashlib import _Hash

    from builder.store.store import Store

_NAME = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}")
_MOST_HASHES = 1000
_WRITE_BACK = 16 << 20
"""So much is started to be written to the disk at a time: there is little left to do when the upload ends."""
_PIECE = 1 << 20


class Uploads:
    """Safe to share between threads."""

    def __init__(self, folder: str) -> None:
        self._folder = folder
        self._hashes: dict[str, tuple[int, _Hash]] = {}
        self._mutex = _thread.allocate_lock()

    def begin(self, repository: str, algorithm: str = "sha256") -> str:
        """The name of a new upload, which only `repository` knows. `algorithm` is what its digest will be of."""
        name = str(uuid.uuid4())
        path = self._path(repository, name)
        with storing(path):
            os.close(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600))
        self.keep_hash(path, 0, hashlib.new(algorithm))
        return name

    def size(self, repository: str, name: str) -> int:
        """Bytes received. Raises Refusal for an upload that is not there."""
        try:
            return os.stat(self._path(repository, name)).st_size
        except FileNotFoundError:
            raise upload_unknown() from None

    def open(self, repository: str, name: str) -> UploadWriter:
        """Raises Refusal for an upload that is not there, or that another request is writing to."""
        path = self._path(repository, name)
        with storing(path):
            try:
                fd = os.open(path, os.O_RDWR | os.O_CLOEXEC)
            except FileNotFoundError:
                raise upload_unknown() from None
            try:
                fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
                if not os.path.exists(path):  # ended while we waited
                    raise upload_unknown()
            except BlockingIOError:
                os.close(fd)
                wait = {"Retry-After": "1"}
                raise Refusal(
                    429, "TOOMANYREQUESTS", "another request is writing to this upload", headers=wait
                ) from None
            except BaseException:
                os.close(fd)
                raise
        return UploadWriter(self, path, fd)

    def cancel(self, repository: str, name: str) -> None:
        with self.open(repository, name) as writer:
            writer.remove()

    def expire(self, before: float) -> int:
        """Removes those that nobody has written to since `before`; returns how many."""
        count = 0
        for name in os.listdir(self._folder):
            path = f"{self._folder}/{name}"
            with suppress(FileNotFoundError):
                if os.stat(path).st_mtime < before:
                    os.unlink(path)
                    count += 1
        return count

    def take_hash(self, path: str, size: int) -> _Hash | None:
        """Of the first `size` bytes, which are all that the file has."""
        with self._mutex:
            known, state = self._hashes.pop(path, (-1, None))
        if known == size:
            return state
        return hashlib.sha256() if size == 0 else None

    def keep_hash(self, path: str, size: int, state: _Hash) -> None:
        with self._mutex:
            while len(self._hashes) >= _MOST_HASHES:
                self._hashes.pop(next(iter(self._hashes)))
            self._hashes[path] = size, state

    def _path(self, repository: str, name: str) -> str:
        if not _NAME.fullmatch(name):
            raise upload_unknown()
        return f"{self._folder}/{sha256_hex(repository.encode())[:40]}.{name}"


class UploadWriter:
    """Appends to an upload. For one thread at a time; what was written stays after `close`, for a later request."""

    def __init__(self, uploads: Uploads, path: str, fd: int) -> None:
        self._uploads = uploads
        self._path = path
        self._fd = fd
        self.size = os.lseek(fd, 0, os.SEEK_END)
        self._hash = uploads.take_hash(path, self.size)
        self._started = self.size

    def write(self, data: bytes) -> None:
        if self._hash is not None:
            self._hash.update(data)
        view = memoryview(data)
        with storing(self._path):
            while view:
                view = view[os.write(self._fd, view) :]
            self.size += len(data)
            if self.size - self._started >= _WRITE_BACK:
                # Starts writing what is dirty and drops what is clean: of bytes just written, nothing.
                os.posix_fadvise(self._fd, self._started, self.size - self._started, os.POSIX_FADV_DONTNEED)
                self._started = self.size

    def go_back(self, size: int) -> None:
        """Afterwards the upload has its first `size` bytes only."""
        with storing(self._path):
            os.ftruncate(self._fd, size)
            os.lseek(self._fd, size, os.SEEK_SET)
        self.size, self._hash = size, None

    def finish(self, store: Store, digest: Digest) -> None:
        """Afterwards the store has the blob, and the upload is gone. Raises Refusal, and removes the upload, where it
        is not what `digest` says."""
        actual = self._digest(digest.algorithm)
        if actual != digest:
            self.remove()
            raise digest_invalid(digest, f"what was uploaded is {actual}")
        with storing(self._path):
            own = f"{store.temporary.directory()}/blob"
            os.fchmod(self._fd, 0o444)
            os.rename(self._path, own)
        store.blobs.adopt(own, digest, self.size)

    def remove(self) -> None:
        with storing(self._path), suppress(FileNotFoundError):
            os.unlink(self._path)

    def close(self) -> None:
        """Safe to repeat."""
        if self._fd < 0:
            return
        if self._hash is not None and os.fstat(self._fd).st_nlink and os.path.exists(self._path):
            self._uploads.keep_hash(self._path, self.size, self._hash)
        os.close(self._fd)
        self._fd = -1

    def _digest(self, algorithm: str) -> Digest:
        if self._hash is None or self._hash.name != algorithm:
            self._hash = hashlib.new(algorithm)
            position = 0
            while piece := os.pread(self._fd, _PIECE, position):
                self._hash.update(piece)
                position += len(piece)
        return Digest(f"{algorithm}:{self._hash.hexdigest()}")

    def __enter__(self) -> UploadWriter:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()
