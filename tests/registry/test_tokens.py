"""Challenges with a login to lose: where it goes, and where it does not."""

from __future__ import annotations

import base64
from collections.abc import Callable
from urllib.parse import parse_qs, parse_qsl

import pytest
from hypothesis import given
from hypothesis import strategies as st

from builder.configuration.types import Registries
from builder.errors import BuilderError, RegistryError
from builder.http.patience import Patience
from builder.model import media_types
from builder.registry.access import Access
from builder.registry.auth import Authorizer, Owner, _same_owner
from builder.registry.client import Client
from builder.registry.hosts import Endpoint
from builder.registry.logins.types import Login
from builder.registry.transport import Transport
from tests.registry.scripted import Reply, Script, scripted

MANIFEST = b'{"schemaVersion": 2, "mediaType": "%s"}' % media_types.OCI_MANIFEST.encode()
LOGIN = Login("me", "s3cret")
BASIC = "Basic " + base64.b64encode(b"me:s3cret").decode()


def client_of(script: Script, login: Login | None = LOGIN) -> Client:
    access = Access(Registries(), {"HOME": "/nonexistent"}, Transport(Patience(attempts=2), sleep=lambda _: None))
    return access.with_login(script.address, login) if login else access.client(script.address)


def asks(realm: str, **more: str) -> Reply:
    text = ",".join(f'{key}="{value}"' for key, value in {"realm": realm, **more}.items())
    return Reply(401, headers=(("WWW-Authenticate", f"Bearer {text}"),))


def test_basic_goes_to_the_registry_that_asks() -> None:
    with scripted(
        Reply(401, headers=(("WWW-Authenticate", 'Basic realm="r"'),)), *[Reply(200, MANIFEST)] * 2
    ) as script:
        client = client_of(script)
        client.manifest("app", "1")
        client.manifest("app", "2")
        assert [item.headers.get("authorization") for item in script.seen] == [None, BASIC, BASIC]


def test_a_login_is_exchanged_for_a_token() -> None:
    with scripted(Reply(200, b'{"token": "t", "expires_in": 300}')) as tokens:
        first = asks(f"http://{tokens.address}/token", service="reg", scope="repository:app:pull")
        with scripted(first, *[Reply(200, MANIFEST)] * 2) as script:
            client = client_of(script)
            client.manifest("app", "1")
            client.manifest("app", "2")
            assert [item.headers.get("authorization") for item in script.seen] == [None, "Bearer t", "Bearer t"]
        (asked,) = tokens.seen
        assert asked.headers["authorization"] == BASIC
        query = dict(parse_qsl(asked.path.partition("?")[2]))
        assert query == {"account": "me", "client_id": "pybuild", "service": "reg", "scope": "repository:app:pull"}


def test_an_identity_token_is_posted() -> None:
    with scripted(Reply(200, b'{"access_token": "t"}')) as tokens:
        with scripted(asks(f"http://{tokens.address}/token", service="reg"), Reply(200, MANIFEST)) as script:
            client_of(script, Login(identity_token="i-d")).manifest("app", "1")  # noqa: S106
        (asked,) = tokens.seen
        form = parse_qs(asked.body.decode())
        assert (asked.method, form["grant_type"], form["refresh_token"]) == ("POST", ["refresh_token"], ["i-d"])
        assert "authorization" not in asked.headers


def test_a_registry_token_is_sent_as_it_is() -> None:
    with scripted(asks("http://127.0.0.1:1/token"), Reply(200, MANIFEST)) as script:
        client_of(script, Login(registry_token="r-t")).manifest("app", "1")  # noqa: S106
        assert script.seen[1].headers["authorization"] == "Bearer r-t"


def test_a_token_that_has_ended_is_asked_for_again() -> None:
    with scripted(*[Reply(200, b'{"token": "t%d"}' % number) for number in (1, 2)]) as tokens:
        again = asks(f"http://{tokens.address}/token")
        with scripted(again, Reply(200, MANIFEST), again, Reply(200, MANIFEST)) as script:
            client = client_of(script)
            client.manifest("app", "1")
            client.manifest("app", "1")
            sent = [item.headers.get("authorization") for item in script.seen]
        assert sent == [None, "Bearer t1", "Bearer t1", "Bearer t2"]


