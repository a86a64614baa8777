"""Lists that come page by page, also from registries that would like never to end."""

from __future__ import annotations

import json
from itertools import islice
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from builder.configuration.types import Registries
from builder.errors import BuilderError, RegistryError
from builder.http.patience import Patience
from builder.model import media_types
from builder.model.descriptor import Descriptor
from builder.model.digest import Digest
from builder.registry.access import Access
from builder.registry.client import Client
from builder.registry.transport import Transport
from tests.registry.scripted import Reply, Script, scripted
from tests.support.registry import running_registry


def client_of(script: Script) -> Client:
    return Access(Registries(), {}, Transport(Patience(attempts=2), sleep=lambda _: None)).client(script.address)


def page(member: str, names: object, following: str = "") -> Reply:
    link = (("Link", f'<{following}>; rel="next"'),) if following else ()
    return Reply(200, json.dumps({member: names}).encode(), link)


def test_pages_are_followed() -> None:
    pages = page("tags", ["a", "b"], "/v2/app/tags/list?last=b"), page("tags", ["c"], "list?last=c"), page("tags", None)
    with scripted(*pages) as script:
        assert list(client_of(script).tags("app")) == ["a", "b", "c"]
        assert [item.path for item in script.seen] == [
            "/v2/app/tags/list?n=1000", "/v2/app/tags/list?last=b", "/v2/app/tags/list?last=c"
        ]  # fmt: skip


def test_a_list_is_read_as_it_is_wanted() -> None:
    with scripted(page("repositories", ["a", "b"], "/v2/_catalog?last=b")) as script:
        assert list(islice(client_of(script).catalog(), 1)) == ["a"]
        assert len(script.seen) == 1


@pytest.mark.parametrize("following", ["/v2/app/tags/list?n=1000", "/v2/app/tags/list?x"])
def test_a_circle_ends(following: str) -> None:
    with scripted(*[page("tags", ["a"], following)] * 9) as script, pytest.raises(RegistryError) as caught:
        list(client_of(script).tags("app"))
    assert caught.value.code == "bad-answer"
    assert len(script.seen) <= 3


@pytest.mark.parametrize("following", ["http://registry.example/v2/", "file:///etc/passwd", "http://[::1"])
def test_a_page_elsewhere_is_not_fetched_in_clear(following: str) -> None:
    with scripted(page("tags", ["a"], following)) as script, pytest.raises(RegistryError) as caught:
        list(client_of(script).tags("app"))
    assert caught.value.code == "bad-answer"


def test_a_page_elsewhere_does_not_see_the_token() -> None:
    with scripted(page("tags", ["b"])) as other, scripted(Reply(200, b'{"token": "t"}')) as tokens:
        ask = Reply(401, headers=(("WWW-Authenticate", f'Bearer realm="http://{tokens.address}/t"'),))
        with scripted(ask, page("tags", ["a"], f"http://{other.address}/v2/x")) as script:
            assert list(client_of(script).tags("app")) == ["a", "b"]
            assert script.seen[1].headers["authorization"] == "Bearer t"
        assert "authorization" not in other.seen[0].headers


@pytest.mark.parametrize("body", [b"", b"[]", b"{}", b'{"tags": 1}', b'{"tags": [1]}', b"\xff", b"[" * 100_000])
def test_what_is_no_list(body: bytes) -> None:
    with scripted(Reply(200, body)) as script, pytest.raises(RegistryError) as caught:
        list(client_of(script).tags("app"))
    assert caught.value.code == "bad-answer"


def test_a_registry_without_a_catalog() -> None:
    with scripted(Reply(405)) as script, pytest.raises(RegistryError) as caught:
        list(client_of(script).catalog())
    assert caught.value.code == "not-supported"


def test_several_headers_are_one() -> None:
    links = (("Link", '<list>; rel="first"'), ("Link", '<list?last=a>; rel="next"'), ("Link", '<end>; rel="last"'))
    with scripted(page("tags", ["a"])._replace(headers=links), page("tags", ["b"])) as script:
        assert list(client_of(script).tags("app")) == ["a", "b"]


def test_a_registry_that_knows_no_pages_sends_all() -> None:
    names = [f"1.{number}" for number in range(2500)]
    with scripted(page("tags", names)) as script:
        assert list(client_of(script).tags("app")) == names


def test_thousands_of_repositories_in_small_pages() -> None:
    names = [f"team/app{number:05}" for number in range(20_000)]
    pages = [
        page("repositories", names[start : start + 100], f"/v2/_catalog?n=100&last={start + 100}")
        for start in range(0, len(names), 100)
    ]
    with scripted(*pages, page("repositories", [])) as script:
        assert list(client_of(script).catalog()) == names


def test_a_registry_that_finds_our_pages_too_large(tmp_path: Path) -> None:
    """docker-registry, held to five names a page."""
    names = [f"app{number}" for number in range(12)]
    with running_registry(str(tmp_path), "\ncatalog:\n  maxentries: 5\n") as address:
        access = Access(Registries(), {})
        client = access.client(address)
        config = Descriptor(media_types.OCI_CONFIG, Digest.of(b"{}"), 2)
        value = {"schemaVersion": 2, "mediaType": media_types.OCI_MANIFEST, "config": config.to_json(), "layers": []}
        for name in names:
            client.put_blob(name, config, lambda _: [b"{}"])
            client.put_manifest(name, "1", json.dumps(value).encode(), media_types.OCI_MANIFEST)
        assert sorted(client.catalog()) == sorted(names)
        access.close()


def test_a_refusal_that_stays_is_one() -> None:
    with scripted(Reply(400), Reply(400)) as script, pytest.raises(RegistryError) as caught:
        list(client_of(script).tags("app"))
    assert caught.value.code == "bad-answer"
    assert [item.path for item in script.seen] == ["/v2/app/tags/list?n=1000", "/v2/app/tags/list"]


@given(st.text(max_size=30))
def test_no_next_page_makes_a_bug(following: str) -> None:
    from builder.registry.transport import target_of

    try:
        assert target_of("https://registry.example/v2/app/tags/list", following).startswith("https://")
    except BuilderError as error:
        assert error.code == "bad-answer"  # noqa: PT017
