"""Requests to a registry, with nothing in between that repairs or retries."""

from __future__ import annotations

import hashlib
import json
from typing import Any, NamedTuple

import urllib3

OCI_MANIFEST = "application/vnd.oci.image.manifest.v1+json"
OCI_INDEX = "application/vnd.oci.image.index.v1+json"


class Answer(NamedTuple):
    status: int
    headers: urllib3.HTTPHeaderDict
    body: bytes

    @property
    def json(self) -> Any:
        return json.loads(self.body)

    @property
    def code(self) -> str:
        """Of the first error."""
        return str(self.json["errors"][0]["code"])


class Web:
    def __init__(self, address: str, certificate: str | None = None) -> None:
        """With a `certificate` to trust it is https."""
        self.base = f"{'https' if certificate else 'http'}://{address}"
        self._pool = urllib3.PoolManager(retries=False, timeout=60, ca_certs=certificate)

    def ask(self, method: str, path: str, body: Any = None, **headers: str) -> Answer:
        """Underscores in names of headers stand for dashes. A location as an answer gives it is a path too."""
        url = path if path.startswith("http") else self.base + path
        sent = {name.replace("_", "-"): value for name, value in headers.items()}
        answer = self._pool.request(method, url, body=body, headers=sent, redirect=False)
        return Answer(answer.status, answer.headers, answer.data)

    def begin(self, repository: str) -> str:
        """The location of a new upload."""
        answer = self.ask("POST", f"/v2/{repository}/blobs/uploads/")
        assert answer.status == 202
        return answer.headers["Location"]

    def push(self, repository: str, data: bytes) -> dict[str, Any]:
        """A descriptor of the blob, which is there afterwards."""
        digest = digest_of(data)
        answer = self.ask("PUT", ended(self.begin(repository), digest), data)
        assert answer.status == 201, answer
        return {"mediaType": "application/octet-stream", "digest": digest, "size": len(data)}

    def put(self, repository: str, reference: str, value: dict[str, Any]) -> Answer:
        return self.ask(
            "PUT", f"/v2/{repository}/manifests/{reference}", json.dumps(value), Content_Type=value["mediaType"]
        )

    def image(self, repository: str, reference: str = "", **members: Any) -> dict[str, Any]:
        """A descriptor of a new image with one small layer."""
        value = image_of(self.push(repository, b"{}"), self.push(repository, reference.encode()), **members)
        data = json.dumps(value).encode()
        answer = self.put(repository, reference or digest_of(data), value)
        assert answer.status == 201, answer
        return {"mediaType": OCI_MANIFEST, "digest": answer.headers["Docker-Content-Digest"], "size": len(data)}


def image_of(config: dict[str, Any], *layers: dict[str, Any], **members: Any) -> dict[str, Any]:
    return {"schemaVersion": 2, "mediaType": OCI_MANIFEST, "config": config, "layers": list(layers), **members}


def digest_of(data: bytes, algorithm: str = "sha256") -> str:
    return f"{algorithm}:{hashlib.new(algorithm, data).hexdigest()}"


def ended(location: str, digest: str) -> str:
    return f"{location}{'&' if '?' in location else '?'}digest={digest}"