def test_a_token_that_ends_is_replaced_before_it_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    clock = [1000.0]
    monkeypatch.setattr("builder.registry.auth.time.monotonic", lambda: clock[0])
    with scripted(*[Reply(200, b'{"token": "t%d", "expires_in": 300}' % number) for number in (1, 2)]) as tokens:
        with scripted(asks(f"http://{tokens.address}/token"), *[Reply(200, MANIFEST)] * 3) as script:
            client = client_of(script)
            for _ in range(3):
                client.manifest("app", "1")
                clock[0] += 200
            sent = [item.headers.get("authorization") for item in script.seen]
        assert sent == [None, "Bearer t1", "Bearer t1", "Bearer t2"]
        assert tokens.seen[0].path == tokens.seen[1].path


@pytest.mark.parametrize(
    ("asked", "sent"),
    [
        ("repository:user/image:pull", ["repository:app:pull"]),
        ("repository:app:pull", ["repository:app:pull"]),
        ("repository:app:pull,delete repository:b:pull", ["repository:app:pull", "repository:app:pull,delete"]),
        ("aws", ["repository:app:pull"]),
    ],
)
def test_only_what_the_request_is_about_is_asked_for(asked: str, sent: list[str]) -> None:
    with scripted(Reply(200, b'{"token": "t"}')) as tokens:
        with scripted(asks(f"http://{tokens.address}/token", scope=asked), Reply(200, MANIFEST)) as script:
            client_of(script).manifest("app", "1")
        assert [value for key, value in parse_qsl(tokens.seen[0].path.partition("?")[2]) if key == "scope"] == sent


def test_a_service_of_any_name() -> None:
    service = 'Über "registry", v2 & a=b'
    quoted = service.replace('"', '\\"').encode().decode("latin-1")
    with scripted(Reply(200, b'{"token": "t"}')) as tokens:
        with scripted(asks(f"http://{tokens.address}/token?a=b", service=quoted), Reply(200, MANIFEST)) as script:
            client_of(script).manifest("app", "1")
        query = dict(parse_qsl(tokens.seen[0].path.partition("?")[2]))
        assert (query["a"], query["service"]) == ("b", service)


def test_who_lacks_a_right_is_not_told_to_log_in_as_if_they_had_not() -> None:
    said = b'{"errors": [{"code": "DENIED", "message": "requested access to the resource is denied"}]}'
    with scripted(*[Reply(200, b'{"token": "t"}')] * 2) as tokens:
        denied = asks(f"http://{tokens.address}/token", error="insufficient_scope")._replace(body=said)
        with scripted(denied, denied) as script, pytest.raises(RegistryError) as caught:
            client_of(script).manifest("app", "1")
    assert (caught.value.code, "is denied" in caught.value.message) == ("unauthorized", True)
    assert str(caught.value.hint).startswith("me is logged in")


@pytest.mark.parametrize(("status", "code"), [(429, "too-many-requests"), (503, "server-error"), (418, "bad-answer")])
def test_a_token_server_in_trouble(status: int, code: str) -> None:
    with (
        scripted(*[Reply(status)] * 2) as tokens,
        scripted(asks(f"http://{tokens.address}/token")) as script,
        pytest.raises(RegistryError) as caught,
    ):
        client_of(script).manifest("app", "1")
    assert caught.value.code == code


def test_a_login_that_is_refused_is_not_quoted() -> None:
    with scripted(Reply(401)) as tokens, scripted(asks(f"http://{tokens.address}/token")) as script:
        with pytest.raises(RegistryError) as caught:
            client_of(script).manifest("app", "1")
        assert caught.value.code == "unauthorized"
        assert "the login of me" in caught.value.message
        assert "s3cret" not in f"{caught.value.message}{caught.value.hint}"


