"""Answers that say no, as JSON (distribution-spec, Error Codes)."""

from __future__ import annotations

import json
from collections.abc import Mapping

from aiohttp import web


class Refusal(Exception):  # noqa: N818 - an answer to a client, not a fault of ours
    def __init__(
        self, status: int, code: str, message: str, *, detail: object = None, headers: Mapping[str, str] | None = None
    ) -> None:
        super().__init__(message)
        self.status = status
        self.code = code
        self.message = message
        self.detail = detail
        self.headers = dict(headers or {})

    def response(self) -> web.Response:
        error = {"code": self.code, "message": self.message}
        body = json.dumps({"errors": [error if self.detail is None else {**error, "detail": self.detail}]})
        return web.Response(
            status=self.status, body=body.encode(), headers=self.headers, content_type="application/json"
        )


def blob_unknown(digest: str) -> Refusal:
    return Refusal(404, "BLOB_UNKNOWN", "the repository has no such blob", detail={"digest": digest})


def manifest_unknown(reference: str) -> Refusal:
    return Refusal(404, "MANIFEST_UNKNOWN", "the repository has no such manifest", detail={"reference": reference})


def digest_invalid(text: str, why: str = "not a digest of sha256 or sha512") -> Refusal:
    return Refusal(400, "DIGEST_INVALID", why, detail={"digest": text[:200]})


def upload_unknown() -> Refusal:
    return Refusal(404, "BLOB_UPLOAD_UNKNOWN", "the repository has no such upload: it has ended, or was never begun")


def too_large(limit: int) -> Refusal:
    return Refusal(413, "SIZE_INVALID", f"larger than the {limit} bytes that are taken")
