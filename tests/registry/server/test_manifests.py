"""Manifests and tags: what is taken, what is given back, what is refused."""

from __future__ import annotations

import json
from typing import Any

import pytest

from tests.registry.server.web import OCI_INDEX, OCI_MANIFEST, Web, digest_of, image_of

FOREIGN = "application/vnd.oci.image.layer.nondistributable.v1.tar+gzip"


def test_a_manifest_comes_back_byte_for_byte(either: Web) -> None:
    value = image_of(either.push("bytes/app", b"{}"))
    data = json.dumps(value, indent=3) + "\n"
    digest = digest_of(data.encode())
    put = either.ask("PUT", "/v2/bytes/app/manifests/1.0", data, Content_Type=OCI_MANIFEST)
    assert (put.status, put.headers["Docker-Content-Digest"]) == (201, digest)
    for reference in ("1.0", digest):
        for method in ("GET", "HEAD"):
            answer = either.ask(method, f"/v2/bytes/app/manifests/{reference}", Accept=OCI_MANIFEST)
            assert answer.status == 200
            assert answer.headers["Content-Type"] == OCI_MANIFEST
            assert answer.headers["Docker-Content-Digest"] == digest
            assert answer.body == (data.encode() if method == "GET" else b"")


def test_a_tag_moves_and_the_digest_stays(either: Web) -> None:
    first = either.image("moves/app", "latest")["digest"]
    second = either.image("moves/app", "latest", annotations={"a": "b"})["digest"]
    accept = {"Accept": OCI_MANIFEST}
    latest = either.ask("GET", "/v2/moves/app/manifests/latest", **accept)
    assert latest.headers["Docker-Content-Digest"] == second
    assert either.ask("GET", f"/v2/moves/app/manifests/{first}", **accept).status == 200


def test_what_a_manifest_refers_to_must_be_in_its_repository(either: Web) -> None:
    here, elsewhere = either.push("refers/app", b"{}"), either.push("refers/other", b"elsewhere")
    nowhere = {**here, "digest": digest_of(b"nowhere")}
    for layer in (elsewhere, nowhere):
        answer = either.put("refers/app", "1", image_of(here, layer))
        assert (answer.status, answer.code) in [(404, "MANIFEST_BLOB_UNKNOWN"), (400, "MANIFEST_BLOB_UNKNOWN")]
    index = {"schemaVersion": 2, "mediaType": OCI_INDEX, "manifests": [nowhere | {"mediaType": OCI_MANIFEST}]}
    assert either.put("refers/app", "1", index).status in (400, 404)
    assert either.ask("GET", "/v2/refers/app/manifests/1").status == 404


def test_an_index_of_manifests(either: Web) -> None:
    image = either.image("index/app", "one")
    index = {"schemaVersion": 2, "mediaType": OCI_INDEX, "manifests": [image]}
    assert either.put("index/app", "all", index).status == 201
    assert either.ask("GET", "/v2/index/app/manifests/all", Accept=OCI_INDEX).json == index


def test_layers_that_may_not_be_passed_on_need_not_be_here(own: Web) -> None:
    layer = {"mediaType": FOREIGN, "digest": digest_of(b"far"), "size": 3, "urls": ["https://example.com/far"]}
    assert own.put("foreign/app", "1", image_of(own.push("foreign/app", b"{}"), layer)).status == 201


def broken(config: dict[str, Any]) -> dict[str, tuple[Any, str]]:
    image = image_of(config)
    return {
        "not JSON": (b"{", OCI_MANIFEST),
        "no object": (b"[]", OCI_MANIFEST),
        "deep": (b"[" * 100_000, OCI_MANIFEST),
        "large number": (b'{"schemaVersion":' + b"9" * 5000 + b"}", OCI_MANIFEST),
        "other type": (image, OCI_INDEX),
        "unknown type": ({**image, "mediaType": "text/plain"}, "text/plain"),
        "both": ({**image, "manifests": []}, OCI_MANIFEST),
        "no layers": ({**image, "layers": None}, OCI_MANIFEST),
        "bad digest": ({**image, "layers": [{**config, "digest": "sha256:../../x"}]}, OCI_MANIFEST),
        "negative size": ({**image, "layers": [{**config, "size": -1}]}, OCI_MANIFEST),
        "bad subject": ({**image, "subject": 5}, OCI_MANIFEST),
        "bad artifact type": ({**image, "artifactType": 5}, OCI_MANIFEST),
        "bad annotations": ({**image, "annotations": {"a": 1}}, OCI_MANIFEST),
        "no version": ({**image, "schemaVersion": 1}, OCI_MANIFEST),
    }