def test_a_token_server_that_redirects_does_not_pass_the_login_on() -> None:
    with scripted(Reply(200, b'{"token": "t"}')) as thief:
        away = Reply(307, headers=(("Location", f"http://{thief.address}/token"),))
        with scripted(away) as tokens, scripted(asks(f"http://{tokens.address}/t"), Reply(200, MANIFEST)) as script:
            client_of(script).manifest("app", "1")
            assert tokens.seen[0].headers["authorization"] == BASIC
        assert "authorization" not in thief.seen[0].headers


def answer(realm: str, url: str, login: Login | None = LOGIN, servers: tuple[str, ...] = ()) -> Callable[[], None]:
    """Answers a challenge of the registry at `url` without any network: whoever is asked is a reason to fail."""
    transport = Transport(Patience(attempts=1, connect_timeout_s=0.1, read_timeout_s=0.1))
    authorizer = Authorizer(Owner("registry.example", servers), transport, lambda: login)
    return lambda: authorizer.answer(f'Bearer realm="{realm}"', ("repository:a:pull",), Endpoint(url), {})


@pytest.mark.parametrize(
    ("realm", "url", "code"),
    [
        ("https://evil.test/token", "https://registry.example", "foreign-token-server"),
        ("https://registry.example.evil.test/token", "https://registry.example", "foreign-token-server"),
        ("https://registry.example@evil.test/token", "https://registry.example", "foreign-token-server"),
        ("https://auth.other.co.uk/token", "https://registry.mine.co.uk", "foreign-token-server"),
        ("https://10.0.0.1/token", "https://10.0.0.2", "foreign-token-server"),
        ("https://127.0.0.1:1/token", "https://registry.example", "foreign-token-server"),
        ("http://registry.example/token", "https://registry.example", "bad-answer"),
        ("http://127.0.0.1:1/token", "https://registry.example", "bad-answer"),
        ("http://registry.example:8080/token", "http://registry.example:5000", "bad-answer"),
        ("ftp://registry.example/token", "https://registry.example", "bad-answer"),
        ("file:///etc/passwd", "https://registry.example", "bad-answer"),
        ("https://[::1/token", "https://registry.example", "bad-answer"),
        ("https://registry.example:99999/token", "https://registry.example", "bad-answer"),
        ("//registry.example/token", "https://registry.example", "bad-answer"),
    ],
)
def test_a_challenge_that_points_elsewhere(realm: str, url: str, code: str) -> None:
    with pytest.raises(RegistryError) as caught:
        answer(realm, url)()
    assert caught.value.code == code


def test_the_user_may_name_a_token_server() -> None:
    with pytest.raises(RegistryError) as caught:
        answer("https://127.0.0.1:1/token", "https://registry.example", servers=("127.0.0.1",))()
    assert caught.value.code == "unreachable"


def test_without_a_login_there_is_nothing_to_lose() -> None:
    with pytest.raises(RegistryError) as caught:
        answer("https://127.0.0.1:1/token", "https://registry.example", login=None)()
    assert caught.value.code == "unreachable"


@given(st.text(alphabet='abc.:/@[]#?%\\"= ,', max_size=40))
def test_no_challenge_makes_a_bug(realm: str) -> None:
    with pytest.raises(BuilderError):
        answer(realm, "https://registry.example")()


@pytest.mark.parametrize(
    ("host", "other", "same"),
    [
        ("auth.docker.io", "registry-1.docker.io", True), ("gitlab.com", "registry.gitlab.com", True),
        ("example.com", "example.com", True), ("a.example.com", "b.example.net", False),
        ("evil.com", "registry.com", False), ("com", "registry.com", False), ("a.co.uk", "b.co.uk", False),
        ("auth.a.co.uk", "registry.a.co.uk", True), ("1.2.3.4", "9.2.3.4", False),
        ("notexample.com", "example.com", False),
    ],
)  # fmt: skip
def test_one_owner(host: str, other: str, same: bool) -> None:
    assert _same_owner(host, other) is same
