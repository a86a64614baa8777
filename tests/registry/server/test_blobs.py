"""Blobs: every way to send one, to look at it, and to take it away."""

from __future__ import annotations

import os

import pytest

from tests.registry.server.web import Web, digest_of, ended

DATA = os.urandom(100_000)


def test_one_request_after_the_other(either: Web) -> None:
    digest = either.push("one/app", DATA)["digest"]
    path = f"/v2/one/app/blobs/{digest}"
    head = either.ask("HEAD", path)
    assert (head.status, head.headers["Content-Length"], head.body) == (200, "100000", b"")
    answer = either.ask("GET", path)
    assert (answer.status, answer.body, answer.headers["Docker-Content-Digest"]) == (200, DATA, digest)
    assert either.ask("GET", path, If_None_Match=answer.headers["ETag"]).status == 304
    assert either.ask("DELETE", path).status == 202
    assert either.ask("GET", path).code == "BLOB_UNKNOWN"
    assert either.ask("DELETE", path).status == 404


def test_in_chunks(either: Web) -> None:
    location = either.begin("chunks/app")
    for start in range(0, len(DATA), 40_000):
        chunk = DATA[start : start + 40_000]
        where = f"{start}-{start + len(chunk) - 1}"
        answer = either.ask("PATCH", location, chunk, Content_Range=where, Content_Type="application/octet-stream")
        assert (answer.status, answer.headers["Range"]) == (202, f"0-{start + len(chunk) - 1}")
        location = answer.headers["Location"]
    status = either.ask("GET", location)
    assert (status.status, status.headers["Range"]) == (204, "0-99999")
    answer = either.ask("PUT", ended(location, digest_of(DATA)))
    assert answer.status == 201
    assert either.ask("GET", answer.headers["Location"]).body == DATA


def test_a_chunk_out_of_order_is_refused_and_changes_nothing(own: Web) -> None:
    location = own.begin("order/app")
    for wrong in ("10-19", "1-10"):
        assert own.ask("PATCH", location, b"0123456789", Content_Range=wrong).status == 416
    answer = own.ask("PATCH", location, b"0123456789", Content_Range="0-9")
    assert answer.status == 202
    again = own.ask("PATCH", answer.headers["Location"], b"0123456789", Content_Range="0-9")
    assert again.status == 416
    digest = digest_of(b"0123456789ab")
    assert own.ask("PUT", ended(answer.headers["Location"], digest), b"ab").status == 201


def test_a_stream_of_unknown_length(either: Web) -> None:
    location = either.begin("stream/app")
    answer = either.ask("PATCH", location, iter([DATA[:50_000], DATA[50_000:]]))
    assert answer.status == 202
    assert either.ask("PUT", ended(answer.headers["Location"], digest_of(DATA))).status == 201


def test_all_in_one_request(own: Web) -> None:
    answer = own.ask("POST", f"/v2/single/app/blobs/uploads/?digest={digest_of(DATA)}", DATA)
    assert answer.status == 201
    assert own.ask("GET", answer.headers["Location"]).body == DATA
    wrong = own.ask("POST", f"/v2/single/app/blobs/uploads/?digest={digest_of(DATA)}", DATA + b"1")
    assert (wrong.status, wrong.code) == (400, "DIGEST_INVALID")


def test_the_wrong_digest_ends_the_upload(either: Web) -> None:
    location = either.begin("wrong/app")
    answer = either.ask("PUT", ended(location, digest_of(b"something else")), DATA)
    assert (answer.status, answer.code) == (400, "DIGEST_INVALID")
    assert either.ask("GET", location).status == 404


def test_an_upload_is_cancelled(either: Web) -> None:
    location = either.begin("cancel/app")
    assert either.ask("DELETE", location).status == 204
    assert either.ask("GET", location).code == "BLOB_UPLOAD_UNKNOWN"
    assert either.ask("PATCH", location, b"1").status == 404


def test_an_upload_belongs_to_its_repository(own: Web) -> None:
    location = own.begin("owner/app")
    other = location.replace("owner", "other")
    assert own.ask("GET", other).code == "BLOB_UPLOAD_UNKNOWN"
    assert own.ask("PUT", ended(other, digest_of(b"")), b"").status == 404


