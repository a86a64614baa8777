from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import unquote

import pytest

from builder.configuration.types import Registries
from builder.errors import RegistryError, UsageError
from builder.http.patience import Patience
from builder.http.places import is_loopback
from builder.model import media_types
from builder.model.descriptor import Descriptor
from builder.model.digest import Digest
from builder.registry.access import Access
from builder.registry.hosts import endpoints
from builder.registry.transport import Transport, target_of
from tests.registry.scripted import Reply, Script, scripted
from tests.support.layouts import write_layout
from tests.support.registry import copy_image

DATA = bytes(range(256)) * 4096
BLOB = Descriptor(media_types.OCI_LAYER_GZIP, Digest.of(DATA), len(DATA))
MANIFEST = json.dumps({"schemaVersion": 2, "mediaType": media_types.OCI_MANIFEST}).encode()


class Faulty:
    """A client whose registry follows a script, with the waits it would have made."""

    def __init__(self, script: Script) -> None:
        self.script = script
        self.waits: list[float] = []
        self.transport = Transport(Patience(attempts=3), sleep=self.waits.append)
        self.client = Access(Registries(), {}, self.transport).client(script.address)


@contextmanager
def faulty(*replies: Reply) -> Generator[Faulty]:
    with scripted(*replies) as script:
        setup = Faulty(script)
        yield setup
        setup.transport.close()


def test_pulls_from_a_real_registry(registry: str, tmp_path: Path) -> None:
    layout = str(tmp_path / "layout")
    written = write_layout(layout, [{"etc/": b"", "etc/name": os.urandom(300_000)}])
    copy_image(f"oci:{layout}:latest", registry, "team/app:1.0")
    transport = Transport()
    client = Access(Registries(), {}, transport).client(registry)

    manifest = client.manifest("team/app", "1.0")
    assert manifest.descriptor.digest == written.manifest
    assert client.manifest_digest("team/app", "1.0") == written.manifest
    assert client.manifest("team/app", written.manifest) == manifest
    layer = Descriptor.from_json(json.loads(manifest.data)["layers"][0])
    assert Digest.of(b"".join(client.blob("team/app", layer))) == written.layers[0]
    for name, tag in (("team/app", "2.0"), ("nobody", "latest")):
        with pytest.raises(RegistryError) as caught:
            client.manifest(name, tag)
        assert caught.value.code == "not-found"
    transport.close()


def test_a_dropped_connection_is_resumed() -> None:
    rest = DATA[100_000:]
    resumed = Reply(206, rest, (("Content-Range", f"bytes 100000-{len(DATA) - 1}/{len(DATA)}"),))
    with faulty(Reply(200, DATA, cut_at=100_000), resumed) as setup:
        assert b"".join(setup.client.blob("app", BLOB)) == DATA
        assert setup.script.seen[1].headers["range"] == "bytes=100000-"


def test_a_registry_without_ranges_sends_all_again() -> None:
    with faulty(Reply(200, DATA, cut_at=100_000), Reply(200, DATA)) as setup:
        assert b"".join(setup.client.blob("app", BLOB)) == DATA


def test_giving_up_after_several_failures_in_a_row() -> None:
    with faulty(*[Reply(200, DATA, cut_at=0)] * 3) as setup, pytest.raises(RegistryError) as caught:
        list(setup.client.blob("app", BLOB))
    assert (caught.value.code, caught.value.retryable) == ("unreachable", True)
    assert setup.waits == [0.5, 1.0]


@pytest.mark.parametrize(
    "reply",
    [
        Reply(200, DATA + b"more"),
        Reply(200, DATA, endless=True),
        Reply(206, DATA, (("Content-Range", "bytes 7-99/100"),)),
    ],
)
def test_a_blob_never_exceeds_its_descriptor(reply: Reply) -> None:
    cut = Reply(200, DATA, cut_at=100_000)
    replies = (cut, reply) if reply.status == 206 else (reply,)
    with faulty(*replies) as setup, pytest.raises(RegistryError) as caught:
        assert sum(map(len, setup.client.blob("app", BLOB))) <= len(DATA)
    assert caught.value.code == ("size-mismatch" if reply.body.endswith(b"more") else "bad-answer")


TAIL = (("Content-Range", f"bytes 100000-{len(DATA) - 1}/{len(DATA)}"),)


