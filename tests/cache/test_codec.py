from __future__ import annotations

import json
from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from builder.cache.codec import DAMAGED, decode, encode, from_json, seal, unseal
from builder.model.descriptor import Descriptor
from builder.model.digest import Digest
from builder.model.layer import Claim, Layer
from builder.solve.types import Record

TEXT = st.text(st.characters(exclude_categories=()), max_size=12)
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | TEXT,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXT, inner, max_size=3),
    max_leaves=6,
)
RECORDS = st.builds(
    Record,
    key=st.from_regex(r"[0-9a-f]{64}", fullmatch=True),
    step=TEXT,
    text=TEXT,
    layer=st.binary(max_size=2).map(lambda data: Layer(Digest.of(data), Descriptor("x/y", Digest.of(data + b"z"), 7))),
    parts=st.dictionaries(TEXT, JSON, max_size=4),
    created=st.just("2026-11-24T10:00:00Z"),
    seconds=st.floats(0, 1e9),
    build=TEXT,
    notes=st.dictionaries(TEXT, JSON, max_size=2),
    claims=st.binary(max_size=2).map(lambda data: (Claim(Digest.of(data), Digest.of(data + b"t")),)) | st.just(()),
    origin=st.just(""),
)
SAMPLE = Record(
    "0" * 64, "s", "RUN x", Layer(Digest.of(b""), Descriptor("x/y", Digest.of(b"z"), 7)), {"a": 1},
    "2026-11-24T10:00:00Z", 1.0, "b",
)  # fmt: skip


@given(RECORDS)
def test_record_comes_back_equal(record: Record) -> None:
    text = encode(record)
    assert text.isascii()
    assert decode(text) == record


@given(JSON)
def test_any_json_is_a_record_or_damaged(value: object) -> None:
    with suppress(*DAMAGED):
        from_json(value)
    assert decode(json.dumps(value)) is None


@pytest.mark.parametrize(
    ("member", "value"),
    [
        ("key", "abc"), ("key", "A" * 64), ("key", 5), ("step", None), ("text", []), ("parts", []), ("parts", None),
        ("created", "yesterday"), ("created", "2026-11-24T10:00:00+01:00"), ("seconds", "1"), ("seconds", True),
        ("seconds", -1), ("build", {}), ("layer", None), ("layer", []), ("layer", {}),
        ("layer", {"diff_id": "sha256:x", "blob": {}}),
    ],
)  # fmt: skip
def test_wrong_member_is_damage(member: str, value: object) -> None:
    good = json.loads(unseal(encode(SAMPLE).encode()))
    assert decode(sealed(good)) == SAMPLE
    assert decode(sealed(good | {member: value})) is None
    del good[member]
    assert decode(sealed(good)) is None


def sealed(value: object) -> bytes:
    return seal(json.dumps(value).encode())


@given(st.integers(min_value=0), st.integers(0, 7))
def test_no_flipped_bit_is_taken_for_an_answer(position: int, bit: int) -> None:
    data = bytearray(encode(SAMPLE).encode())
    data[position % len(data)] ^= 1 << bit
    assert decode(bytes(data)) is None


@pytest.mark.parametrize(
    "text", ["", "[", "NaN", '{"seconds": NaN}', "[" * 100_000, "\ud800", b"\xff\xfe", b"\x80\x04K\x01."]
)
def test_text_that_is_no_record_is_damage(text: str | bytes) -> None:
    assert decode(text) is None
    assert decode(text if isinstance(text, bytes) else seal(text.encode("utf-8", "replace"))) is None
    good = unseal(encode(SAMPLE).encode())
    assert decode(seal(good.replace(b"1.0", b"Infinity"))) is None