@pytest.mark.parametrize("name", broken({}))
def test_what_is_no_manifest_is_refused(own: Web, name: str) -> None:
    value, media_type = broken(own.push("broken/app", b"{}"))[name]
    body = value if isinstance(value, bytes) else json.dumps(value)
    answer = own.ask("PUT", "/v2/broken/app/manifests/1", body, Content_Type=media_type)
    assert (answer.status, answer.code) == (400, "MANIFEST_INVALID")


def test_the_size_of_a_part_is_checked(own: Web) -> None:
    config = own.push("size/app", b"{}")
    assert own.put("size/app", "1", image_of({**config, "size": 3})).code == "MANIFEST_BLOB_UNKNOWN"


def test_a_digest_that_is_not_the_manifest_s(either: Web) -> None:
    value = image_of(either.push("digest/app", b"{}"))
    assert either.put("digest/app", digest_of(b"other"), value).code == "DIGEST_INVALID"
    sha512 = digest_of(json.dumps(value).encode(), "sha512")
    put = either.put("digest/app", sha512, value)
    if put.status == 201:
        assert either.ask("GET", f"/v2/digest/app/manifests/{sha512}").json == value


def test_a_manifest_of_more_than_4_mib(own: Web) -> None:
    value = image_of(own.push("large/app", b"{}"), annotations={"a": ""})
    room = (4 << 20) - len(json.dumps(value))
    fits = image_of(value["config"], annotations={"a": "x" * room})
    assert own.put("large/app", "fits", fits).status == 201
    large = json.dumps(image_of(value["config"], annotations={"a": "x" * (room + 1)})).encode()
    for body in (large, iter([large[:100], large[100:]])):
        answer = own.ask("PUT", "/v2/large/app/manifests/1", body, Content_Type=OCI_MANIFEST)
        assert (answer.status, answer.code) == (413, "SIZE_INVALID")


def test_several_tags_at_once(own: Web) -> None:
    value = image_of(own.push("several/app", b"{}"))
    digest = digest_of(json.dumps(value).encode())
    answer = own.put("several/app", f"{digest}?tag=1.2.3&tag=1.2&tag=1", value)
    assert answer.headers["OCI-Tag"] == "1.2.3, 1.2, 1"
    assert own.ask("GET", "/v2/several/app/tags/list").json["tags"] == ["1", "1.2", "1.2.3"]
    assert own.put("several/app", f"{digest}?tag=.no", value).status == 400


def test_deleting_a_tag_leaves_the_manifest(own: Web) -> None:
    digest = own.image("untag/app", "1")["digest"]
    own.image("untag/app", "2")
    assert own.ask("DELETE", "/v2/untag/app/manifests/1").status == 202
    assert own.ask("DELETE", "/v2/untag/app/manifests/1").code == "MANIFEST_UNKNOWN"
    assert own.ask("GET", "/v2/untag/app/manifests/1").status == 404
    assert own.ask("GET", f"/v2/untag/app/manifests/{digest}").status == 200
    assert own.ask("GET", "/v2/untag/app/tags/list").json["tags"] == ["2"]


def test_deleting_a_manifest_takes_its_tags(either: Web) -> None:
    digest = either.image("delete/app", "1")["digest"]
    assert either.image("delete/app", "2", annotations={"a": "b"})["digest"] != digest
    assert either.ask("DELETE", f"/v2/delete/app/manifests/{digest}").status == 202
    assert either.ask("GET", "/v2/delete/app/manifests/1").status == 404
    assert either.ask("GET", f"/v2/delete/app/manifests/{digest}").status == 404
    assert either.ask("DELETE", f"/v2/delete/app/manifests/{digest}").status == 404
    assert either.ask("GET", "/v2/delete/app/tags/list").json["tags"] == ["2"]
