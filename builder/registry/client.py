"""The verbs of the distribution protocol (distribution-spec, sections Pull, Push, Content Discovery and Management)."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import NamedTuple
from urllib.parse import quote

from urllib3.exceptions import HTTPError

from builder.errors import ImageError, RegistryError
from builder.http.connections import release
from builder.model import media_types
from builder.model.descriptor import Descriptor
from builder.model.digest import Digest
from builder.registry import listing, referrers
from builder.registry.session import Call, Session
from builder.registry.transport import Answer, Opened, unreachable
from builder.registry.upload import Content, Pushed, Upload

_ACCEPT = ", ".join(sorted(media_types.MANIFESTS | media_types.INDEXES))
_CHUNK = 1 << 18
_QUOTED = 4096
"""Bytes of a refusal that are read for the registry's own words."""


class FetchedManifest(NamedTuple):
    """A manifest or index as the registry sent it: `descriptor` tells media type, digest and size of `data`."""

    descriptor: Descriptor
    data: bytes


class Client:
    """One registry, named as images name it. Repositories are paths in it, such as `library/debian`. Safe to share
    between threads."""

    def __init__(self, domain: str, session: Session, prefix: str = "") -> None:
        """`prefix` stands before every repository: a mirror may keep several registries in one."""
        self.domain = domain
        self._session = session
        self._prefix = prefix

    def check(self) -> None:
        """Whether the registry takes us in: raises RegistryError `unauthorized` where it does not."""
        answer = self._session.fetch(Call("GET", ""))
        if answer.status != 200:
            raise self._session.refusal(answer, "/v2/")

    def manifest(self, repository: str, reference: str) -> FetchedManifest:
        """The manifest or index under a tag or digest; a digest has been checked. Raises RegistryError `not-found`."""
        answer = self._ask("GET", repository, reference)
        promised = reference if ":" in reference else answer.headers.get("docker-content-digest", "")
        digest = _digest_of(answer.body, promised)
        if promised.startswith(f"{digest.algorithm}:") and promised != digest:
            raise RegistryError("digest-mismatch", f"{self.domain} sends {digest} where {promised} was promised")
        return FetchedManifest(Descriptor(_media_type(answer, self.domain), digest, len(answer.body)), answer.body)

    def manifest_digest(self, repository: str, reference: str) -> Digest | None:
        """What a tag means at present, without its content; None when the registry does not tell."""
        try:
            answer = self._ask("HEAD", repository, reference)
            return Digest.parse(answer.headers.get("docker-content-digest"))
        except RegistryError as error:
            if error.code != "not-supported":
                raise
            return None
        except ImageError:
            return None

    def has_manifest(self, repository: str, digest: Digest) -> bool:
        """Whether the manifest or index is certainly there, for a client that is about to push."""
        call = Call("HEAD", self._path(repository, f"manifests/{digest}"), self._pushing(repository), _accept())
        return self._is_there(call, repository)

    def put_manifest(self, repository: str, reference: str, data: bytes, media_type: str) -> Digest:
        """Afterwards `reference`, a tag or the digest of `data`, means it, and its subject has it among its referrers.
        What it is made of has to be there before, the subject need not."""
        call = Call(
            "PUT",
            self._path(repository, f"manifests/{reference}"),
            self._pushing(repository),
            {"Content-Type": media_type},
            data,
        )
        answer = self._session.fetch(call)
        if answer.status not in (200, 201, 202):
            raise self._session.refusal(answer, _shown(repository, reference))
        digest = _digest_of(data, reference)
        if "oci-subject" not in answer.headers:  # whoever knows referrers says so
            referring = referrers.referring(data, Descriptor(media_type, digest, len(data)))
            if referring:
                referrers.enlist(self._session, f"{self._prefix}{repository}", referring)
        return digest

    def has_blob(self, repository: str, digest: Digest) -> bool:
        """Whether the blob is certainly there, for a client that is about to push."""
        call = Call("HEAD", self._path(repository, f"blobs/{digest}"), self._pushing(repository))
        return self._is_there(call, repository)

    def put_blob(
        self, repository: str, descriptor: Descriptor, content: Content, mount_from: tuple[str, ...] = ()
    ) -> Pushed:
        """Afterwards the repository has the blob: it may be mounted from another repository of this registry, those of
        `mount_from` are tried in order, or is sent. Does not ask whether it is there already: see `has_blob`."""
        return Upload(self._session, f"{self._prefix}{repository}", descriptor).run(content, mount_from)

    def blob(self, repository: str, descriptor: Descriptor, start: int = 0) -> Iterator[bytes]:
        """The blob's bytes from `start` on, exactly as many as `descriptor.size` leaves; a dropped connection is taken
        up where it broke off. The digest is for the caller to check, who sees the bytes anyway."""
        received, failures, transport = start, 0, self._session.transport
        while received < descriptor.size:
            broken: RegistryError | None = None
            opened = self._open_blob(repository, descriptor, received)
            try:
                for chunk in self._rest_of(opened, descriptor, received):
                    yield chunk
                    received += len(chunk)
                    failures = 0
            except HTTPError as error:
                broken = unreachable(opened.url, error)
            finally:
                release(opened.response)
            if received < descriptor.size:
                failures += 1
                if failures >= transport.patience.attempts:
                    raise broken or RegistryError("bad-answer", f"{self.domain} sends {descriptor.digest} incomplete")
                transport.pause(opened.url, failures)

    def tail(self, repository: str, descriptor: Descriptor, start: int) -> bytes:
        """The blob's bytes from `start` on; what comes before is not sent. They are for the caller to check. Raises
        RegistryError `no-ranges` where the registry would send the whole blob."""
        opened = self._open_blob(repository, descriptor, start)
        try:
            if start and opened.status != 206:
                raise RegistryError("no-ranges", f"{self.domain} does not send parts of blobs")
            data = b"".join(self._rest_of(opened, descriptor, start))
        except HTTPError as error:
            raise unreachable(opened.url, error) from error
        finally:
            release(opened.response)
        if len(data) != descriptor.size - start:
            raise RegistryError("bad-answer", f"{self.domain} sends {descriptor.digest} incomplete")
        return data

    def tags(self, repository: str) -> Iterator[str]:
        """All tags of a repository, in the registry's order."""
        return listing.tags(self._session, f"{self._prefix}{repository}")

    def catalog(self) -> Iterator[str]:
        """All repositories, as far as the registry shows them. Raises RegistryError `not-supported`."""
        return listing.catalog(self._session)

    def referrers(self, repository: str, digest: Digest, artifact_type: str = "") -> tuple[referrers.Referrer, ...]:
        """Manifests whose subject is `digest`: signatures, SBOMs and the like; of one type, or all."""
        return referrers.referrers(self._session, f"{self._prefix}{repository}", digest, artifact_type)

    def _rest_of(self, opened: Opened, descriptor: Descriptor, start: int) -> Iterator[bytes]:
        """Bytes from `start` on, as far as this connection carries, never more than there should be."""
        position = _first_byte(opened, start, self.domain)
        self._check_length(opened, descriptor, position)
        for chunk in opened.response.stream(_CHUNK, decode_content=False):
            position += len(chunk)
            if position > descriptor.size:
                raise RegistryError("bad-answer", f"{self.domain} sends more than the size of {descriptor.digest}")
            if position > start:
                yield chunk[max(0, len(chunk) - (position - start)) :]
                start = position

    def _check_length(self, opened: Opened, descriptor: Descriptor, position: int) -> None:
        """A server that announces another length than the manifest has the wrong blob: not a byte of it is read."""
        announced = opened.header("Content-Length")
        if announced.isdecimal() and position + int(announced) != descriptor.size:
            raise RegistryError(
                "size-mismatch",
                f"{self.domain} has {position + int(announced)} bytes for {descriptor.digest}, "
                f"of which the manifest says that it has {descriptor.size}",
            )

    def _open_blob(self, repository: str, descriptor: Descriptor, start: int) -> Opened:
        headers = {"Range": f"bytes={start}-"} if start else {}
        call = Call("GET", self._path(repository, f"blobs/{descriptor.digest}"), self._pulling(repository), headers)
        opened = self._session.open(call)
        if opened.status == 416 and start:  # it has the blob, but no parts of it: what we have is skipped
            release(opened.response)
            opened = self._session.open(call._replace(headers={}))
        if opened.status in (200, 206):
            return opened
        try:
            said = opened.response.read(_QUOTED, decode_content=False)
        except HTTPError:
            said = b""
        release(opened.response)
        answer = Answer(opened.status, {}, said, opened.url)
        raise self._session.refusal(answer, f"blob {descriptor.digest} of {repository}")

    def _ask(self, method: str, repository: str, reference: str) -> Answer:
        path = self._path(repository, f"manifests/{reference}")
        answer = self._session.fetch(Call(method, path, self._pulling(repository), _accept()))
        if answer.status != 200:
            raise self._session.refusal(answer, _shown(repository, reference))
        return answer

    def _is_there(self, call: Call, repository: str) -> bool:
        """A registry that does not allow HEAD (405) is sent what it may have: that does no harm."""
        answer = self._session.fetch(call)
        if answer.status not in (200, 404, 405):
            raise self._session.refusal(answer, f"pushing to {repository}")
        return answer.status == 200

    def _path(self, repository: str, rest: str) -> str:
        return f"{quote(self._prefix + repository)}/{rest}"

    def _pulling(self, repository: str) -> tuple[str, ...]:
        return (f"repository:{self._prefix}{repository}:pull",)

    def _pushing(self, repository: str) -> tuple[str, ...]:
        return (f"repository:{self._prefix}{repository}:pull,push",)


def _accept() -> dict[str, str]:
    return {"Accept": _ACCEPT}


def _shown(repository: str, reference: str) -> str:
    return f"{repository}{'@' if ':' in reference else ':'}{reference}"


def _digest_of(data: bytes, like: str) -> Digest:
    """In the algorithm of `like` where that is one."""
    if like.startswith("sha512:"):
        import hashlib

        return Digest(f"sha512:{hashlib.sha512(data).hexdigest()}")
    return Digest.of(data)


def _first_byte(opened: Opened, start: int, domain: str) -> int:
    """Where the body begins: a registry may ignore the wish for a range, then what we have is skipped."""
    if opened.status == 200:
        return 0
    if not opened.header("Content-Range").startswith(f"bytes {start}-"):
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
