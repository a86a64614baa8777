"""The page from its templates, whose style and script are allowed by their digests and nothing else."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Mapping
from functools import cache

from jinja2 import Environment
from markupsafe import Markup

from builder.model.path_text import path_text
from builder.progress.figures import seconds_text, size_text
from builder.progress.text import printable
from builder.templates import templates_of


def render(values: Mapping[str, object]) -> str:
    """The whole page."""
    environment = _environment()
    style, script = (_own(environment, name) for name in ("page.css", "page.js"))
    policy = "; ".join(
        (
            "default-src 'none'",
            f"style-src '{_digest(style)}'",
            f"script-src '{_digest(script)}'",
            "img-src data:",
            "base-uri 'none'",
            "form-action 'none'",
        )
    )
    own = {"style": Markup(style), "script": Markup(script), "policy": policy}  # noqa: S704 - files of this package
    return environment.get_template("page.html").render(values, **own)


@cache
def _environment() -> Environment:
    environment = templates_of("builder.report", printable)
    environment.filters |= {
        "seconds": exact_seconds,
        "size": size_text,
        "path": path_text,
        "more": _more,
        "option": _option,
        "word": lambda text: str(text).replace(" ", "-"),
    }
    return environment


def exact_seconds(seconds: float) -> str:
    """As elsewhere, but short times are not all `0.0s`."""
    return f"{seconds * 1000:.0f}ms" if 0 < seconds < 0.095 else seconds_text(seconds)


def _more(value: float, as_text: str) -> str:
    """A difference with its sign: `+1.2s`, `-3.0 MB`."""
    text = exact_seconds(abs(value)) if as_text == "seconds" else size_text(abs(int(value)))
    sign = "+" if value > 0 else "\N{MINUS SIGN}" if value < 0 else "\N{PLUS-MINUS SIGN}"
    return f"{sign}{text}"


def _option(value: object) -> str:
    """As it was written on the command line, or nearly so."""
    if isinstance(value, list | tuple):
        return ", ".join("=".join(map(str, item)) if isinstance(item, list | tuple) else str(item) for item in value)
    return str(value)


def _own(environment: Environment, name: str) -> str:
    loader = environment.loader
    assert loader is not None  # noqa: S101 - given above
    return loader.get_source(environment, name)[0]


def _digest(text: str) -> str:
    return f"sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}"
