"""What a process writes comes out of its log as it went in, whatever its pieces."""

from __future__ import annotations

import json
import tempfile
from pathlib import Path

from hypothesis import example, given
from hypothesis import strategies as st

from builder.containers.logs import _lines, _offset
from builder.containers.monitor.log import LONGEST, Log

PIECES = st.lists(st.tuples(st.sampled_from(["stdout", "stderr"]), st.binary(max_size=60)), max_size=12)


@given(PIECES)
@example([("stdout", b"x" * (LONGEST * 2 + 5) + b"\n\xff\xfe"), ("stdout", b"\r\nend")])
def test_bytes_come_back_by_stream_and_line(pieces: list[tuple[str, bytes]]) -> None:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "log")
        log = Log(str(path))
        for stream, data in pieces:
            log.write(stream, data)
        log.close()
        with path.open("rb") as file:
            lines = list(_lines(file))
            for count in (0, 1, 2, len(lines), len(lines) + 1):
                file.seek(_offset(file, count))
                assert list(_lines(file)) == lines[len(lines) - min(count, len(lines)) :]
        for entry in path.read_text().splitlines():
            assert set(json.loads(entry)) == {"log", "stream", "time"}
    for stream in ("stdout", "stderr"):
        written = b"".join(data for name, data in pieces if name == stream)
        assert b"".join(line.data for line in lines if line.stream == stream) == written
    assert all(line.data.count(b"\n") <= 1 and len(line.data) <= LONGEST + 1 for line in lines)
