"""A blob's way to a registry (distribution-spec, section Push)."""

from __future__ import annotations

import re
from collections.abc import Callable, Generator, Iterable
from contextlib import suppress
from enum import StrEnum
from functools import partial
from urllib.parse import parse_qsl, quote, urlencode, urlsplit

from builder.errors import RegistryError
from builder.http.patience import RETRIED
from builder.model.descriptor import Descriptor
from builder.registry.session import Call, Session
from builder.registry.transport import Answer

SMALL = 4 << 20
"""Blobs up to this size go with the PUT that ends their upload."""
PIECE = 32 << 20
"""How much one request carries to a registry that does not take a large blob in one."""
_DONE = frozenset({200, 201, 202, 204})
_TAKEN = frozenset({200, 201, 202, 204})
"""What registries say of a part that they have taken: the specification has 202, ECR 201, Pulp 204."""
_NO_PATCH = frozenset({404, 405, 501})
"""What registries say that take a blob with the last request only."""
_STANDS = frozenset({200, 202, 204})
"""What registries say of an upload that goes on: the specification has 204."""
_RANGE = re.compile(r"(?:bytes[= ])?0-(\d{1,18})(?:/.*)?")
"""The specification has `0-99`; others write it as requests or answers for parts do."""

Content = Callable[[int], Iterable[bytes]]
"""Gives the blob's bytes from a position on."""


class Pushed(StrEnum):
    """How a blob came to be where it is."""

    SENT = "sent"
    MOUNTED = "mounted"
    THERE = "there"
    """It had been there before."""


