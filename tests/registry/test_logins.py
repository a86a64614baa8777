"""Logins as docker keeps them."""

from __future__ import annotations

import base64
import json
import os
import tempfile
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from builder.configuration.docker import docker_file
from builder.errors import UsageError
from builder.registry.logins.kept import Logins
from builder.registry.logins.types import Login

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=10), inner, max_size=3),
    max_leaves=10,
)


def logins(tmp_path: Path, value: object = None) -> Logins:
    path = tmp_path / "config.json"
    if value is not None:
        path.write_text(json.dumps(value))
    return Logins(str(path))


def encoded(text: str) -> str:
    return base64.b64encode(text.encode()).decode()


@given(st.text(st.characters(codec="utf-8", exclude_characters=":\0"), min_size=1), st.text(min_size=1))
def test_what_is_kept_is_found(user: str, password: str) -> None:
    if password.endswith("\0"):
        return  # docker takes these off, too
    with tempfile.TemporaryDirectory() as folder:
        kept = Logins(f"{folder}/new/config.json")
        kept.keep("registry.example:5000", Login(user, password))
        assert kept.find("registry.example:5000") == Login(user, password)
        assert kept.find("registry.example") is None
        assert kept.find("docker.io") is None
        assert kept.forget("registry.example:5000")
        assert kept.find("registry.example:5000") is None
        assert not kept.forget("registry.example:5000")


@given(st.dictionaries(st.sampled_from(["auths", "credsStore", "credHelpers", "HttpHeaders"]), JSON))
def test_any_file_gives_a_login_or_an_error(value: object) -> None:
    with tempfile.TemporaryDirectory() as folder:
        try:
            logins(Path(folder), value).find("registry.example")
        except UsageError as error:
            assert error.code in ("bad-docker-config", "login-helper")  # noqa: PT017


@given(st.dictionaries(st.sampled_from(["auth", "username", "password", "identitytoken", "registrytoken"]), JSON))
def test_any_entry_gives_a_login_or_an_error_without_its_secret(entry: dict[str, object]) -> None:
    with tempfile.TemporaryDirectory() as folder:
        kept = logins(Path(folder), {"auths": {"registry.example": {**entry, "note": "s3cret"}}})
        try:
            found = kept.find("registry.example")
        except UsageError as error:
            assert "s3cret" not in error.message  # noqa: PT017
        else:
            assert found is None or found.password or found.identity_token or found.registry_token


@pytest.mark.parametrize("key", ["registry.example", "https://registry.example", "https://registry.example/v1/"])
def test_old_spellings_of_a_registry(tmp_path: Path, key: str) -> None:
    kept = logins(tmp_path, {"auths": {key: {"auth": encoded("a:b:c")}}})
    assert kept.find("registry.example") == Login("a", "b:c")
    kept.keep("registry.example", Login("new", "one"))
    assert list(json.loads((tmp_path / "config.json").read_text())["auths"]) == ["registry.example"]


def test_docker_hub_has_a_name_of_its_own(tmp_path: Path) -> None:
    kept = logins(tmp_path)
    kept.keep("docker.io", Login("a", "b"))
    assert list(json.loads((tmp_path / "config.json").read_text())["auths"]) == ["https://index.docker.io/v1/"]
    assert kept.find("docker.io") == Login("a", "b")


@pytest.mark.parametrize("key", ["docker.io", "index.docker.io", "https://registry-1.docker.io/v2/"])
def test_other_tools_names_for_docker_hub(tmp_path: Path, key: str) -> None:
    kept = logins(tmp_path, {"auths": {key: {"auth": encoded("me:a:b:c")}, "other.example": {}}})
    assert kept.find("docker.io") == Login("me", "a:b:c")
    assert kept.forget("docker.io")
    assert kept.find("docker.io") is None
    assert list(json.loads(Path(kept.path).read_text())["auths"]) == ["other.example"]


def test_what_docker_writes_counts_before_what_others_write(tmp_path: Path) -> None:
    entries = {"docker.io": {"auth": encoded("old:p")}, "https://index.docker.io/v1/": {"auth": encoded("new:p")}}
    assert logins(tmp_path, {"auths": entries}).find("docker.io") == Login("new", "p")


def test_a_registry_may_be_taken_from_everybody_s_helper(tmp_path: Path) -> None:
    members = {
        "credsStore": "missing",
        "credHelpers": {"a.example": ""},
        "auths": {"a.example": {"auth": encoded("u:p")}},
    }
    assert logins(tmp_path, members).find("a.example") == Login("u", "p")


@pytest.mark.parametrize("key", ["https://index.docker.io/v1/", "index.docker.io", "docker.io"])
def test_docker_hub_s_own_helper(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, key: str) -> None:
    program(tmp_path, monkeypatch, 'read server; echo "{\\"Username\\": \\"u\\", \\"Secret\\": \\"$server\\"}"')
    found = logins(tmp_path, {"credsStore": "missing", "credHelpers": {key: "test"}}).find("docker.io")
    assert found == Login("u", "https://index.docker.io/v1/")


