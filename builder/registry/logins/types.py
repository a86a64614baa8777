"""A login."""

from __future__ import annotations

from typing import NamedTuple


class Login(NamedTuple):
    """Any of the three: name and password, an identity token, or a token for the registry itself. Its text never shows
    a secret."""

    user: str = ""
    password: str = ""
    identity_token: str = ""
    """To be exchanged for tokens at the registry's token server."""
    registry_token: str = ""
    """To be sent as it is."""

    def __repr__(self) -> str:
        return f"Login({self.user!r}, …)"
