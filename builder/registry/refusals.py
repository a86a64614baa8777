"""The error for a status that is no success, when trying again has not helped."""

from __future__ import annotations

import json
import math

from builder.errors import RegistryError
from builder.http.patience import wish_s
from builder.http.proxies import PROXY_HINT
from builder.registry.transport import Answer


def refusal(domain: str, answer: Answer, what: str, user: str = "") -> RegistryError:
    """`what` was asked for: `team/app:1.0`, `a blob of team/app`; `user` has a login there. The registry's own words
    are quoted where it has any (distribution-spec, Error Codes)."""
    said = _said(answer.body)
    match answer.status:
        case 404:
            return RegistryError("not-found", f"{domain} has no {what}{said}", hint="check the name and the tag")
        case 401 | 403:
            hint = f"it does not exist, or needs a login: pybuild login {domain}"
            if user:
                hint = f"{user} is logged in, and may lack the right; others log in with: pybuild login {domain}"
            return RegistryError("unauthorized", f"{domain} does not allow it: {what}{said}", hint=hint)
        case 407:
            return RegistryError("unreachable", f"the proxy on the way to {domain} wants a login", hint=PROXY_HINT)
        case 429:
            return _too_many(domain, answer, said, user)
        case status if status >= 500:
            return RegistryError("server-error", f"{domain} fails with status {status}{said}", retryable=True)
    code = "not-supported" if answer.status == 405 else "bad-answer"
    return RegistryError(code, f"{domain} answers with status {answer.status} for {what}{said}")


def _too_many(domain: str, answer: Answer, said: str, user: str) -> RegistryError:
    seconds = wish_s(answer.headers.get("retry-after"))
    wait = f"wait {math.ceil(seconds / 60)} minutes" if seconds > 60 else "wait"
    hint = f"{wait}, or ask it less often" if user else f"{wait}, or log in, which may help: pybuild login {domain}"
    return RegistryError("too-many-requests", f"{domain} limits how often we may ask{said}", hint=hint, retryable=True)


def _said(body: bytes) -> str:
    try:
        error = json.loads(body)["errors"][0]
        text = str(error.get("message") or error["code"])
    except (ValueError, KeyError, TypeError, IndexError, AttributeError, RecursionError):
        return ""
    return f" ({text[:200]})" if text else ""