def test_the_end_of_a_blob_comes_alone() -> None:
    with faulty(Reply(206, DATA[100_000:], TAIL)) as setup:
        assert setup.client.tail("app", BLOB, 100_000) == DATA[100_000:]
        assert setup.script.seen[0].headers["range"] == "bytes=100000-"


@pytest.mark.parametrize(
    ("reply", "code"),
    [
        (Reply(200, DATA, endless=True), "no-ranges"),
        (Reply(206, DATA[100_000:], TAIL, cut_at=50), "unreachable"),
        (Reply(206, DATA[100_000:-50], TAIL), "size-mismatch"),
        (Reply(206, DATA[100_000:], TAIL, endless=True), "bad-answer"),
        (Reply(206, DATA, (("Content-Range", "bytes 7-99/100"),)), "bad-answer"),
        (Reply(404), "not-found"),
    ],
)
def test_another_end_is_refused(reply: Reply, code: str) -> None:
    with faulty(reply) as setup, pytest.raises(RegistryError) as caught:
        setup.client.tail("app", BLOB, 100_000)
    assert caught.value.code == code


def test_an_endless_manifest_is_cut_off() -> None:
    with faulty(Reply(200, b"[" * 65536, endless=True)) as setup, pytest.raises(RegistryError) as caught:
        setup.client.manifest("app", "latest")
    assert caught.value.code == "too-large"


def test_retry_after_is_honoured() -> None:
    later = [Reply(status, b"", (("Retry-After", wait),)) for status, wait in ((429, "7"), (503, "100"))]
    with faulty(*later, Reply(200, MANIFEST)) as setup:
        setup.client.manifest("app", "latest")
    assert setup.waits == [7.0, 60.0]


def test_who_wants_to_be_left_alone_for_long_is_and_the_user_is_told() -> None:
    said = b'{"errors": [{"code": "TOOMANYREQUESTS", "message": "You have reached your pull rate limit."}]}'
    with faulty(Reply(429, said, (("Retry-After", "21600"),))) as setup, pytest.raises(RegistryError) as caught:
        setup.client.manifest("app", "latest")
    assert setup.waits == []
    assert "You have reached your pull rate limit." in caught.value.message
    assert str(caught.value.hint).startswith("wait 360 minutes, or log in")


@pytest.mark.parametrize(
    ("status", "code"), [(404, "not-found"), (403, "unauthorized"), (401, "unauthorized"), (500, "server-error"),
                         (429, "too-many-requests"), (418, "bad-answer")],
)  # fmt: skip
def test_every_refusal_has_a_name(status: int, code: str) -> None:
    with faulty(*[Reply(status)] * 4) as setup, pytest.raises(RegistryError) as caught:
        setup.client.manifest("app", "latest")
    assert caught.value.code == code


def test_what_was_not_promised_is_not_taken() -> None:
    wrong = (("Docker-Content-Digest", str(Digest.of(b"other"))),)
    with faulty(Reply(200, MANIFEST, wrong), Reply(200, MANIFEST)) as setup:
        for reference in ("latest", str(Digest.of(b"other"))):
            with pytest.raises(RegistryError) as caught:
                setup.client.manifest("app", reference)
            assert caught.value.code == "digest-mismatch"


@pytest.mark.parametrize("body", [b"\xff\xfe", b"[" * 100_000, b"7", b'{"mediaType": 7}', b'{"schemaVersion": 1}'])
def test_a_manifest_of_another_kind_is_refused(body: bytes) -> None:
    with faulty(Reply(200, body)) as setup, pytest.raises(RegistryError) as caught:
        setup.client.manifest("app", "latest")
    assert caught.value.code == "bad-answer"


def test_an_anonymous_token_is_fetched_once() -> None:
    with scripted(Reply(200, b'{"token": "letmein"}')) as tokens:
        realm = f'Bearer realm="http://{tokens.address}/token",service="here",scope="repository:app:pull"'
        with faulty(Reply(401, b"", (("WWW-Authenticate", realm),)), Reply(200, MANIFEST), Reply(200, DATA)) as setup:
            setup.client.manifest("app", "latest")
            assert b"".join(setup.client.blob("app", BLOB)) == DATA
            sent = [request.headers.get("authorization") for request in setup.script.seen]
        assert sent == [None, "Bearer letmein", "Bearer letmein"]
        assert [request.path for request in tokens.seen] == ["/token?service=here&scope=repository%3Aapp%3Apull"]


