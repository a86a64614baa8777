"""Lists: tags, repositories, referrers."""

from __future__ import annotations

import json
import re
from typing import Any

import pytest

from tests.registry.server.web import OCI_INDEX, Web, digest_of, image_of


def pages(web: Web, path: str, member: str) -> list[list[Any]]:
    """Following the links to their end."""
    found = []
    while path:
        answer = web.ask("GET", path)
        assert answer.status == 200
        found.append(answer.json[member])
        link = re.fullmatch(r'<(.*)>; rel="next"', answer.headers.get("Link", ""))
        path = link[1] if link else ""
    return found


def test_tags_in_order(own: Web) -> None:
    for tag in ("b", "A", "c", "1.0", "a"):
        own.image("tags/app", tag)
    assert own.ask("GET", "/v2/tags/app/tags/list").json == {"name": "tags/app", "tags": ["1.0", "A", "a", "b", "c"]}
    assert own.ask("HEAD", "/v2/tags/app/tags/list").body == b""


def test_pages_of_tags(own: Web) -> None:
    for tag in "edcba":
        own.image("pages/app", tag)
    path = "/v2/pages/app/tags/list"
    assert pages(own, f"{path}?n=2", "tags") == [["a", "b"], ["c", "d"], ["e"]]
    assert pages(own, f"{path}?n=5", "tags") == [list("abcde")]
    assert pages(own, f"{path}?n=2&last=bb", "tags") == [["c", "d"], ["e"]]
    assert pages(own, f"{path}?n=0", "tags") == [[]]
    assert pages(own, f"{path}?last=zz", "tags") == [[]]
    for wrong in ("-1", "x", "%D9%A1", "9" * 30):
        assert own.ask("GET", f"{path}?n={wrong}").status == 400


def test_pages_of_repositories(own: Web) -> None:
    names = [f"catalog/{letter}" for letter in "cab"]
    for name in names:
        own.image(name, "1")
    found = [name for page in pages(own, "/v2/_catalog?n=2", "repositories") for name in page]
    assert found == sorted(found)
    assert set(names) < set(found)
    assert own.ask("GET", "/v2/_catalog?n=2&last=catalog/a").json["repositories"] == ["catalog/b", "catalog/c"]


def test_a_repository_that_is_not_there(either: Web) -> None:
    answer = either.ask("GET", "/v2/nobody/nothing/tags/list")
    assert (answer.status, answer.code) == (404, "NAME_UNKNOWN")


def push_referrer(web: Web, repository: str, subject: Any, kind: str, size: int = 1) -> dict[str, Any]:
    config = web.push(repository, b"{}") | {"mediaType": "application/vnd.oci.empty.v1+json"}
    members: dict[str, Any] = {"subject": subject, "annotations": {"kind": kind * size}}
    if kind:
        members["artifactType"] = kind
    value = image_of(config, **members)
    digest = digest_of(json.dumps(value).encode())
    answer = web.put(repository, digest, value)
    assert (answer.status, answer.headers["OCI-Subject"]) == (201, subject["digest"])
    return {"digest": digest, "artifactType": kind or config["mediaType"], "annotations": members["annotations"]}


def test_referrers_by_kind(own: Web) -> None:
    subject = own.image("refer/app", "1")
    expected = [push_referrer(own, "refer/app", subject, kind) for kind in ("text/sbom", "text/sign", "")]
    path = f"/v2/refer/app/referrers/{subject['digest']}"
    answer = own.ask("GET", path)
    assert (answer.status, answer.headers["Content-Type"], answer.json["mediaType"]) == (200, OCI_INDEX, OCI_INDEX)
    shown = [{name: item[name] for name in expected[0]} for item in answer.json["manifests"]]
    assert shown == sorted(expected, key=lambda item: item["digest"])
    some = own.ask("GET", f"{path}?artifactType=text/sbom")
    assert some.headers["OCI-Filters-Applied"] == "artifactType"
    assert [item["digest"] for item in some.json["manifests"]] == [expected[0]["digest"]]


def test_referrers_of_what_is_not_there(own: Web) -> None:
    nothing = {"mediaType": OCI_INDEX, "digest": digest_of(b"later"), "size": 5}
    path = f"/v2/refer/later/referrers/{nothing['digest']}"
    assert own.ask("GET", path).json["manifests"] == []
    item = push_referrer(own, "refer/later", nothing, "text/early")
    assert [found["digest"] for found in own.ask("GET", path).json["manifests"]] == [item["digest"]]
    assert own.ask("DELETE", f"/v2/refer/later/manifests/{item['digest']}").status == 202
    assert own.ask("GET", path).json["manifests"] == []
    assert own.ask("GET", "/v2/refer/later/referrers/latest").status == 400


@pytest.mark.parametrize("query", ["", "?artifactType=kind"])
def test_referrers_that_do_not_fit_into_one_index(own: Web, query: str) -> None:
    repository = f"refer/many{len(query)}"
    subject = own.image(repository, "1")
    expected = set()
    for number in range(5):
        large = {**subject, "annotations": {"number": str(number)}}
        expected.add(push_referrer(own, repository, large, "kind", 300_000)["digest"])
    found = pages(own, f"/v2/{repository}/referrers/{subject['digest']}{query}", "manifests")
    assert [len(page) for page in found] == [3, 2]
    assert {item["digest"] for page in found for item in page} == expected
