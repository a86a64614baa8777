"""Lists that come page by page (distribution-spec, Content Discovery), each with an end that no registry decides."""

from __future__ import annotations

import json
from collections.abc import Iterator
from itertools import chain
from urllib.parse import quote

from builder.errors import RegistryError
from builder.registry.links import next_link
from builder.registry.session import Call, Session
from builder.registry.transport import Answer

_PAGE = 1000
_MOST_PAGES = 10_000
_LIMIT = 16 << 20


def tags(session: Session, repository: str) -> Iterator[str]:
    scopes = (f"repository:{repository}:pull",)
    return _names(session, f"{quote(repository)}/tags/list", scopes, "tags", f"repository {repository}")


def catalog(session: Session) -> Iterator[str]:
    what = "list of its repositories"
    return _names(session, "_catalog", ("registry:catalog:*",), "repositories", what)


def _names(session: Session, path: str, scopes: tuple[str, ...], member: str, what: str) -> Iterator[str]:
    for answer in _in_large_pages(session, Call("GET", path, scopes)):
        if answer.status != 200:
            raise session.refusal(answer, what)
        try:
            names = json.loads(answer.body)[member] or []
        except (ValueError, KeyError, TypeError, RecursionError) as error:
            raise RegistryError("bad-answer", f"{session.domain} sends no list of {member}") from error
        if not isinstance(names, list) or not all(isinstance(name, str) for name in names):
            raise RegistryError("bad-answer", f"{session.domain} sends no list of {member}")
        yield from names


def _in_large_pages(session: Session, call: Call) -> Iterator[Answer]:
    """As few as the registry allows: one that finds our pages too large (400) decides itself."""
    answers = pages(session, call._replace(path=f"{call.path}?n={_PAGE}"))
    first = next(answers)
    yield from pages(session, call) if first.status == 400 else chain([first], answers)


def pages(session: Session, call: Call) -> Iterator[Answer]:
    """The answers, whatever their status. Raises RegistryError `bad-answer` for a list that goes in a circle or has no
    end."""
    path, seen = call.path, {call.path}
    while True:
        answer = session.fetch(call._replace(path=path), _LIMIT)
        yield answer
        following = next_link(answer.headers.get("link", ""))
        if not following:
            return
        path = session.located(answer.url, following)
        if path in seen or len(seen) >= _MOST_PAGES:
            raise RegistryError("bad-answer", f"{session.domain} sends a list without an end")
        seen.add(path)
