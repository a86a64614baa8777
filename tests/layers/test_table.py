from __future__ import annotations

import io
from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from builder.errors import LayerError
from builder.layers.table import read_table, write_table
from builder.model.entry import Entry, Kind
from tests.layers.trees import names

entries = st.builds(
    Entry,
    path=names,
    kind=st.sampled_from(Kind),
    mode=st.integers(0, 0o7777),
    uid=st.integers(0, 2**32),
    gid=st.integers(0, 2**32),
    size=st.integers(0, 2**63),
    mtime=st.integers(-(2**40), 2**40),
    link=names,
    device=st.tuples(st.integers(0, 4095), st.integers(0, 2**20)),
    xattrs=st.lists(st.tuples(st.just("user.x") | names, st.binary())).map(tuple),
    digest=st.sampled_from(["", "ab" * 32]),
)


def written(table: list[Entry]) -> bytes:
    out = io.BytesIO()
    write_table(table, out)
    return out.getvalue()


@given(st.lists(entries, max_size=5))
def test_reads_back_what_was_written(table: list[Entry]) -> None:
    again = read_table(io.BytesIO(written(table)))
    assert again == table
    assert all(type(entry) is Entry and type(entry.kind) is Kind for entry in again)


@given(st.lists(entries, min_size=1, max_size=3), st.data())
def test_damage_is_a_layer_error_or_unseen_but_never_another(table: list[Entry], data: st.DataObject) -> None:
    good = written(table)
    cut = data.draw(st.integers(0, len(good) - 2))
    with pytest.raises(LayerError, match="table"):
        read_table(io.BytesIO(good[:cut]))
    with suppress(LayerError):
        read_table(io.BytesIO(good[:cut] + data.draw(st.binary(max_size=8)) + good[cut + 1 :]))


@pytest.mark.parametrize("content", [b"", b"{}", b"[]\n", b"null\n", b'{"table":9,"entries":0}\n', b'{"table":1}\n[1]'])
def test_other_formats_are_refused(content: bytes) -> None:
    with pytest.raises(LayerError):
        read_table(io.BytesIO(content))