@pytest.mark.parametrize(
    ("challenge", "code"),
    [
        ('Basic realm="us"', "unauthorized"),
        ("", "unauthorized"),
        ("nonsense ,,, =", "unauthorized"),
        ('Bearer realm="http://registry.example/token"', "bad-answer"),
        ('Bearer realm="file:///etc/passwd"', "bad-answer"),
    ],
)
def test_a_challenge_that_cannot_be_met(challenge: str, code: str) -> None:
    headers = (("WWW-Authenticate", challenge),)
    with faulty(Reply(401, b"", headers)) as setup, pytest.raises(RegistryError) as caught:
        setup.client.manifest("app", "latest")
    assert caught.value.code == code


def test_a_token_does_not_follow_a_redirect_to_another_host() -> None:
    with scripted(Reply(200, b'{"access_token": "secret"}'), Reply(200, DATA)) as other:
        realm = (("WWW-Authenticate", f'Bearer realm="http://{other.address}/token"'),)
        elsewhere = (("Location", f"http://{other.address}/store/blob"),)
        with faulty(Reply(401, b"", realm), Reply(307, b"", elsewhere)) as setup:
            assert b"".join(setup.client.blob("app", BLOB)) == DATA
            assert setup.script.seen[1].headers["authorization"] == "Bearer secret"
        assert "authorization" not in other.seen[1].headers


def test_a_signed_url_arrives_as_it_was_signed() -> None:
    rest = DATA[100_000:]
    resumed = Reply(206, rest, (("Content-Range", f"bytes 100000-{len(DATA) - 1}/*"),))
    signed = "/bucket/blob?X-Amz-Signature=ab%2Bc%2f~d&se=2026-11-24T00%3A00%3A00Z&sig=x+y/z==&empty="
    with scripted(Reply(200, DATA, cut_at=100_000), resumed) as storage:
        elsewhere = Reply(307, b"moved", (("Location", f"http://{storage.address}{signed}"),))
        with faulty(elsewhere, elsewhere) as setup:
            assert b"".join(setup.client.blob("app", BLOB)) == DATA
            assert [request.headers.get("range") for request in setup.script.seen] == [None, "bytes=100000-"]
        assert [unquote(request.path) for request in storage.seen] == [unquote(signed)] * 2
        assert storage.seen[1].headers["range"] == "bytes=100000-"


def test_a_signature_that_has_ended_stays_out_of_the_message() -> None:
    with scripted(Reply(403, b"<Error>AccessDenied</Error>")) as storage:
        location = (("Location", f"http://{storage.address}/blob?signature=s3cret"),)
        with faulty(Reply(307, b"", location)) as setup, pytest.raises(RegistryError) as caught:
            list(setup.client.blob("app", BLOB))
    assert "s3cret" not in f"{caught.value.message}{caught.value.hint}"


def test_a_registry_that_refuses_parts_sends_all_again() -> None:
    with faulty(Reply(200, DATA, cut_at=100_000), Reply(416), Reply(200, DATA)) as setup:
        assert b"".join(setup.client.blob("app", BLOB)) == DATA
        assert [request.headers.get("range") for request in setup.script.seen] == [None, "bytes=100000-", None]


def test_a_registry_without_head() -> None:
    with faulty(*[Reply(405)] * 3) as setup:
        assert setup.client.manifest_digest("app", "latest") is None
        assert not setup.client.has_manifest("app", BLOB.digest)
        assert not setup.client.has_blob("app", BLOB.digest)


@pytest.mark.parametrize("content_type", ["", "application/json", "text/plain; charset=utf-8"])
def test_the_document_says_what_it_is(content_type: str) -> None:
    with faulty(Reply(200, MANIFEST, (("Content-Type", content_type),))) as setup:
        assert setup.client.manifest("app", "latest").descriptor.media_type == media_types.OCI_MANIFEST


def test_parameters_of_a_content_type_are_none_of_it() -> None:
    headers = (("Content-Type", f'{media_types.DOCKER_MANIFEST} ; charset="utf-8"; version=2'),)
    with faulty(Reply(200, b'{"schemaVersion": 2}', headers)) as setup:
        assert setup.client.manifest("app", "latest").descriptor.media_type == media_types.DOCKER_MANIFEST


