"""Who may come in, over http and https; and what a read-only registry lets them do."""

from __future__ import annotations

import base64
from collections.abc import Generator
from pathlib import Path

import bcrypt
import pytest

from builder.errors import UsageError
from builder.registry.server.access import parse_htpasswd
from tests.registry.server.certificates import make_certificate
from tests.registry.server.web import Web
from tests.support.registry import own_registry


def entry(name: str, password: str, prefix: bytes = b"2b") -> str:
    hashed = bcrypt.hashpw(password.encode(), bcrypt.gensalt(4))
    return f"{name}:{hashed.replace(b'2b', prefix, 1).decode()}\n"


def basic(name: str, password: str) -> str:
    return "Basic " + base64.b64encode(f"{name}:{password}".encode()).decode()


@pytest.fixture(scope="module")
def users(tmp_path_factory: pytest.TempPathFactory) -> Path:
    file = tmp_path_factory.mktemp("users") / "htpasswd"
    file.write_text("# who may\n\n" + entry("alice", "wonder:land") + entry("ünal", "geheim", b"2y"))
    return file


@pytest.fixture(scope="module")
def guarded(users: Path) -> Generator[Web]:
    with own_registry(str(users.parent / "root"), "--htpasswd", str(users)) as address:
        yield Web(address)


@pytest.mark.parametrize(
    "header",
    [
        *("", "Basic", "Basic !", "Basic YQ==", "Bearer abc", basic("alice", "wrong"), basic("nobody", "wonder:land")),
        *(basic("", ""), basic("alice", ""), basic("alice", "a\0b"), basic("alice", "x" * 5000)),
    ],
)
def test_without_the_right_password_nothing_is_shown(guarded: Web, header: str) -> None:
    for path in ("/v2/", "/v2/app/manifests/1", "/nothing"):
        answer = guarded.ask("GET", path, **({"Authorization": header} if header else {}))
        assert (answer.status, answer.code) == (401, "UNAUTHORIZED")
        assert answer.headers["WWW-Authenticate"].startswith('Basic realm="')


def test_with_it_everything_is(guarded: Web) -> None:
    for name, password in (("alice", "wonder:land"), ("ünal", "geheim")):
        for _ in range(2):
            assert guarded.ask("GET", "/v2/", Authorization=basic(name, password)).status == 200
    assert guarded.ask("GET", "/v2/", Authorization=basic("alice", "wonder:lane")).status == 401


def test_users_come_and_go_while_it_runs(guarded: Web, users: Path) -> None:
    before = users.read_text()
    assert guarded.ask("GET", "/v2/", Authorization=basic("bob", "builder")).status == 401
    users.write_text(entry("bob", "builder"))
    assert guarded.ask("GET", "/v2/", Authorization=basic("bob", "builder")).status == 200
    assert guarded.ask("GET", "/v2/", Authorization=basic("alice", "wonder:land")).status == 401
    users.write_text(before)


def test_the_log_has_names_and_no_passwords(guarded: Web, users: Path) -> None:
    guarded.ask("GET", "/v2/logged/tags/list", Authorization=basic("alice", "wonder:land"))
    log = (users.parent / "root.log").read_text()
    assert '"alice" GET "/v2/logged/tags/list" 404' in log
    assert "wonder" not in log
    assert base64.b64encode(b"alice:wonder:land").decode() not in log


@pytest.mark.parametrize("line", ["alice:{SHA}x", "alice", ":$2y$05$x", "alice:plain", "alice:$apr1$x$y"])
def test_only_bcrypt_is_taken(line: str) -> None:
    with pytest.raises(UsageError) as raised:
        parse_htpasswd(f"\n{line}\n".encode(), "users")
    assert raised.value.code == "bad-htpasswd"
    assert "users:2" in raised.value.message


def test_tls(tmp_path: Path) -> None:
    certificate, key = make_certificate(tmp_path)
    options = ["--tls-cert", certificate, "--tls-key", key]
    with own_registry(str(tmp_path / "root"), *options) as address:
        web = Web(address, certificate)
        blob = web.push("tls/app", b"0123456789" * 1_000_000)
        answer = web.ask("GET", f"/v2/tls/app/blobs/{blob['digest']}")
        assert answer.body == b"0123456789" * 1_000_000
        assert web.ask("GET", f"/v2/tls/app/blobs/{blob['digest']}", Range="bytes=5-6").body == b"56"


def test_a_read_only_registry(tmp_path: Path) -> None:
    root = str(tmp_path / "root")
    with own_registry(root, "-q") as address:
        image = Web(address).image("only/app", "1")
    with own_registry(root, "-q", "--read-only") as address:
        web = Web(address)
        assert web.ask("GET", "/v2/only/app/manifests/1").status == 200
        for method, path in (
            ("POST", "/v2/only/app/blobs/uploads/"),
            ("PUT", "/v2/only/app/manifests/2"),
            ("DELETE", f"/v2/only/app/manifests/{image['digest']}"),
            ("DELETE", f"/v2/only/app/blobs/{image['digest']}"),
        ):
            answer = web.ask(method, path)
            assert (answer.status, answer.code) == (405, "UNSUPPORTED")
            assert "PUT" not in answer.headers["Allow"]
