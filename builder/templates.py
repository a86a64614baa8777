"""Jinja's templates as `report` and `graph` use them: whatever they print is cleaned and escaped, whether a template
thinks of it or not."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup


def templates_of(package: str, clean: Callable[[str], str]) -> Environment:
    """The templates of `package`; `clean` takes out of texts what their form cannot show."""

    def cleaned(value: Any) -> Any:
        return clean(value) if isinstance(value, str) and not isinstance(value, Markup) else value

    return Environment(
        loader=PackageLoader(package),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        finalize=cleaned,
    )