@pytest.mark.parametrize("header", [None, "", "md5:1234", "nonsense"])
def test_a_tag_without_a_digest_that_we_know(header: str | None) -> None:
    headers = () if header is None else (("Docker-Content-Digest", header),)
    with faulty(Reply(200, MANIFEST, headers), Reply(200, b"", headers)) as setup:
        assert setup.client.manifest("app", "latest").descriptor.digest == Digest.of(MANIFEST)
        assert setup.client.manifest_digest("app", "latest") is None


def test_a_digest_of_another_algorithm() -> None:
    digest = f"sha512:{hashlib.sha512(MANIFEST).hexdigest()}"
    right, wrong = (Reply(200, MANIFEST, (("Docker-Content-Digest", text),)) for text in (digest, f"{digest[:-1]}x"))
    with faulty(right, right, wrong) as setup:
        for reference in ("latest", digest):
            assert setup.client.manifest("app", reference).descriptor.digest == digest
        with pytest.raises(RegistryError, match="was promised"):
            setup.client.manifest("app", "latest")


def test_redirects_end() -> None:
    with faulty(*[Reply(302, b"", (("Location", "/again"),))] * 9) as setup, pytest.raises(RegistryError) as caught:
        list(setup.client.blob("app", BLOB))
    assert caught.value.code == "bad-answer"
    assert len(setup.script.seen) == 6


@pytest.mark.parametrize("location", ["http://registry.example/blob", "ftp://127.0.0.1/x", "file:///etc/passwd"])
def test_a_redirect_does_not_leave_for_plain_http(location: str) -> None:
    with faulty(Reply(307, b"", (("Location", location),))) as setup, pytest.raises(RegistryError) as caught:
        list(setup.client.blob("app", BLOB))
    assert caught.value.code == "bad-answer"


def test_no_registry_at_all() -> None:
    with scripted() as script:
        address = script.address
    waits: list[float] = []
    transport = Transport(Patience(attempts=2), sleep=waits.append)
    with pytest.raises(RegistryError) as caught:
        Access(Registries(), {}, transport).client(address).manifest("app", "latest")
    assert (caught.value.code, waits) == ("unreachable", []), "a refused connection is not tried again"
    assert caught.value.message == f"{address} does not answer: connection refused"
    transport.close()


def test_plain_http_is_for_this_machine_only() -> None:
    here = ["localhost", "127.0.0.1", "127.9.9.9", "[::1]", "::1"]
    assert all(is_loopback(host) for host in here)
    for host in ("localhost.example", "128.0.0.1", "registry", "127.0.0.1.example", "", "[::2]", "0.0.0.0"):  # noqa: S104
        assert not is_loopback(host)
    for domain in ("localhost:5000", "[::1]:5000"):
        assert [point.url for point in endpoints(domain)] == [f"http://{domain}", f"https://{domain}"]
    assert [point.url for point in endpoints("docker.io")] == ["https://registry-1.docker.io"]
    assert [point.url for point in endpoints("registry.example:5000")] == ["https://registry.example:5000"]
    assert all(point.security.verify for point in endpoints("registry.example:5000", ("registry.example",)))


def test_a_listed_host_is_tried_over_https_first() -> None:
    first, last = endpoints("registry.example:5000", ("registry.example:5000",))
    assert (first.url, first.security.verify) == ("https://registry.example:5000", False)
    assert last.url == "http://registry.example:5000"


@pytest.mark.parametrize(
    ("item", "domain", "is_insecure"),
    [
        ("10.0.0.0/8", "10.1.2.3:5000", True), ("10.0.0.0/8", "11.1.2.3:5000", False),
        ("fd00::/8", "[fd00::1]:5000", True), ("0.0.0.0/0", "registry.example", False),
    ],
)  # fmt: skip
def test_a_network_may_be_listed(item: str, domain: str, is_insecure: bool) -> None:
    served = endpoints(domain, (item,))
    assert [point.is_plain for point in served] == ([False, True] if is_insecure else [False])


@pytest.mark.parametrize("item", ["http://registry.example", "registry.example/path", "10.0.0.0/99", ""])
def test_what_cannot_be_listed(item: str) -> None:
    with pytest.raises(UsageError, match="not an insecure registry"):
        Access(Registries(insecure=(item,)), {})


def test_a_registry_that_does_not_know_that_it_is_behind_tls() -> None:
    with pytest.raises(RegistryError) as caught:
        target_of("https://registry.example/v2/app/blobs/uploads/", "http://registry.example/v2/app/blobs/uploads/1")
    assert "X-Forwarded-Proto" in str(caught.value.hint)
