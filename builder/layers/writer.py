"""A layer's tar stream to its blob: compressed, and both digests taken, on as many processors as there are."""

from __future__ import annotations

import _thread
import hashlib
import os
import threading
from _queue import SimpleQueue
from collections.abc import Callable
from typing import NamedTuple, Protocol

from builder.layers.compress import CompressBlock, Compression, block_compressor
from builder.layers.streams import Writable
from builder.model.digest import Digest

_BYTES_UNDER_WAY = 16 << 20
"""Of input, between `write` and the sink: what the pipeline may hold in memory."""
_MOST_COMPRESSORS = 8


class WrittenLayer(NamedTuple):
    diff_id: Digest
    digest: Digest
    size: int
    uncompressed_size: int


class LayerWriter:
    """Takes a tar stream by `write`; what `blob` has received when `close` returns is the whole layer.

    Threads start with the second block, so small layers (most RUN steps) never wait for one. An error of the blob
    or of a thread comes out of `write` or `close`. Leave by `close` or `abort` (leaving a `with` block does, by
    `abort` unless it was closed): afterwards no thread is left. Not for use by two threads at once.
    """

    def __init__(self, blob: Writable, compression: Compression, level: int | None = None) -> None:
        self._diff = hashlib.sha256()
        self._blob = _HashedBlob(blob, None if compression is Compression.NONE else hashlib.sha256())
        self._compress = block_compressor(compression, level)
        self._block_size = compression.block_size
        self._head = bytearray()
        """The first block, until there is more than that."""
        self._total = 0
        self._stages: _Threaded | None = None
        self._done = False

    def __enter__(self) -> LayerWriter:
        return self

    def __exit__(self, *_: object) -> None:
        self.abort()

    def write(self, data: bytes | bytearray | memoryview, /) -> int:
        size = len(data)
        self._total += size
        if self._stages is None:
            if self._total <= self._block_size:
                self._head += data
                return size
            self._stages = _Threaded(self._diff, self._compress, self._blob, self._block_size)
            self._stages.write(self._head)
            self._head.clear()
        self._stages.write(data)
        return size

    def close(self, tail: bytes = b"") -> WrittenLayer:
        """`tail` stands behind the archive in the blob, and is no part of the archive (`layers/tail.py`)."""
        if self._stages is None:
            self._diff.update(self._head)
            self._blob.write(self._compress(self._head))
        else:
            self._stages.finish()
        if tail:
            self._blob.write(tail)
        self._done = True
        diff_id = Digest.from_hex(self._diff.hexdigest())
        return WrittenLayer(diff_id, self._blob.digest() or diff_id, self._blob.size, self._total)

    def abort(self) -> None:
        """Stops the threads; nothing more is written to the blob. Harmless after `close`, and twice."""
        if self._stages and not self._done:
            self._stages.abort()
        self._done = True


class _Hash(Protocol):
    def update(self, data: bytes | bytearray, /) -> None: ...
    def hexdigest(self) -> str: ...


class _HashedBlob:
    """`content_hash` is None for an uncompressed layer: its digest is the diff id, and need not be computed twice."""

    def __init__(self, blob: Writable, content_hash: _Hash | None) -> None:
        self._blob = blob
        self._hash = content_hash
        self.size = 0

    def write(self, data: bytes | bytearray) -> None:
        self._blob.write(data)
        if self._hash:
            self._hash.update(data)
        self.size += len(data)

    def digest(self) -> Digest | None:
        return Digest.from_hex(self._hash.hexdigest()) if self._hash else None


class _Job:
    """A block on its way. Each lock is released when one stage has left it."""

    def __init__(self, buffer: bytearray, size: int) -> None:
        self.buffer = buffer
        self.block = buffer if size == len(buffer) else buffer[:size]
        self.compressed: bytes | bytearray = b""
        self.hashed = _locked()
        self.ready = _locked()


def _locked() -> _thread.LockType:
    lock = _thread.allocate_lock()
    lock.acquire()
    return lock


class _Threaded:
    """One thread hashes blocks in order, several compress them in any order, one writes them in order.

    The buffers of blocks go round: fresh memory for each would cost as much as reading the file again.
    After a failure all stages go on taking jobs without doing them, so nobody waits for ever; the failure is raised
    in the writer's own thread.
    """

    def __init__(self, diff: _Hash, compress: CompressBlock, blob: _HashedBlob, block_size: int) -> None:
        self._diff = diff
        self._compress = compress
        self._blob = blob
        self._block_size = block_size
        self._failure: Exception | None = None
        self._stopped = False
        self._free: SimpleQueue[bytearray] = SimpleQueue()
        self._unmade = max(_BYTES_UNDER_WAY // block_size, 4)
        self._buffer = self._fresh()
        self._filled = 0
        self._threads: list[threading.Thread] = []
        compressors = min(len(os.sched_getaffinity(0)), _MOST_COMPRESSORS)
        to_compress = self._start(self._compress_job, compressors)
        self._queues = [to_compress, self._start(self._hash_job, 1), self._start(self._write_job, 1)]
        self._ends = [compressors, 1, 1]

    def write(self, data: bytes | bytearray | memoryview) -> None:
        at, size = 0, len(data)
        with memoryview(data) as view:
            while at < size:
                if self._filled == self._block_size:  # only now: the last block is not to be an empty one
                    self._send()
                    self._buffer, self._filled = self._fresh(), 0
                step = min(self._block_size - self._filled, size - at)
                self._buffer[self._filled : self._filled + step] = view[at : at + step]
                self._filled += step
                at += step

    def finish(self) -> None:
        self._send()
        self._join()
        if self._failure:
            raise self._failure

    def abort(self) -> None:
        self._stopped = True
        self._join()

    def _send(self) -> None:
        if self._failure:
            raise self._failure
        job = _Job(self._buffer, self._filled)
        for queue in self._queues:
            queue.put(job)

    def _fresh(self) -> bytearray:
        """Waits where so much is under way already."""
        if self._unmade and self._free.empty():
            self._unmade -= 1
            return bytearray(self._block_size)
        return self._free.get()

    def _join(self) -> None:
        for queue, ends in zip(self._queues, self._ends, strict=True):
            for _ in range(ends):
                queue.put(None)
        for thread in self._threads:
            thread.join()
        self._ends = [0, 0, 0]

    def _start(self, work: Callable[[_Job], None], count: int) -> SimpleQueue[_Job | None]:
        queue: SimpleQueue[_Job | None] = SimpleQueue()

        def run() -> None:
            while job := queue.get():
                work(job)

        for _ in range(count):
            thread = threading.Thread(target=run, name=f"layer{work.__name__}", daemon=True)
            thread.start()
            self._threads.append(thread)
        return queue

    def _compress_job(self, job: _Job) -> None:
        def compress() -> None:
            job.compressed = self._compress(job.block)

        self._guarded(compress)
        job.ready.release()

    def _hash_job(self, job: _Job) -> None:
        self._guarded(lambda: self._diff.update(job.block))
        job.hashed.release()

    def _write_job(self, job: _Job) -> None:
        job.ready.acquire()
        self._guarded(lambda: self._blob.write(job.compressed))
        job.hashed.acquire()
        self._free.put(job.buffer)

    def _guarded(self, work: Callable[[], None]) -> None:
        if self._failure or self._stopped:
            return
        try:
            work()
        except Exception as error:  # noqa: BLE001 - any error belongs to the thread that writes the layer
            self._failure = error
