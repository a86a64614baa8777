"""Registries with logins and certificates, through the command, beside docker's own files."""

from __future__ import annotations

import base64
import json
import subprocess
from collections.abc import Generator
from pathlib import Path

import pytest

from tests.support.cli import Pybuild, write
from tests.support.guarded import (
    GUARDED,
    PASSWORD,
    USER,
    Authority,
    Guard,
    guarded_docker_registry,
    make_authority,
    make_htpasswd,
)
from tests.support.proxy import Fault, running_proxy
from tests.support.registry import running_registry


@pytest.fixture(scope="module")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    return make_authority(tmp_path_factory.mktemp("authority"))


@pytest.fixture(scope="module", params=GUARDED)
def guarded(
    request: pytest.FixtureRequest, authority: Authority, tmp_path_factory: pytest.TempPathFactory
) -> Generator[str]:
    """https, and a login for everything."""
    folder = tmp_path_factory.mktemp("guarded")
    guard = Guard(make_htpasswd(folder / "users"), authority)
    with GUARDED[request.param](str(folder / "registry"), guard) as address:
        yield address


class User:
    """Someone with docker's folder, and a small image."""

    def __init__(self, pybuild: Pybuild, home: Path) -> None:
        self.pybuild = pybuild
        self.docker = home / ".docker"
        self.docker.mkdir(parents=True)
        self.config = self.docker / "config.json"
        self.env = {"HOME": str(home)}
        write(pybuild.cwd, {"Buildfile": "FROM scratch\nCOPY Buildfile /\n"})

    def run(self, *args: str, code: int = 0, stdin: bytes | None = None) -> subprocess.CompletedProcess[str]:
        return self.pybuild.run(*args, code=code, stdin=stdin, env=self.env)

    def trust(self, registry: str, authority: Authority) -> Path:
        folder = self.docker / "certs.d" / registry
        folder.mkdir(parents=True)
        (folder / "ca.crt").write_bytes(authority.ca.read_bytes())
        return folder

    def log_in(self, registry: str, password: str = PASSWORD, code: int = 0) -> subprocess.CompletedProcess[str]:
        return self.run("login", "-u", USER, "--password-stdin", registry, code=code, stdin=password.encode() + b"\n")


@pytest.fixture
def user(pybuild: Pybuild, tmp_path: Path) -> User:
    return User(pybuild, tmp_path / "home")


def test_login_push_pull_logout(user: User, guarded: str, authority: Authority) -> None:
    user.trust(guarded, authority)
    user.config.write_text('{"proxies": {"default": {}}, "auths": {"other.example": {"auth": "YTpi"}}}')
    name = f"{guarded}/team/app:1"
    refused = user.run("build", "-t", name, "--push", code=1)
    assert f"pybuild login {guarded}" in refused.stderr
    wrong = user.log_in(guarded, "wrong", code=1)
    assert wrong.stderr.startswith(f"error: {guarded} refuses this name and password\n")
    assert "wrong" not in wrong.stderr

    done = user.log_in(guarded)
    assert "Login Succeeded" in done.stdout
    assert "unencrypted" in done.stderr
    kept = json.loads(user.config.read_text())
    assert base64.b64decode(kept["auths"][guarded]["auth"]).decode() == f"{USER}:{PASSWORD}"
    assert kept["auths"]["other.example"] == {"auth": "YTpi"}
    assert "proxies" in kept
    assert user.config.stat().st_mode & 0o777 == 0o600

    user.run("build", "-t", name, "--push")
    user.run("pull", name)
    assert user.run("tags", name).stdout == "1\n"
    inspect = ["skopeo", "inspect", "--cert-dir", str(user.docker / "certs.d" / guarded), f"docker://{name}"]
    login = ["--authfile", str(user.config)]
    subprocess.run([*inspect[:2], *login, *inspect[2:]], check=True, capture_output=True)

    assert user.run("logout", guarded).stdout == f"Removing login credentials for {guarded}\n"
    assert user.run("logout", guarded).stdout == f"Not logged in to {guarded}\n"
    assert json.loads(user.config.read_text())["auths"] == {"other.example": {"auth": "YTpi"}}
    assert "login" in user.run("pull", name, code=1).stderr


def test_https_on_this_machine_is_believed_where_no_authority_is_kept_for_it(user: User, guarded: str) -> None:
    assert "Warning:" not in user.log_in(guarded).stderr  # of urllib3
    user.run("build", "-t", f"{guarded}/believed/app:1", "--push")


def test_a_certificate_of_nobody_we_know(user: User, guarded: str, tmp_path: Path) -> None:
    """An authority for this host that is another one: what is kept for a host is what it is held to."""
    user.trust(guarded, make_authority(tmp_path / "other"))
    done = user.run("tags", f"{guarded}/team/app", code=1)
    assert "no certificate that this machine trusts" in done.stderr
    assert "certs.d" in done.stderr
    user.run("tags", "--insecure-registry", guarded, f"{guarded}/team/app", code=1)


