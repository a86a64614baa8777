"""What can go wrong between two hosts, by kind."""

from __future__ import annotations

from enum import StrEnum

from urllib3.exceptions import HTTPError, NameResolutionError, ProxyError, SSLError

from builder.lean import NamedTuple


class FailureKind(StrEnum):
    CERTIFICATE = "certificate"
    """Nobody whom this machine trusts vouches for the host."""
    NO_TLS = "no-tls"
    """The host does not speak TLS as we do, or not at all."""
    NO_SUCH_NAME = "no-such-name"
    REFUSED = "refused"
    """Nothing listens there; that is an answer, which waiting does not change."""
    PROXY = "proxy"
    """The proxy of the environment does not answer, or does not let us through."""
    BROKEN = "broken"
    """No answer, or not all of it."""


class Failure(NamedTuple):
    kind: FailureKind
    cause: str
    """In the operating system's words where it has any: urllib3's own name objects and addresses in memory."""

    @property
    def is_passing(self) -> bool:
        """Whether trying again may help."""
        return self.kind is FailureKind.BROKEN


def failure_of(error: Exception) -> Failure:
    """What an exception of urllib3 means. UnicodeError comes from host names that cannot be written."""
    if isinstance(error, ProxyError):
        return Failure(FailureKind.PROXY, _cause(error.original_error))
    cause = _cause(error)
    if isinstance(error, SSLError):
        certificate = "certificate" in cause.lower() or "hostname" in cause.lower()
        return Failure(FailureKind.CERTIFICATE if certificate else FailureKind.NO_TLS, cause)
    if isinstance(error, NameResolutionError):
        return Failure(FailureKind.NO_SUCH_NAME, cause)
    if not isinstance(error, HTTPError) or isinstance(error.__cause__, ConnectionRefusedError):
        return Failure(FailureKind.REFUSED, cause)
    return Failure(FailureKind.BROKEN, cause)


def _cause(error: Exception) -> str:
    inner = error.__cause__ or error.__context__
    if isinstance(inner, OSError) and inner.strerror:
        return inner.strerror.lower()
    return str(error.args[-1] if error.args else error)[:300]