@pytest.mark.parametrize("algorithm", ["sha512", "sha256"])
def test_the_algorithm_may_be_known_at_the_end_only(own: Web, algorithm: str) -> None:
    for query in ("", f"?digest-algorithm={algorithm}"):
        location = own.ask("POST", f"/v2/algorithms/app/blobs/uploads/{query}").headers["Location"]
        digest = digest_of(DATA, algorithm)
        assert own.ask("PATCH", location, DATA[:10]).status == 202
        assert own.ask("PUT", ended(location, digest), DATA[10:]).headers["Docker-Content-Digest"] == digest
        assert own.ask("GET", f"/v2/algorithms/app/blobs/{digest}").body == DATA


def test_a_mount_makes_a_blob_known_without_sending_it(either: Web) -> None:
    digest = either.push("mount/source", b"mounted")["digest"]
    assert either.ask("HEAD", f"/v2/mount/target/blobs/{digest}").status == 404
    answer = either.ask("POST", f"/v2/mount/target/blobs/uploads/?mount={digest}&from=mount/source")
    assert answer.status == 201
    assert either.ask("GET", answer.headers["Location"]).body == b"mounted"
    either.ask("DELETE", f"/v2/mount/source/blobs/{digest}")
    assert either.ask("GET", answer.headers["Location"]).body == b"mounted"


def test_a_mount_of_what_is_nowhere_begins_an_upload(either: Web) -> None:
    digest = digest_of(os.urandom(10))
    answer = either.ask("POST", f"/v2/mount/target/blobs/uploads/?mount={digest}&from=mount/source")
    assert answer.status == 202
    assert either.ask("GET", answer.headers["Location"]).status == 204


@pytest.mark.parametrize(
    ("asked", "status", "first", "last"),
    [
        ("bytes=0-0", 206, 0, 0),
        ("bytes=100-199", 206, 100, 199),
        ("bytes=99999-", 206, 99_999, 99_999),
        ("bytes=-5", 206, 99_995, 99_999),
        ("bytes=99990-200000", 206, 99_990, 99_999),
        ("bytes=100000-", 416, 0, 0),
        ("bytes=5-4", 416, 0, 0),
    ],
)
def test_ranges(own: Web, asked: str, status: int, first: int, last: int) -> None:
    path = f"/v2/ranges/app/blobs/{own.push('ranges/app', DATA)['digest']}"
    answer = own.ask("GET", path, Range=asked)
    assert answer.status == status
    if status == 206:
        assert answer.body == DATA[first : last + 1]
        assert answer.headers["Content-Range"] == f"bytes {first}-{last}/100000"
        assert own.ask("GET", path, Range=asked, If_Range='"another"').body == DATA
    else:
        assert answer.headers["Content-Range"] == "bytes */100000"


@pytest.mark.parametrize("asked", ["bytes=0-1,4-5", "lines=1-2", "bytes=x-1", "bytes=--1"])
def test_ranges_that_are_not_known_are_no_ranges(own: Web, asked: str) -> None:
    path = f"/v2/ranges/app/blobs/{own.push('ranges/app', DATA)['digest']}"
    answer = own.ask("GET", path, Range=asked)
    assert (answer.status, answer.body) == (200, DATA)


@pytest.mark.parametrize("where", ["bytes 0-9/10", "0-", "-9", "9-0", "0-99999999999999999999"])
def test_a_chunk_says_where_it_belongs_in_one_form_only(own: Web, where: str) -> None:
    assert own.ask("PATCH", own.begin("form/app"), b"0123456789", Content_Range=where).status in (400, 416)


def test_a_chunk_is_as_long_as_it_says(own: Web) -> None:
    location = own.begin("long/app")
    assert own.ask("PATCH", location, b"0123456789", Content_Range="0-99").code == "SIZE_INVALID"
    assert own.ask("PATCH", location, iter([b"0123456789"]), Content_Range="0-99").code == "SIZE_INVALID"
    assert own.ask("PUT", ended(location, digest_of(b"01")), b"01", Content_Range="0-1").status == 201
