"""Lists that come page by page, also from registries that would like never to end."""

from __future__ import annotations

import json
from itertools import islice

import pytest
from hypothesis import given
from hypothesis import strategies as st

from builder.configuration.types import Registries
from builder.errors import BuilderError, RegistryError
from builder.http.patience import Patience
from builder.registry.access import Access
from builder.registry.client import Client
from builder.registry.listing import _NEXT
from builder.registry.transport import Transport
from tests.registry.scripted import Reply, Script, scripted


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


@given(st.text(alphabet='<>;, rel="next', max_size=40))
def test_any_link_is_read_or_not(text: str) -> None:
    found = _NEXT.search(text)
    assert found is None or "<" not in found[1]


@given(st.text(max_size=30))
def test_no_next_page_makes_a_bug(following: str) -> None:
    from builder.registry.transport import target_of

    try:
        assert target_of("https://registry.example/v2/app/tags/list", following).startswith("https://")
    except BuilderError as error:
        assert error.code == "bad-answer"  # noqa: PT017
