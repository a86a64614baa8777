"""`--fix`: the Buildfile rewritten, and what was found that is left for people."""

from __future__ import annotations

import os
import stat
from typing import NamedTuple

from builder.calls.check import CheckAnswer, check
from builder.calls.excerpt import location
from builder.errors import OutputError, UsageError
from builder.lint.fix.fixing import Findings, Fixed, fix
from builder.pipeline.planning import PlanRequest
from builder.plan.types import ImageResolver, Plan, Remark


class FixAnswer(NamedTuple):
    fixed: Fixed
    diff: str
    rest: CheckAnswer
    """What a check of the rewritten text says."""
    is_written: bool

    @property
    def exit_code(self) -> int:
        """1 where something is left to do; that nothing was written yet is something."""
        return 1 if self.rest.exit_code or (self.diff and not self.is_written) else 0

    def to_json(self) -> dict[str, object]:
        made = [{"ruleName": item.rule, "location": location(item.span)} for item in self.fixed.made]
        return {"fixed": made, "diff": self.diff, "written": self.is_written} | self.rest.to_json()

    def to_text(self) -> str:
        """The diff, so that it can be piped into `patch`, and comments on what is left, which `patch` passes over."""
        left = [f"# left: {_line(item)}\n" for item in self.rest.remarks]
        errors = [f"# error: {error.message}\n" for error in self.rest.errors]
        return "".join([self.diff or "# nothing to fix\n", *left, *errors])


def fix_buildfile(request: PlanRequest, resolver: ImageResolver, write: bool) -> FixAnswer:
    """Raises UsageError for a Buildfile that is no file of this machine, OutputError where it cannot be written."""
    path = request.text.path
    if not os.path.isfile(path):
        hint = "give a file with -f, in a folder"
        raise UsageError("cannot-fix", f"--fix rewrites files only, and {request.text.name} is none", hint=hint)

    def look(data: bytes) -> Findings:
        plans: list[Plan] = []
        answer = check(_with_data(request, data), resolver, plans.append)
        return Findings(answer.remarks, plans[0] if plans else None)

    fixed = fix(request.text.data, request.text.name, look)
    diff = _diff(request.text.data, fixed.data, request.text.name)
    if write and diff:
        _replace(path, fixed.data)
    rest = check(_with_data(request, fixed.data), resolver)
    return FixAnswer(fixed, diff, rest, write and bool(diff))


def _with_data(request: PlanRequest, data: bytes) -> PlanRequest:
    return request._replace(text=request.text._replace(data=data))


def _line(remark: Remark) -> str:
    return f"{remark.span.file}:{remark.span.line}: {remark.rule}: {remark.message}"


def _diff(before: bytes, after: bytes, name: str) -> str:
    from difflib import unified_diff

    old, new = (data.decode("utf-8", "surrogateescape").splitlines(keepends=True) for data in (before, after))
    lines = [
        line if line.endswith("\n") else f"{line}\n\\ No newline at end of file\n"
        for line in unified_diff(old, new, f"a/{name}", f"b/{name}")
    ]
    return "".join(lines).encode("utf-8", "surrogateescape").decode("utf-8", "replace")


def _replace(path: str, data: bytes) -> None:
    """Whole or not at all; mode and owner stay. A link goes on pointing to the file that it names."""
    target = os.path.realpath(path)
    aside = f"{target}.pybuild-fix"
    try:
        known = os.stat(target)
        fd = os.open(aside, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW, 0o600)
        with open(fd, "wb") as file:
            file.write(data)
            if (known.st_uid, known.st_gid) != (os.geteuid(), os.getegid()):
                os.fchown(fd, known.st_uid, known.st_gid)
            os.fchmod(fd, stat.S_IMODE(known.st_mode))
            file.flush()
            os.fsync(fd)
        os.replace(aside, target)
    except OSError as error:
        raise OutputError("cannot-write", f"cannot rewrite {path}: {error.strerror}") from error
