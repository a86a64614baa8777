"""Pushing, against Debian's docker-registry and a registry that follows a script."""

from __future__ import annotations

import json
import os
from collections.abc import Generator, Iterable

import pytest

from builder.configuration.types import Registries
from builder.errors import RegistryError
from builder.http.patience import Patience
from builder.model import media_types
from builder.model.descriptor import Descriptor
from builder.model.digest import Digest
from builder.registry.access import Access
from builder.registry.client import Client
from builder.registry.transport import Transport
from builder.registry.upload import PIECE, SMALL, Content, Pushed
from tests.registry.scripted import Reply, Script, scripted


def blob_of(data: bytes) -> Descriptor:
    return Descriptor(media_types.OCI_LAYER_GZIP, Digest.of(data), len(data))


def content_of(data: bytes) -> Content:
    def content(start: int) -> Iterable[bytes]:
        for position in range(start, len(data), 100_000):
            yield data[position : position + 100_000]

    return content


@pytest.fixture
def client(registry: str) -> Generator[Client]:
    access = Access(Registries(), {})
    yield access.client(registry)
    access.close()


@pytest.mark.parametrize("size", [0, 1000, SMALL + 1000])
def test_a_blob_arrives_whole(client: Client, size: int) -> None:
    data = os.urandom(size)
    blob = blob_of(data)
    assert client.put_blob("push/app", blob, content_of(data)) is Pushed.SENT
    assert client.has_blob("push/app", blob.digest)
    assert b"".join(client.blob("push/app", blob)) == data
    assert b"".join(client.blob("push/app", blob, size // 2)) == data[size // 2 :]
    assert not client.has_blob("push/other", blob.digest)
    assert client.put_blob("push/other", blob, content_of(b""), ("push/nobody", "push/app")) is Pushed.MOUNTED


def test_a_mount_that_fails_is_an_upload(client: Client) -> None:
    data = os.urandom(1000)
    assert client.put_blob("push/app", blob_of(data), content_of(data), ("push/nobody",)) is Pushed.SENT
    assert client.has_blob("push/app", blob_of(data).digest)


def test_another_content_than_the_digest_says_is_refused(client: Client) -> None:
    for size in (1000, SMALL + 1000):
        data = os.urandom(size)
        with pytest.raises(RegistryError):
            client.put_blob("push/app", blob_of(data), content_of(b"x" * size))
        assert not client.has_blob("push/app", blob_of(data).digest)


def test_manifests_tags_and_repositories(client: Client) -> None:
    config = blob_of(b"{}")
    client.put_blob("push/list", config, content_of(b"{}"))
    data = json.dumps(
        {"schemaVersion": 2, "mediaType": media_types.OCI_MANIFEST, "config": config.to_json(), "layers": []}
    ).encode()
    for tag in ("a", "b"):
        digest = client.put_manifest("push/list", tag, data, media_types.OCI_MANIFEST)
    assert client.has_manifest("push/list", digest)
    assert client.manifest("push/list", "b").data == data
    assert sorted(client.tags("push/list")) == ["a", "b"]
    assert "push/list" in list(client.catalog())
    assert client.referrers("push/list", digest) == ()


class Scripted:
    """A client whose registry follows a script, with the waits it would have made."""

    def __init__(self, script: Script) -> None:
        self.waits: list[float] = []
        transport = Transport(Patience(attempts=3), sleep=self.waits.append)
        self.client = Access(Registries(), {}, transport).client(script.address)
        self.script = script

    def push(self, data: bytes, mount_from: tuple[str, ...] = ()) -> Pushed:
        return self.client.put_blob("app", blob_of(data), content_of(data), mount_from)

    def seen(self) -> list[str]:
        return [f"{request.method} {request.path.partition('?')[0]}" for request in self.script.seen]


BEGUN = Reply(202, headers=(("Location", "/v2/app/blobs/uploads/1?state=x"),))
DONE = Reply(201)
LARGE = os.urandom(SMALL + 500_000)


def test_an_upload_that_breaks_off_goes_on_where_the_registry_stands() -> None:
    stands = Reply(204, headers=(("Range", "0-99999"), ("Location", "/v2/app/blobs/uploads/2")))
    with scripted(BEGUN, Reply(500), stands, BEGUN, DONE) as script:
        setup = Scripted(script)
        assert setup.push(LARGE) is Pushed.SENT
        rest = script.seen[3]
        assert (rest.path, rest.body) == ("/v2/app/blobs/uploads/2", LARGE[100_000:])
        assert rest.headers["content-range"] == f"100000-{len(LARGE) - 1}"
        assert script.seen[4].path == f"/v2/app/blobs/uploads/1?state=x&digest={blob_of(LARGE).digest}".replace(
            "sha256:", "sha256%3A"
        )


def test_an_upload_that_the_registry_has_lost_begins_again() -> None:
    with scripted(BEGUN, Reply(503), Reply(404), BEGUN, BEGUN, DONE) as script:
        setup = Scripted(script)
        assert setup.push(LARGE) is Pushed.SENT
        assert script.seen[4].body == LARGE


def test_a_registry_that_takes_only_pieces_gets_pieces() -> None:
    data = os.urandom(PIECE + 1000)
    with scripted(BEGUN, Reply(413), Reply(404), BEGUN, BEGUN, BEGUN, DONE) as script:
        assert Scripted(script).push(data) is Pushed.SENT
        ranges = [request.headers.get("content-range") for request in script.seen if request.method == "PATCH"]
    assert ranges == [None, f"0-{PIECE - 1}", f"{PIECE}-{PIECE + 999}"]


def test_retry_after_holds_for_uploads_too() -> None:
    with scripted(BEGUN, Reply(429, headers=(("Retry-After", "9"),)), Reply(404), BEGUN, DONE) as script:
        setup = Scripted(script)
        assert setup.push(b"small") is Pushed.SENT
        assert setup.waits == [9.0]


def test_no_end_of_trying() -> None:
    with scripted(BEGUN, *[Reply(500), Reply(404), BEGUN] * 5) as script:
        with pytest.raises(RegistryError) as caught:
            Scripted(script).push(b"small")
        assert caught.value.code == "server-error"
        assert sum(request.method == "PUT" for request in script.seen) == 3


@pytest.mark.parametrize("location", ["http://registry.example/up", "ftp://127.0.0.1/x", "", "http://[::1"])
def test_an_upload_stays_where_it_is_safe(location: str) -> None:
    with scripted(Reply(202, headers=(("Location", location),))) as script, pytest.raises(RegistryError) as caught:
        Scripted(script).push(b"small")
    assert caught.value.code == "bad-answer"


def test_a_location_elsewhere_does_not_see_the_token() -> None:
    challenge = (("WWW-Authenticate", 'Bearer realm="http://{}/token"'),)
    with scripted(Reply(201)) as storage, scripted(Reply(200, b'{"token": "secret"}')) as tokens:
        ask = Reply(401, headers=((challenge[0][0], challenge[0][1].format(tokens.address)),))
        elsewhere = Reply(202, headers=(("Location", f"http://{storage.address}/put"),))
        with scripted(ask, elsewhere) as script:
            assert Scripted(script).push(b"small") is Pushed.SENT
            assert script.seen[1].headers["authorization"] == "Bearer secret"
        assert "authorization" not in storage.seen[0].headers
        assert storage.seen[0].body == b"small"


@pytest.mark.parametrize("status", [201, 204])
def test_a_part_that_was_taken_with_another_status(status: int) -> None:
    """ECR has 201, Pulp 204; and where no Location comes with it the upload stays where it was."""
    with scripted(BEGUN, Reply(status), DONE) as script:
        assert Scripted(script).push(LARGE) is Pushed.SENT
        assert script.seen[2].path.startswith("/v2/app/blobs/uploads/1?state=x&digest=")


@pytest.mark.parametrize("status", [404, 405, 501])
def test_a_registry_without_parts_gets_the_blob_with_the_last_request(status: int) -> None:
    with scripted(BEGUN, Reply(status), Reply(204), BEGUN, DONE) as script:
        setup = Scripted(script)
        assert setup.push(LARGE) is Pushed.SENT
        assert [line.partition(" ")[0] for line in setup.seen()] == ["POST", "PATCH", "DELETE", "POST", "PUT"]
        assert script.seen[4].body == LARGE
        assert setup.waits == []


@pytest.mark.parametrize("status", [400, 404, 405, 501])
def test_a_registry_without_mounts_gets_the_blob(status: int) -> None:
    with scripted(Reply(status), BEGUN, DONE) as script:
        assert Scripted(script).push(b"small", ("other",)) is Pushed.SENT


def test_parts_that_the_registry_joins_wrongly_are_sent_again_without_a_seam() -> None:
    stands = Reply(204, headers=(("Range", "0-99999"),))
    wrong = Reply(400, b'{"errors": [{"code": "DIGEST_INVALID"}]}')
    with scripted(BEGUN, Reply(500), stands, Reply(201), wrong, Reply(204), BEGUN, Reply(201), DONE) as script:
        assert Scripted(script).push(LARGE) is Pushed.SENT
        assert [len(request.body) for request in script.seen if request.method == "PATCH"][1:] == [
            len(LARGE) - 100_000,
            len(LARGE),
        ]


@pytest.mark.parametrize(
    ("location", "path"),
    [
        ("1?state=a%2Fb%3D", "/v2/app/blobs/uploads/1?state=a%2Fb%3D&"),
        ("/v2/app/blobs/uploads/2", "/v2/app/blobs/uploads/2?"),
        ("../../other/up?_state=x&empty=", "/v2/app/other/up?_state=x&empty=&"),
        ("//{}/up/3", "/up/3?"),
        ("http://{}/up/4?a=1&a=2", "/up/4?a=1&a=2&"),
    ],
)
def test_an_upload_goes_where_it_is_sent(location: str, path: str) -> None:
    with scripted(DONE) as script:
        script.replies.insert(0, Reply(202, headers=(("Location", location.format(script.address)),)))
        assert Scripted(script).push(b"small") is Pushed.SENT
        digest = str(blob_of(b"small").digest).replace(":", "%3A")
        assert script.seen[1].path == f"{path}digest={digest}"


@pytest.mark.parametrize("text", ["0-99999", "bytes=0-99999", "bytes 0-99999/*", "bytes=0-99999/500000", " 0-99999 "])
@pytest.mark.parametrize("status", [200, 202, 204])
def test_where_an_upload_stands_is_said_in_many_ways(text: str, status: int) -> None:
    stands = Reply(status, headers=(("Range", text),))
    with scripted(BEGUN, Reply(503), stands, Reply(202), DONE) as script:
        assert Scripted(script).push(LARGE) is Pushed.SENT
        assert script.seen[3].body == LARGE[100_000:]


@pytest.mark.parametrize("text", [None, "", "0-0", "100-200", "bytes=5-", "many", f"0-{10**20}"])
def test_an_upload_that_does_not_say_where_it_stands_is_given_up(text: str | None) -> None:
    stands = Reply(204, headers=() if text is None else (("Range", text),))
    with scripted(BEGUN, Reply(503), stands, Reply(204), BEGUN, Reply(202), DONE) as script:
        setup = Scripted(script)
        assert setup.push(LARGE) is Pushed.SENT
        assert [line.partition(" ")[0] for line in setup.seen()] == [
            "POST", "PATCH", "GET", "DELETE", "POST", "PATCH", "PUT"
        ]  # fmt: skip
        assert script.seen[5].body == LARGE


def test_a_part_that_does_not_fit_is_taken_up_where_the_registry_stands() -> None:
    stands = Reply(204, headers=(("Range", "0-199999"),))
    with scripted(BEGUN, Reply(503), stands, Reply(416), stands, Reply(202), DONE) as script:
        assert Scripted(script).push(LARGE) is Pushed.SENT
        assert script.seen[5].body == LARGE[200_000:]


@pytest.mark.parametrize("ended", ["patch", "resumed", "put"])
def test_an_upload_that_has_ended_with_the_registry_begins_again(ended: str) -> None:
    stands, gone = (
        Reply(204, headers=(("Range", "0-99999"),)),
        Reply(404, b'{"errors":[{"code":"BLOB_UPLOAD_UNKNOWN"}]}'),
    )
    before = {
        "patch": [BEGUN, gone, gone],
        "resumed": [BEGUN, Reply(503), stands, gone, gone],
        "put": [BEGUN, Reply(202), gone, gone],
    }
    with scripted(*before[ended], BEGUN, Reply(202), DONE) as script:
        assert Scripted(script).push(LARGE) is Pushed.SENT
        assert LARGE in [request.body for request in script.seen[len(before[ended]) :]]


def test_no_piece_is_smaller_than_the_registry_wants() -> None:
    least = PIECE + 1000
    begun = BEGUN._replace(headers=(*BEGUN.headers, ("OCI-Chunk-Min-Length", str(least))))
    data = os.urandom(least + 5)
    with scripted(begun, Reply(413), Reply(404), begun, BEGUN, BEGUN, DONE) as script:
        assert Scripted(script).push(data) is Pushed.SENT
        assert [len(request.body) for request in script.seen if request.method == "PATCH"] == [least + 5, least, 5]


def test_a_repository_that_has_to_be_made_first() -> None:
    said = b'{"errors": [{"code": "NAME_UNKNOWN", "message": "The repository does not exist"}]}'
    with scripted(Reply(404, said)) as script, pytest.raises(RegistryError) as caught:
        Scripted(script).push(b"small")
    assert caught.value.message.endswith("has no repository app (The repository does not exist)")
    assert "to be made before" in str(caught.value.hint)
