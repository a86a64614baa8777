"""The error for a status that is no success, when trying again has not helped."""

from __future__ import annotations

import json

from builder.errors import RegistryError


def refusal(domain: str, status: int, what: str, body: bytes = b"") -> RegistryError:
    """`what` was asked for: `team/app:1.0`, `a blob of team/app`. The registry's own words are quoted where it has
    any (distribution-spec, Error Codes)."""
    said = _said(body)
    match status:
        case 404:
            return RegistryError("not-found", f"{domain} has no {what}{said}", hint="check the name and the tag")
        case 401 | 403:
            hint = f"it does not exist, or needs a login: pybuild login {domain}"
            return RegistryError("unauthorized", f"{domain} does not allow it: {what}{said}", hint=hint)
        case 429:
            hint = "wait, or ask it less often"
            message = f"{domain} limits how often we may ask{said}"
            return RegistryError("too-many-requests", message, hint=hint, retryable=True)
        case _ if status >= 500:
            return RegistryError("server-error", f"{domain} fails with status {status}{said}", retryable=True)
    code = "not-supported" if status == 405 else "bad-answer"
    return RegistryError(code, f"{domain} answers with status {status} for {what}{said}")


def _said(body: bytes) -> str:
    try:
        errors = json.loads(body)["errors"]
        text = str(errors[0].get("message") or errors[0]["code"])
    except (ValueError, KeyError, TypeError, IndexError, AttributeError, RecursionError):
        return ""
    return f" ({text[:200]})" if text else ""
