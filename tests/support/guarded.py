"""Registries that want a login, and https with certificates of an authority of our own."""

from __future__ import annotations

import subprocess
from collections.abc import Callable, Generator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from typing import NamedTuple

import bcrypt

from tests.support.registry import own_registry, running_registry

USER, PASSWORD = "me", "s3cret: with a colon"


class Authority(NamedTuple):
    """Files of certificates and keys."""

    folder: Path

    @property
    def ca(self) -> Path:
        return self.folder / "ca.crt"

    @property
    def server(self) -> tuple[Path, Path]:
        return self.folder / "server.crt", self.folder / "server.key"

    @property
    def client(self) -> tuple[Path, Path]:
        return self.folder / "client.crt", self.folder / "client.key"


def make_authority(folder: Path) -> Authority:
    """One that vouches for 127.0.0.1 and for a client."""
    folder.mkdir(parents=True, exist_ok=True)

    def openssl(*words: str) -> None:
        subprocess.run(["openssl", *words], cwd=folder, check=True, capture_output=True)

    curve = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "2"]
    openssl("req", "-x509", *curve, "-keyout", "ca.key", "-out", "ca.crt", "-subj", "/CN=tests")
    for name, extra in (
        ("server", "subjectAltName=IP:127.0.0.1,DNS:localhost"),
        ("client", "keyUsage=digitalSignature"),
    ):
        signed = ["-CA", "ca.crt", "-CAkey", "ca.key", "-addext", extra, "-addext", "basicConstraints=CA:FALSE"]
        openssl(
            "req", "-x509", *curve, *signed, "-keyout", f"{name}.key", "-out", f"{name}.crt", "-subj", f"/CN={name}"
        )
    return Authority(folder)


class Guard(NamedTuple):
    htpasswd: Path | None = None
    authority: Authority | None = None
    wants_client: bool = False
    """Only docker-registry knows client certificates."""


def make_htpasswd(path: Path) -> Path:
    path.write_bytes(USER.encode() + b":" + bcrypt.hashpw(PASSWORD.encode(), bcrypt.gensalt(4)) + b"\n")
    return path


@contextmanager
def guarded_docker_registry(folder: str, guard: Guard) -> Generator[str]:
    more = ""
    if guard.authority:
        certificate, key = guard.authority.server
        more += f"  tls:\n    certificate: {certificate}\n    key: {key}\n"
        more += f"    clientcas: [{guard.authority.ca}]\n" if guard.wants_client else ""
    if guard.htpasswd:
        more += f"auth:\n  htpasswd:\n    realm: tests\n    path: {guard.htpasswd}\n"
    with running_registry(folder, more) as address:
        yield address


@contextmanager
def guarded_own_registry(folder: str, guard: Guard) -> Generator[str]:
    options: list[str] = ["--htpasswd", str(guard.htpasswd)] if guard.htpasswd else []
    if guard.authority:
        certificate, key = guard.authority.server
        options += ["--tls-cert", str(certificate), "--tls-key", str(key)]
    with own_registry(folder, *options) as address:
        yield address


GUARDED: dict[str, Callable[[str, Guard], AbstractContextManager[str]]] = {
    "docker-registry": guarded_docker_registry,
    "pybuild": guarded_own_registry,
}
