"""What a process writes comes out of its log as it went in, whatever its pieces."""

from __future__ import annotations

import json
import tempfile
from pathlib import Path

from hypothesis import example, given, settings
from hypothesis import strategies as st

from builder.containers.logs import _Files, _lines, _offset
from builder.containers.monitor.log import LONGEST, Log
from builder.containers.types import Log as Wanted

PIECES = st.lists(st.tuples(st.sampled_from(["stdout", "stderr"]), st.binary(max_size=60)), max_size=12)


@given(PIECES)
@example([("stdout", b"x" * (LONGEST * 2 + 5) + b"\n\xff\xfe"), ("stdout", b"\r\nend")])
def test_bytes_come_back_by_stream_and_line(pieces: list[tuple[str, bytes]]) -> None:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "log")
        log = Log(str(path), Wanted(size=0))
        for stream, data in pieces:
            log.write(stream, data)
        log.close()
        with path.open("rb") as file:
            lines = list(_lines(file))
            for count in (0, 1, 2, len(lines), len(lines) + 1):
                file.seek(_offset(file, count)[0])
                assert list(_lines(file)) == lines[len(lines) - min(count, len(lines)) :]
        for entry in path.read_text().splitlines():
            assert set(json.loads(entry)) == {"log", "stream", "time"}
    for stream in ("stdout", "stderr"):
        written = b"".join(data for name, data in pieces if name == stream)
        assert b"".join(line.data for line in lines if line.stream == stream) == written
    assert all(line.data.count(b"\n") <= 1 and len(line.data) <= LONGEST + 1 for line in lines)


@settings(max_examples=40, deadline=None)
@given(st.lists(st.integers(1, 40), max_size=60), st.integers(1, 4), st.integers(0, 70), st.integers(0, 60))
def test_the_newest_lines_are_kept_and_the_rest_goes(lengths: list[int], files: int, tail: int, seen: int) -> None:
    """Also for one who has read some, and reads on after files have moved."""
    lines = [b"%d:" % number + b"x" * length + b"\n" for number, length in enumerate(lengths)]
    with tempfile.TemporaryDirectory() as folder, _Files(f"{folder}/log") as reader:
        log = Log(f"{folder}/log", Wanted(size=400, files=files))
        follows: list[bytes] = []
        for number, line in enumerate(lines):
            log.write("stdout", line)
            if number < seen:
                follows += [found.data for found in reader.lines()]
        follows += [found.data for found in reader.lines()]
        log.close()
        names = sorted(path.name for path in Path(folder).iterdir())
        assert len(names) <= files
        assert all(path.stat().st_size <= 400 for path in Path(folder).iterdir())
        with _Files(f"{folder}/log") as whole:
            kept = [found.data for found in whole.lines()]
        assert kept == lines[len(lines) - len(kept) :]
        assert follows == [line for number, line in enumerate(lines) if number < seen or line in follows]
        assert set(kept) <= set(follows)
        with _Files(f"{folder}/log") as last:
            last.go_back(tail)
            assert [found.data for found in last.lines()] == kept[len(kept) - min(tail, len(kept)) :]


def test_what_comes_at_once_is_cut_too(tmp_path: Path) -> None:
    log = Log(str(tmp_path / "log"), Wanted(size=400, files=2))
    log.write("stdout", b"".join(b"%d\n" % number for number in range(1000)))
    log.close()
    assert sorted(path.name for path in tmp_path.iterdir()) == ["log", "log.1"]
    assert all(path.stat().st_size <= 400 for path in tmp_path.iterdir())
    with _Files(str(tmp_path / "log")) as reader:
        assert [line.data for line in reader.lines()][-1] == b"999\n"


def test_what_a_stopped_machine_left_of_a_line_is_none(tmp_path: Path) -> None:
    (tmp_path / "log").write_bytes(b'{"log": "half\n')
    log = Log(str(tmp_path / "log"), Wanted())
    log.write("stdout", b"whole\n")
    log.close()
    with _Files(str(tmp_path / "log")) as reader:
        assert [line.data for line in reader.lines()] == [b"whole\n"]
