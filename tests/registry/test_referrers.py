"""Manifests that refer to another one: with a registry that knows of referrers, pybuild's own, with one that does not,
Debian's docker-registry, and with a script."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Generator
from pathlib import Path

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
from tests.registry.scripted import Reply, Script, scripted
from tests.support.registry import running_registry

DIGEST = Digest.of(b"subject")
SUBJECT = Descriptor(media_types.OCI_MANIFEST, DIGEST, 7)
EMPTY = Descriptor("application/vnd.oci.empty.v1+json", Digest.of(b"{}"), 2)
LIST = f"/v2/app/manifests/sha256-{DIGEST.hex}"
PUT = Reply(201)


def client_of(script: Script) -> Client:
    return Access(Registries(), {}, Transport(Patience(attempts=2), sleep=lambda _: None)).client(script.address)


@pytest.fixture
def client(registry: str) -> Generator[Client]:
    access = Access(Registries(), {})
    yield access.client(registry)
    access.close()


def artifact(kind: str, subject: Descriptor = SUBJECT, **members: object) -> bytes:
    """A manifest about `subject`; of the kind that its config has where `kind` is empty."""
    value = {"schemaVersion": 2, "mediaType": media_types.OCI_MANIFEST, "config": EMPTY.to_json(), "layers": []}
    kinds = {"artifactType": kind} if kind else {}
    return json.dumps({**value, **kinds, "subject": subject.to_json(), **members}).encode()


def entry(artifact_type: str) -> dict[str, object]:
    return {"mediaType": media_types.OCI_MANIFEST, "digest": str(DIGEST), "size": 1, "artifactType": artifact_type}


def index(*entries: object, **members: object) -> Reply:
    return Reply(200, json.dumps({"schemaVersion": 2, "manifests": entries, **members}).encode())


def test_what_refers_to_an_image_is_found(client: Client) -> None:
    repository, notes = "refer/found", {"by": "me"}
    client.put_blob(repository, EMPTY, lambda _: [b"{}"])
    signature, sbom = artifact("a/signature", annotations=notes), artifact("")
    for data in (signature, sbom, signature):
        client.put_manifest(repository, Digest.of(data), data, media_types.OCI_MANIFEST)
    found = {item.artifact_type: item.descriptor for item in client.referrers(repository, DIGEST)}
    assert found == {
        "a/signature": Descriptor(
            media_types.OCI_MANIFEST, Digest.of(signature), len(signature), annotations=(("by", "me"),)
        ),
        EMPTY.media_type: Descriptor(media_types.OCI_MANIFEST, Digest.of(sbom), len(sbom)),
    }
    assert [item.artifact_type for item in client.referrers(repository, DIGEST, "a/signature")] == ["a/signature"]


def test_an_index_refers_too(client: Client) -> None:
    value = {"schemaVersion": 2, "mediaType": media_types.OCI_INDEX, "manifests": [], "artifactType": "a/set"}
    data = json.dumps({**value, "subject": SUBJECT.to_json()}).encode()
    client.put_manifest("refer/index", "set", data, media_types.OCI_INDEX)
    found = client.referrers("refer/index", DIGEST)
    assert [(item.artifact_type, item.descriptor.digest) for item in found] == [("a/set", Digest.of(data))]


def test_another_program_reads_the_list(tmp_path: Path) -> None:
    data = artifact("a/signature")
    with running_registry(str(tmp_path)) as address:
        client = Access(Registries(), {}).client(address)
        client.put_blob("app", EMPTY, lambda _: [b"{}"])
        client.put_manifest("app", "signature", data, media_types.OCI_MANIFEST)
        name = f"docker://{address}/app:sha256-{DIGEST.hex}"
        words = ["skopeo", "inspect", "--raw", "--tls-verify=false", name]
        shown = json.loads(subprocess.run(words, check=True, capture_output=True).stdout)
    listed = Descriptor(media_types.OCI_MANIFEST, Digest.of(data), len(data)).to_json()
    assert shown["mediaType"] == media_types.OCI_INDEX
    assert shown["manifests"] == [{**listed, "artifactType": "a/signature"}]


def test_a_registry_that_says_that_it_knows_gets_no_list() -> None:
    with scripted(Reply(201, headers=(("OCI-Subject", DIGEST),))) as script:
        client_of(script).put_manifest("app", "1", artifact("a"), media_types.OCI_MANIFEST)
        assert len(script.seen) == 1


def test_a_list_of_others_is_added_to() -> None:
    theirs = {**entry("a"), "data": "e30=", "platform": {"os": "linux", "architecture": "any"}}
    with scripted(PUT, index(theirs, annotations={"by": "them"}), PUT) as script:
        data = artifact("b")
        client_of(script).put_manifest("app", "1", data, media_types.OCI_MANIFEST)
        put = script.seen[2]
    assert (put.method, put.path, put.headers["content-type"]) == ("PUT", LIST, media_types.OCI_INDEX)
    value = json.loads(put.body)
    assert value["annotations"] == {"by": "them"}
    assert value["manifests"] == [theirs, {**entry("b"), "digest": Digest.of(data), "size": len(data)}]


def test_what_the_list_has_is_not_added_again() -> None:
    data = artifact("a")
    there = {**entry("a"), "digest": Digest.of(data), "size": len(data)}
    with scripted(PUT, index(there)) as script:
        client_of(script).put_manifest("app", "1", data, media_types.OCI_MANIFEST)
        assert [request.method for request in script.seen] == ["PUT", "GET"]


@pytest.mark.parametrize("body", [b"[]", b'{"layers": []}', b'{"manifests": [1]}', b"nothing"])
def test_a_tag_that_means_something_else_is_left_alone(body: bytes) -> None:
    with scripted(PUT, Reply(200, body)) as script, pytest.raises(RegistryError) as caught:
        client_of(script).put_manifest("app", "1", artifact("a"), media_types.OCI_MANIFEST)
    assert caught.value.code == "bad-answer"
    assert f"sha256-{DIGEST.hex}" in str(caught.value.hint)


@pytest.mark.parametrize("subject", [None, 7, {}, {"mediaType": "x", "digest": "sha256:1", "size": 1}])
def test_no_subject_no_list(subject: object) -> None:
    with scripted(PUT) as script:
        data = json.dumps({**json.loads(artifact("a")), "subject": subject}).encode()
        client_of(script).put_manifest("app", "1", data, media_types.OCI_MANIFEST)
        assert len(script.seen) == 1


def test_the_tag_of_a_longer_digest_is_cut() -> None:
    digest = Digest(f"sha512:{'ab' * 64}")
    with scripted(Reply(404), Reply(404)) as script:
        assert client_of(script).referrers("app", digest) == ()
        assert script.seen[1].path == f"/v2/app/manifests/sha512-{'ab' * 32}"


@pytest.mark.parametrize("status", [0, 400, 404, 405, 406, 501])
def test_referrers_by_kind(status: int) -> None:
    """0: the registry has the list itself."""
    found = index(entry("a"), entry("b"))
    with scripted(*[Reply(status)] * bool(status), found) as script:
        assert [item.artifact_type for item in client_of(script).referrers("app", DIGEST, "b")] == ["b"]
        assert script.seen[0].path == f"/v2/app/referrers/{DIGEST}?artifactType=b"
        assert [request.path for request in script.seen[1:]] == [LIST] * bool(status)


def test_no_referrers() -> None:
    with scripted(Reply(404), Reply(404)) as script:
        assert client_of(script).referrers("app", DIGEST) == ()


def test_a_second_page_that_is_missing_is_no_end() -> None:
    first = index(entry("a"))._replace(headers=(("Link", '</v2/next>; rel="next"'),))
    with scripted(first, Reply(404)) as script, pytest.raises(RegistryError) as caught:
        client_of(script).referrers("app", DIGEST)
    assert caught.value.code == "not-found"


@pytest.mark.parametrize("body", [b"[]", b'{"manifests": [{}]}', b'{"manifests": 1}', b"nothing"])
def test_referrers_that_are_none(body: bytes) -> None:
    with scripted(Reply(200, body)) as script, pytest.raises(RegistryError) as caught:
        client_of(script).referrers("app", DIGEST)
    assert caught.value.code == "bad-answer"
