"""The verbs of the distribution protocol that pulling needs (distribution-spec, section Pull)."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import NamedTuple

from urllib3 import BaseHTTPResponse
from urllib3.exceptions import HTTPError

from builder.errors import ImageError, RegistryError
from builder.model import media_types
from builder.model.descriptor import Descriptor
from builder.model.digest import Digest
from builder.registry.auth import Authorizer
from builder.registry.hosts import base_url
from builder.registry.transport import Answer, Request, Transport, release, unreachable

_ACCEPT = ", ".join(sorted(media_types.MANIFESTS | media_types.INDEXES))
_CHUNK = 1 << 18


class FetchedManifest(NamedTuple):
    """A manifest or index as the registry sent it: `descriptor` tells media type, digest and size of `data`."""

    descriptor: Descriptor
    data: bytes


class Client:
    """One registry, named as images name it. Safe to share between threads."""

    def __init__(self, domain: str, transport: Transport) -> None:
        self.domain = domain
        self._transport = transport
        self._url = base_url(domain)
        self._authorizer = Authorizer(domain, transport)

    def manifest(self, repository: str, reference: str) -> FetchedManifest:
        """The manifest or index under a tag or digest; a digest has been checked. Raises RegistryError `not-found`."""
        answer = self._ask("GET", repository, f"manifests/{reference}", reference)
        digest = Digest.of(answer.body)
        promised = reference if ":" in reference else answer.headers.get("docker-content-digest", "")
        if promised.startswith("sha256:") and promised != digest:
            raise RegistryError("digest-mismatch", f"{self.domain} sends {digest} where {promised} was promised")
        return FetchedManifest(Descriptor(_media_type(answer, self.domain), digest, len(answer.body)), answer.body)

    def manifest_digest(self, repository: str, reference: str) -> Digest | None:
        """What a tag means at present, without its content; None when the registry does not tell."""
        answer = self._ask("HEAD", repository, f"manifests/{reference}", reference)
        try:
            return Digest.parse(answer.headers.get("docker-content-digest"))
        except ImageError:
            return None

    def blob(self, repository: str, descriptor: Descriptor) -> Iterator[bytes]:
        """The blob's bytes, exactly `descriptor.size` of them; a dropped connection is taken up where it broke off.
        The digest is for the caller to check, who sees the bytes anyway."""
        received, failures, patience = 0, 0, self._transport.patience
        while received < descriptor.size:
            broken: RegistryError | None = None
            response = self._open_blob(repository, descriptor, received)
            try:
                for chunk in self._rest_of(response, descriptor, received):
                    yield chunk
                    received += len(chunk)
                    failures = 0
            except HTTPError as error:
                broken = unreachable(self._url, error)
            finally:
                release(response)
            if received < descriptor.size:
                failures += 1
                if failures >= patience.attempts:
                    raise broken or RegistryError("bad-answer", f"{self.domain} sends {descriptor.digest} incomplete")
                self._transport.sleep(patience.delay_s(failures))

    def _rest_of(self, response: BaseHTTPResponse, descriptor: Descriptor, start: int) -> Iterator[bytes]:
        """Bytes from `start` on, as far as this connection carries, never more than there should be."""
        position = _first_byte(response, start, self.domain)
        for chunk in response.stream(_CHUNK, decode_content=False):
            position += len(chunk)
            if position > descriptor.size:
                raise RegistryError("bad-answer", f"{self.domain} sends more than the size of {descriptor.digest}")
            if position > start:
                yield chunk[max(0, len(chunk) - (position - start)) :]
                start = position

    def _open_blob(self, repository: str, descriptor: Descriptor, start: int) -> BaseHTTPResponse:
        scope = f"repository:{repository}:pull"
        url = self._address(repository, f"blobs/{descriptor.digest}")
        for is_last in (False, True):
            headers = self._authorizer.headers(scope) | ({"Range": f"bytes={start}-"} if start else {})
            response = self._transport.open(Request("GET", url, headers))
            if response.status in (200, 206):
                return response
            status, challenge = response.status, response.headers.get("WWW-Authenticate", "")
            release(response)
            if status != 401 or is_last:
                break
            self._authorizer.answer(challenge, scope)
        raise self._refused(status, f"a blob of {repository}")

    def _ask(self, method: str, repository: str, path: str, reference: str) -> Answer:
        scope = f"repository:{repository}:pull"
        url = self._address(repository, path)
        answer = self._transport.fetch(Request(method, url, {"Accept": _ACCEPT, **self._authorizer.headers(scope)}))
        if answer.status == 401:
            self._authorizer.answer(answer.headers.get("www-authenticate", ""), scope)
            answer = self._transport.fetch(Request(method, url, {"Accept": _ACCEPT, **self._authorizer.headers(scope)}))
        if answer.status != 200:
            separator = "@" if ":" in reference else ":"
            raise self._refused(answer.status, f"{repository}{separator}{reference}")
        return answer

    def _address(self, repository: str, path: str) -> str:
        return f"{self._url}/v2/{repository}/{path}"

    def _refused(self, status: int, what: str) -> RegistryError:
        """The error for a status that is no success, when trying again has not helped."""
        match status:
            case 404:
                return RegistryError("not-found", f"{self.domain} has no {what}", hint="check the name and the tag")
            case 401 | 403:
                hint = "the image does not exist, or is private"
                return RegistryError("unauthorized", f"{self.domain} does not give out {what}", hint=hint)
            case 429:
                hint = "wait, or pull fewer images from it"
                message = f"{self.domain} limits how often we may ask"
                return RegistryError("too-many-requests", message, hint=hint, retryable=True)
            case _ if status >= 500:
                return RegistryError("server-error", f"{self.domain} fails with status {status}", retryable=True)
        return RegistryError("bad-answer", f"{self.domain} answers with status {status} when asked for {what}")


def _first_byte(response: BaseHTTPResponse, start: int, domain: str) -> int:
    """Where the body begins: a registry may ignore the wish for a range, then what we have is skipped."""
    if response.status == 200:
        return 0
    if not response.headers.get("Content-Range", "").startswith(f"bytes {start}-"):
        raise RegistryError("bad-answer", f"{domain} sends another part of a blob than was asked for")
    return start


def _media_type(answer: Answer, domain: str) -> str:
    """The document's own word counts, then the header's: storages behind a registry are known to lose the header."""
    try:
        document = json.loads(answer.body)
    except (ValueError, RecursionError) as error:
        raise RegistryError("bad-answer", f"{domain} sends a manifest that is not JSON") from error
    inside = document.get("mediaType") if isinstance(document, dict) else None
    outside = answer.headers.get("content-type", "").partition(";")[0].strip()
    media_type = inside if isinstance(inside, str) and inside else outside
    if media_type not in media_types.MANIFESTS | media_types.INDEXES:
        hint = "docker's schema 1 and other formats from before 2016 are not supported"
        raise RegistryError("bad-answer", f"{domain} sends a manifest of type {media_type[:100]!r}", hint=hint)
    return media_type