class Upload:
    """One blob to one repository."""

    def __init__(self, session: Session, repository: str, descriptor: Descriptor) -> None:
        self._session = session
        self._repository = repository
        self._blob = descriptor
        self._scopes = (f"repository:{repository}:pull,push",)
        self._piece = 0
        """Bytes of one request; 0: all that is left."""
        self._least = 0
        """Pieces but the last may not be smaller (OCI-Chunk-Min-Length)."""
        self._in_one = descriptor.size <= SMALL
        """Whether the PUT that ends the upload brings the content."""
        self._has_seam = False
        """It was taken up after a failure. Some registries put the parts together wrongly then, as ECR does."""

    def run(self, content: Content, mount_from: tuple[str, ...]) -> Pushed:
        location = self._mount(mount_from)
        if location is None:
            return Pushed.MOUNTED
        patience, failures = self._session.transport.patience, 0
        start = 0
        while True:
            location = location or self._begin()
            before = start
            try:
                answer, start = self._send(location, content, start)
            except RegistryError as error:
                if not error.retryable:
                    raise
                refused, retry_after = error, None
            else:
                if answer.status in _DONE and start >= self._blob.size:
                    return Pushed.SENT
                if self._goes_otherwise(answer, before):
                    self._cancel(location)
                    location, start = "", 0
                    continue
                refused, retry_after = self._refused(answer), answer.headers.get("retry-after")
            failures += 1
            if failures >= patience.attempts or not refused.retryable or patience.is_hopeless(retry_after):
                self._cancel(location)
                raise refused
            self._session.transport.pause(self._session.url, failures, retry_after)
            location, start = self._where_it_stands(location)
            self._has_seam = start > 0
            failures = 0 if start > before else failures

    def _goes_otherwise(self, answer: Answer, start: int) -> bool:
        """Whether what was refused has another way, which is taken from now on."""
        if self._has_seam and answer.status == 400:
            self._has_seam = False
            return True
        if answer.status in _NO_PATCH and start == 0 and not self._in_one:
            self._in_one = True
            return True
        return False

    def _mount(self, mount_from: tuple[str, ...]) -> str | None:
        """None: the repository has the blob now. Otherwise the upload that the registry has begun instead; empty where
        it has not."""
        begun = ""
        for source in mount_from:
            query = urlencode({"mount": self._blob.digest, "from": source})
            scopes = (*self._scopes, f"repository:{source}:pull")
            try:
                answer = self._session.fetch(Call("POST", f"{self._uploads}?{query}", scopes))
            except RegistryError as error:
                if error.code != "unauthorized":
                    raise
                continue  # no right to read there: then it is sent
            if answer.status == 201:
                return None
            if answer.status == 202 and answer.headers.get("location"):
                self._cancel(begun)
                begun = self._begun(answer)
        return begun  # other answers are from registries that know no mounts: then it is sent

    def _cancel(self, location: str) -> None:
        """An upload that nobody needs. The registry forgets it some day anyway."""
        if location:
            with suppress(RegistryError):
                self._session.fetch(Call("DELETE", location, self._scopes, once=True))

    def _begin(self) -> str:
        answer = self._session.fetch(Call("POST", self._uploads, self._scopes, {"Content-Length": "0"}, b""))
        if answer.status == 404:
            error = self._session.refusal(answer, f"repository {self._repository}")
            error.hint = "some registries want a repository to be made before it is pushed to"
            raise error
        if answer.status != 202:
            raise self._refused(answer)
        return self._begun(answer)

    def _begun(self, answer: Answer) -> str:
        least = answer.headers.get("oci-chunk-min-length", "")
        self._least = int(least[:18]) if least.isdecimal() else 0
        return self._session.located(answer.url, answer.headers.get("location", ""))

    def _send(self, location: str, content: Content, start: int) -> tuple[Answer, int]:
        """Sends what is left from `start` on, and ends the upload. Returns the last answer, and how far the registry
        has come for certain."""
        size = self._blob.size
        if start == 0 and self._in_one:
            answer = self._put(location, content)
            return answer, size if answer.status in _DONE else 0
        while start < size:
            end = min(start + self._piece, size) if self._piece else size
            answer = self._patch(location, content, start, end)
            if answer.status == 413 and end - start > max(PIECE, self._least):
                self._piece = max(PIECE, self._least)
                return answer, start
            if answer.status not in _TAKEN:
                return answer, start
            location = self._session.located(answer.url, answer.headers.get("location") or location)
            start = end
        return self._put(location, None), start

    def _patch(self, location: str, content: Content, start: int, end: int) -> Answer:
        headers = {"Content-Type": "application/octet-stream", "Content-Length": str(end - start)}
        if start or end < self._blob.size:
            headers["Content-Range"] = f"{start}-{end - 1}"
        body = partial(_piece, content, start, end - start)
        return self._session.fetch(Call("PATCH", location, self._scopes, headers, body, once=True))

    def _put(self, location: str, content: Content | None) -> Answer:
        """Ends the upload: the registry compares the digest."""
        length = self._blob.size if content else 0
        headers = {"Content-Type": "application/octet-stream", "Content-Length": str(length)}
        body = partial(_piece, content, 0, length) if content else b""
        return self._session.fetch(Call("PUT", self._ending(location), self._scopes, headers, body, once=True))

    def _ending(self, location: str) -> str:
        """The upload's URL with the digest; what the registry has put into its query stays as it is."""
        parts = urlsplit(location)
        known = [pair for pair in parse_qsl(parts.query, keep_blank_values=True) if pair[0] == "digest"]
        if known:
            raise RegistryError("bad-answer", f"{self._session.domain} gives an upload a digest before its end")
        query = f"{parts.query}&" if parts.query else ""
        return parts._replace(query=f"{query}digest={quote(self._blob.digest)}").geturl()

    def _where_it_stands(self, location: str) -> tuple[str, int]:
        """After a failure: the upload's URL and how much of it the registry has; an empty URL and 0 where it has lost
        it, or does not tell, so that another one begins."""
        try:
            answer = self._session.fetch(Call("GET", location, self._scopes, once=True))
        except RegistryError:
            return "", 0
        received = _RANGE.fullmatch(answer.headers.get("range", "").strip())
        end = int(received[1]) if received and answer.status in _STANDS else 0
        if not 0 < end < self._blob.size:  # `0-0` is what nothing looks like
            if answer.status in _STANDS:
                self._cancel(location)
            return "", 0
        return self._session.located(answer.url, answer.headers.get("location") or location), end + 1

    def _refused(self, answer: Answer) -> RegistryError:
        error = self._session.refusal(answer, f"pushing to {self._repository}")
        # An upload that the registry has lost, or counts otherwise, can begin again.
        error.retryable = answer.status in RETRIED | {404, 413, 416}
        return error

    @property
    def _uploads(self) -> str:
        return f"{quote(self._repository)}/blobs/uploads/"


def _piece(content: Content, start: int, length: int) -> Generator[bytes]:
    for piece in content(start):
        yield piece[:length]
        length -= len(piece)
        if length <= 0:
            return
    if length > 0:
        raise RegistryError("incomplete-content", f"what was to be sent ends {length} bytes too early")