def test_a_helper_keeps_the_login(user: User, guarded: str, authority: Authority, tmp_path: Path) -> None:
    programs = tmp_path / "bin"
    programs.mkdir()
    helper = programs / "docker-credential-notebook"
    helper.write_text(f"""#!/bin/sh
case "$1" in
store) cat > {tmp_path}/notebook ;;
get) read server; [ -e {tmp_path}/notebook ] && exec cat {tmp_path}/notebook
     echo credentials not found in native keychain; exit 1 ;;
erase) rm {tmp_path}/notebook ;;
esac
""")
    helper.chmod(0o755)
    user.env["PATH"] = f"{programs}:/usr/bin:/bin"
    user.trust(guarded, authority)
    user.config.write_text(json.dumps({"credHelpers": {guarded: "notebook"}}))
    done = user.log_in(guarded)
    assert "unencrypted" not in done.stderr
    assert json.loads((tmp_path / "notebook").read_text()) == {
        "ServerURL": guarded, "Username": USER, "Secret": PASSWORD
    }  # fmt: skip
    assert PASSWORD not in user.config.read_text()
    user.run("build", "-t", f"{guarded}/helper/app:1", "--push")
    user.run("logout", guarded)
    assert not (tmp_path / "notebook").exists()

    helper.unlink()
    done = user.run("pull", f"{guarded}/helper/app:1", code=1)
    assert "docker-credential-notebook is not installed" in done.stderr


def test_a_client_certificate(user: User, authority: Authority, tmp_path: Path) -> None:
    with guarded_docker_registry(str(tmp_path / "registry"), Guard(None, authority, wants_client=True)) as address:
        folder = user.trust(address, authority)
        name = f"{address}/mutual/app:1"
        user.run("build", "-t", name, "--push", code=1)
        certificate, key = authority.client
        (folder / "client.cert").write_bytes(certificate.read_bytes())
        assert "client.key" in user.run("build", "-t", name, "--push", code=2).stderr
        (folder / "client.key").write_bytes(key.read_bytes())
        user.run("build", "-t", name, "--push")
        user.run("pull", name)


def test_plain_http_is_for_hosts_that_are_listed(user: User, tmp_path: Path) -> None:
    """A name that is not this machine's; a proxy for plain http leads to the registry all the same."""
    other = "registry.invalid:5000"
    with running_registry(str(tmp_path / "registry")) as address, running_proxy(address) as proxy:
        user.env |= {"http_proxy": f"http://{proxy.address}", "https_proxy": "", "no_proxy": ""}
        name = f"{other}/plain/app:1"
        assert other.partition(":")[0] in user.run("build", "-t", name, "--push", code=1).stderr
        assert proxy.take() == [], "nothing is said in clear"
        user.run("build", "-t", name, "--push", "--insecure-registry", other)
        user.run("build", "-o", f"type=registry,name={name},registry.insecure=true")
        user.run("pull", name, code=1)
        config = tmp_path / "home" / ".config" / "pybuild" / "config.toml"
        write(config.parent, {"config.toml": f'[registries]\ninsecure = ["{other}"]\n'})
        user.run("pull", name)


def test_a_mirror_comes_first_and_the_registry_behind_it(user: User, tmp_path: Path) -> None:
    with (
        running_registry(str(tmp_path / "registry")) as address,
        running_proxy(address) as mirror,
        running_proxy(address) as origin,
    ):
        user.run("build", "-t", f"{address}/team/app:1", "--push")
        config = tmp_path / "home" / ".config" / "pybuild" / "config.toml"
        config.parent.mkdir(parents=True)
        config.write_text(f'[registries.mirrors]\n"{origin.address}" = ["http://{mirror.address}"]\n')
        user.run("pull", f"{origin.address}/team/app:1")
        assert origin.take() == []
        assert mirror.take()
        mirror.fail(".*", *[Fault(404)] * 50)
        user.run("pull", f"{origin.address}/team/app:1")
        assert origin.take()
        user.run("build", "-t", f"{origin.address}/team/other:1", "--push")
        assert not [item for item in mirror.take() if item.method not in ("GET", "HEAD")]
        config.write_text('[registries.mirrors]\n"docker.io" = ["http://mirror.example"]\n')
        assert "plain http" in user.run("pull", "debian", code=2).stderr


@pytest.mark.parametrize(
    ("words", "stdin", "text"),
    [
        (["login", "127.0.0.1:1"], b"", "-u NAME"),
        (["login", "-u", "a:b", "--password-stdin", "127.0.0.1:1"], b"x", "no colon"),
        (["login", "-u", "a", "--password-stdin", "127.0.0.1:1"], b"", "empty"),
        (["login", "-u", "a", "127.0.0.1:1"], b"x", "--password-stdin"),
    ],
)
def test_usage_of_login(user: User, words: list[str], stdin: bytes, text: str) -> None:
    assert text in user.run(*words, code=2, stdin=stdin).stderr


def test_what_is_no_registry(user: User) -> None:
    assert "not a registry" in user.run("logout", "not a host", code=1).stderr
