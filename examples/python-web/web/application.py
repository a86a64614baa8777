"""The application itself, as WSGI: a function from a request to an answer."""

from __future__ import annotations

import html
from collections.abc import Callable, Iterable
from typing import Any
from urllib.parse import parse_qs

Environment = dict[str, Any]
Start = Callable[[str, list[tuple[str, str]]], Any]


def application(environment: Environment, start_response: Start) -> Iterable[bytes]:
    match environment["PATH_INFO"]:
        case "/":
            name = parse_qs(environment.get("QUERY_STRING", "")).get("name", ["world"])[0]
            status, kind, body = "200 OK", "text/html", f"<h1>Hello, {html.escape(name)}!</h1>\n"
        case "/health":
            status, kind, body = "200 OK", "text/plain", "well\n"
        case _:
            status, kind, body = "404 Not Found", "text/plain", "There is nothing here.\n"
    content = body.encode()
    start_response(status, [("Content-Type", f"{kind}; charset=utf-8"), ("Content-Length", str(len(content)))])
    return [content]