def test_tokens(tmp_path: Path) -> None:
    kept = logins(tmp_path, {"auths": {"a.example": {"auth": encoded("a:"), "identitytoken": "t"},
                                       "b.example": {"registrytoken": "r"}, "c.example": {}}})  # fmt: skip
    assert kept.find("a.example") == Login("a", "", "t")
    assert kept.find("b.example") == Login("", "", "", "r")
    assert kept.find("c.example") is None
    kept.keep("d.example", Login("x", identity_token="t2"))  # noqa: S106
    assert kept.find("d.example") == Login("x", "", "t2")


@pytest.mark.parametrize("auth", ["%%%", encoded("nocolon"), "YQ"])
def test_a_damaged_entry_is_named_and_not_quoted(tmp_path: Path, auth: str) -> None:
    with pytest.raises(UsageError) as caught:
        logins(tmp_path, {"auths": {"registry.example": {"auth": auth}}}).find("registry.example")
    assert caught.value.code == "bad-docker-config"
    assert auth not in caught.value.message


def test_without_a_home_no_file_of_the_working_directory_is_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It may be a hostile checkout, whose config.json would name a helper to run."""
    logins(tmp_path, {"auths": {"registry.example": {"auth": encoded("a:b")}}})
    monkeypatch.chdir(tmp_path)
    kept = Logins(docker_file({}))
    assert kept.find("registry.example") is None
    with pytest.raises(UsageError) as caught:
        kept.keep("registry.example", Login("a", "b"))
    assert caught.value.code == "no-home"


def test_the_text_of_a_login_has_no_secret() -> None:
    assert "s3cret" not in f"{Login('me', 's3cret', 's3cret', 's3cret')} {Login('me', 's3cret')!r}"


def test_a_link_stays_a_link_and_the_file_private(tmp_path: Path) -> None:
    real = tmp_path / "dotfiles" / "docker.json"
    real.parent.mkdir()
    real.write_text('{"psFormat": "x"}')
    real.chmod(0o644)
    (tmp_path / "config.json").symlink_to(real)
    logins(tmp_path).keep("registry.example", Login("a", "b"))
    assert (tmp_path / "config.json").is_symlink()
    assert real.stat().st_mode & 0o777 == 0o600
    assert json.loads(real.read_text())["psFormat"] == "x"
    assert os.listdir(real.parent) == ["docker.json"]


@pytest.mark.parametrize("name", ["../evil", "a/b", "", " ", "-x", "a" * 200, "a;b"])
def test_what_is_no_helper_s_name_is_not_run(tmp_path: Path, name: str) -> None:
    kept = logins(tmp_path, {"credsStore": name})
    if not name:
        assert kept.find("registry.example") is None
        return
    with pytest.raises(UsageError) as caught:
        kept.find("registry.example")
    assert caught.value.code == "login-helper"


def program(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, text: str) -> None:
    path = tmp_path / "bin" / "docker-credential-test"
    path.parent.mkdir()
    path.write_text(f"#!/bin/sh\n{text}\n")
    path.chmod(0o755)
    monkeypatch.setenv("PATH", f"{path.parent}:/usr/bin:/bin")


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ('echo \'{"Username": "me", "Secret": "x"}\'', Login("me", "x")),
        ('echo \'{"Username": "<token>", "Secret": "t"}\'', Login(identity_token="t")),  # noqa: S106
        ('echo "credentials not found in native keychain"; exit 1', None),
        ('echo \'{"Username": "", "Secret": ""}\'', None),
    ],
)
def test_what_helpers_say(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, text: str, found: Login | None) -> None:
    program(tmp_path, monkeypatch, text)
    assert logins(tmp_path, {"credsStore": "test"}).find("registry.example") == found


@pytest.mark.parametrize(
    "text", ["echo nonsense", "echo '{}'", "echo '[1]'", "exit 3", 'echo \'{"Username": 1, "Secret": 2}\'']
)
def test_a_helper_that_fails(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, text: str) -> None:
    program(tmp_path, monkeypatch, text)
    with pytest.raises(UsageError) as caught:
        logins(tmp_path, {"credHelpers": {"registry.example": "test"}}).find("registry.example")
    assert caught.value.code == "login-helper"


def test_one_registry_s_helper_comes_before_everybody_s(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    program(tmp_path, monkeypatch, 'read server; echo "{\\"Username\\": \\"$server\\", \\"Secret\\": \\"x\\"}"')
    value = {"credsStore": "missing", "credHelpers": {"registry.example": "test"}}
    assert logins(tmp_path, value).find("registry.example") == Login("registry.example", "x")
    with pytest.raises(UsageError):
        logins(tmp_path, value).find("other.example")
