"""Lists that come page by page (distribution-spec, Content Discovery), each with an end that no registry decides."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import NamedTuple
from urllib.parse import quote, urlencode

from builder.errors import BuilderError, RegistryError
from builder.model import media_types
from builder.model.descriptor import Descriptor
from builder.model.digest import Digest
from builder.registry.session import Call, Session
from builder.registry.transport import Answer

_PAGE = 1000
_MOST_PAGES = 10_000
_LIMIT = 16 << 20
_NEXT = re.compile(r'<([^<>]*)>\s*;[^,]*\brel\s*=\s*"?next"?')


class Referrer(NamedTuple):
    """A manifest that says of another one, its subject, what it is to it."""

    descriptor: Descriptor
    artifact_type: str


def tags(session: Session, repository: str) -> Iterator[str]:
    scopes = (f"repository:{repository}:pull",)
    return _names(session, f"{quote(repository)}/tags/list?n={_PAGE}", scopes, "tags", f"repository {repository}")


def catalog(session: Session) -> Iterator[str]:
    what = "list of its repositories"
    return _names(session, f"_catalog?n={_PAGE}", ("registry:catalog:*",), "repositories", what)


def referrers(session: Session, repository: str, digest: Digest, artifact_type: str) -> tuple[Referrer, ...]:
    """A registry from before distribution-spec 1.1 has them in an index whose tag is the digest (Referrers Tag
    Schema); where there is none there are no referrers."""
    scopes = (f"repository:{repository}:pull",)
    query = f"?{urlencode({'artifactType': artifact_type})}" if artifact_type else ""
    found: list[Referrer] = []
    accept = {"Accept": media_types.OCI_INDEX}
    for path in (f"{quote(repository)}/referrers/{digest}{query}", f"{quote(repository)}/manifests/{_tag(digest)}"):
        pages = _pages(session, path, scopes, accept)
        for answer in pages:
            if answer.status != 200:
                break
            found += _referrers(session.domain, answer.body)
        if answer.status not in (404, 405):
            break
    if answer.status not in (200, 404, 405):
        raise session.refusal(answer, f"referrers of {repository}@{digest}")
    return tuple(item for item in found if artifact_type in ("", item.artifact_type))


def _referrers(domain: str, body: bytes) -> list[Referrer]:
    try:
        items = json.loads(body)["manifests"]
        return [Referrer(Descriptor.from_json(item), str(item.get("artifactType") or "")) for item in items]
    except (ValueError, KeyError, TypeError, RecursionError, BuilderError) as error:
        raise RegistryError("bad-answer", f"{domain} sends a list of referrers that is no index") from error


def _names(session: Session, path: str, scopes: tuple[str, ...], member: str, what: str) -> Iterator[str]:
    for answer in _pages(session, path, scopes, {}):
        if answer.status != 200:
            raise session.refusal(answer, what)
        try:
            names = json.loads(answer.body)[member] or []
        except (ValueError, KeyError, TypeError, RecursionError) as error:
            raise RegistryError("bad-answer", f"{session.domain} sends no list of {member}") from error
        if not isinstance(names, list) or not all(isinstance(name, str) for name in names):
            raise RegistryError("bad-answer", f"{session.domain} sends no list of {member}")
        yield from names


def _pages(session: Session, path: str, scopes: tuple[str, ...], headers: dict[str, str]) -> Iterator[Answer]:
    seen = {path}
    while True:
        answer = session.fetch(Call("GET", path, scopes, headers), _LIMIT)
        yield answer
        following = _NEXT.search(answer.headers.get("link", ""))
        if not following:
            return
        path = session.located(answer.url, following[1])
        if path in seen or len(seen) >= _MOST_PAGES:
            raise RegistryError("bad-answer", f"{session.domain} sends a list without an end")
        seen.add(path)


def _tag(digest: Digest) -> str:
    return f"{digest.algorithm}-{digest.hex}"
