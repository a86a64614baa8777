"""Every error that a user can meet, as one tree.

    BuilderError
    |-- UsageError        the command line asks for something that does not exist (exit 2)
    |-- BuildfileError    the Buildfile is wrong: carries a span (several together: Problems)
    |-- ContextError      the build context, an ignore file or a COPY source
    |-- StepError         a step ran and failed, e.g. RUN with its exit code
    |-- SandboxError      this machine cannot run the process that was asked for
    |-- LayerError        a layer's archive is damaged or hostile
    |-- StoreError        the store on disk: damaged, locked, full, or a name that is not in it
    |-- ImageError        an image: unknown, of another platform, malformed
    |-- RegistryError     a registry's answer, or none
    |-- OutputError       an output that cannot be written
    `-- Problems          several of the above, reported together

A code is stable and meant for scripts and tests (`unknown-instruction`); a message is one sentence for
people; a hint says what to do. Anything else that escapes is a bug of ours (exit 70, with a traceback).
"""

from __future__ import annotations

from builder.lean import NamedTuple


class Span(NamedTuple):
    """Where in a source file something stands. Lines and columns count from 1; column 0: the whole line."""

    file: str
    line: int
    end_line: int
    column: int = 0
    text: str = ""
    """The physical line `line` as it stands in the file, for the caret display; empty when unknown."""


class BuilderError(Exception):
    """The root of all errors that are not bugs of ours."""

    exit_code = 1

    def __init__(
        self,
        code: str,
        message: str,
        *,
        hint: str | None = None,
        span: Span | None = None,
        retryable: bool = False,
    ) -> None:
        super().__init__(message)
        self.code = code
        self.message = message
        self.hint = hint
        self.span = span
        self.retryable = retryable

    def at(self, span: Span) -> BuilderError:
        """The same error with `span`, unless it has one already; returns self for `raise error.at(span)`."""
        if self.span is None:
            self.span = span
        return self


class UsageError(BuilderError):
    exit_code = 2


class BuildfileError(BuilderError):
    pass


class ContextError(BuilderError):
    pass


class StepError(BuilderError):
    pass


class SandboxError(BuilderError):
    pass


class LayerError(BuilderError):
    pass


class StoreError(BuilderError):
    pass


class ImageError(BuilderError):
    pass


class RegistryError(BuilderError):
    pass


class OutputError(BuilderError):
    pass


class Problems(BuilderError):  # noqa: N818 - a list of errors, not an error of its own
    """Several errors of one input, in source order. `errors` is never empty."""

    def __init__(self, errors: tuple[BuilderError, ...]) -> None:
        first = errors[0]
        super().__init__(first.code, "\n".join(e.message for e in errors), hint=first.hint, span=first.span)
        self.errors = errors
        self.exit_code = max(e.exit_code for e in errors)
