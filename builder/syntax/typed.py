"""What a `Node` means: one function for each instruction."""

from __future__ import annotations

import re
from collections.abc import Callable

from builder.syntax.blanks import BLANK, lower, upper
from builder.syntax.faults import WordError, did_you_mean, shown
from builder.syntax.flags import read_flags, with_flags
from builder.syntax.heredocs import opening_or_none
from builder.syntax.instructions import (
    Arg,
    Cmd,
    Copy,
    Entrypoint,
    Env,
    Expose,
    From,
    HealthcheckCommand,
    Heredoc,
    Instruction,
    Label,
    Maintainer,
    Node,
    Onbuild,
    Run,
    Shell,
    StopSignal,
    User,
    Volume,
    Workdir,
)
from builder.syntax.nodes import INSTRUCTION_NAMES
from builder.syntax.text import to_bytes

_STAGE_NAME = re.compile(r"[a-z][a-z0-9-_.]*\Z")
_ONBUILD = re.compile(r"[\t\n\f\r ]*ONBUILD[\t\n\f\r ]*", re.IGNORECASE)
_NOT_TRIGGERS = ("ONBUILD", "FROM", "MAINTAINER")


def read_instruction(node: Node) -> Instruction:
    """The typed instruction of `node`, or a WordError that says what is wrong with it."""
    reader = READERS.get(node.name)
    if reader is None:
        guess = did_you_mean(node.name, INSTRUCTION_NAMES)
        raise WordError("unknown-instruction", f"unknown instruction: {shown(node.name)}{guess}")
    return reader(node)


def _from(node: Node) -> From:
    match node.args:
        case [image]:
            name = ""
        case [image, keyword, written] if lower(keyword) in ("as", "a\u017f"):
            name = lower(written)
            if _STAGE_NAME.match(name) is None:
                raise WordError(
                    "stage-name",
                    f"not a stage name: {shown(written)}",
                    hint="a letter, then letters, digits, '-', '_' and '.'",
                    word=written,
                )
        case _:
            raise WordError("arguments", "FROM takes an image, and a name after AS", hint="FROM image [AS name]")
    return with_flags(From(node.span, image, name, comment=_doc_comment(node, name)), "FROM", node.flags)


def _doc_comment(node: Node, name: str) -> str:
    """What a comment above, `# NAME text`, says about `name`."""
    if not name:
        return ""
    return next((text[len(name) + 1 :] for text in node.comments if text.startswith(f"{name} ")), "")


def _arg(node: Node) -> Arg:
    pairs: list[tuple[str, str | None]] = []
    for word in _some(node):
        name, equals, default = word.partition("=")
        if equals and not name:
            raise WordError("blank-name", "ARG needs a name before =", word=word)
        pairs.append((name, default if equals else None))
    return Arg(node.span, tuple(pairs))


def _env(node: Node) -> Env:
    return Env(node.span, _pairs(node), _is_legacy(node))


def _label(node: Node) -> Label:
    return Label(node.span, _pairs(node), _is_legacy(node))


def _pairs(node: Node) -> tuple[tuple[str, str], ...]:
    _refuse_flags(node)
    words = _some(node)
    names, values = words[::3], words[1::3]
    if "" in names:
        raise WordError("blank-name", f"{node.name} needs a name before =", word="=")
    return tuple(zip(names, values, strict=True))


def _is_legacy(node: Node) -> bool:
    return node.args[2] == ""


def _run(node: Node) -> Run:
    run = Run(node.span, not node.json, _command(node), node.heredocs)
    return with_flags(run, "RUN", node.flags)


def _copy(node: Node) -> Copy:
    if len(node.args) < 2:
        raise WordError("arguments", f"{node.name} needs a source and a destination")
    *sources, dest = node.args
    if opening_or_none(dest):
        raise WordError("heredoc-destination", f"{node.name} cannot have a heredoc as its destination", word=dest)
    bodies = {heredoc.name: heredoc for heredoc in node.heredocs}
    paths: list[str] = []
    heredocs: list[Heredoc] = []
    for source in sources:
        opening = opening_or_none(source)
        if opening is None:
            paths.append(source)
            continue
        # Of two heredocs with one name the last content counts. In a JSON form there is no body at all.
        body = bodies.get(opening.name)
        content = body.content if body else ""
        heredocs.append(Heredoc(opening.name, content, opening.expand, opening.chomp, opening.fd))
    copy = Copy(node.span, node.name == "ADD", tuple(paths), dest, tuple(heredocs))
    return with_flags(copy, node.name, node.flags)


def _cmd(node: Node) -> Cmd:
    _refuse_flags(node)
    return Cmd(node.span, not node.json, _command(node))


def _entrypoint(node: Node) -> Entrypoint:
    _refuse_flags(node)
    return Entrypoint(node.span, not node.json, _command(node))


def _command(node: Node) -> tuple[str, ...]:
    """The words of the exec form, or the one string of the shell form."""
    return node.args if node.json else node.args or ("",)


def _shell(node: Node) -> Shell:
    _refuse_flags(node)
    _some(node)
    if not node.json:
        raise WordError("shell-form", "SHELL takes a JSON array", hint='SHELL ["/bin/sh", "-c"]')
    return Shell(node.span, node.args)


def _workdir(node: Node) -> Workdir:
    _refuse_flags(node)
    return Workdir(node.span, _one(node))


def _user(node: Node) -> User:
    _refuse_flags(node)
    return User(node.span, _one(node))


def _maintainer(node: Node) -> Maintainer:
    _refuse_flags(node)
    return Maintainer(node.span, _one(node))


def _stop_signal(node: Node) -> StopSignal:
    return StopSignal(node.span, _one(node))


def _expose(node: Node) -> Expose:
    """BuildKit sorts the ports before it expands them; history shows them so."""
    _refuse_flags(node)
    return Expose(node.span, tuple(sorted(_some(node), key=to_bytes)))


def _volume(node: Node) -> Volume:
    _refuse_flags(node)
    paths = tuple(path.strip(BLANK) for path in _some(node))
    if "" in paths:
        raise WordError("empty-path", "VOLUME cannot be an empty path")
    return Volume(node.span, paths)


def _healthcheck(node: Node) -> HealthcheckCommand:
    kind, *command = _some(node)
    match upper(kind):
        case "NONE":
            if command:
                raise WordError("arguments", "HEALTHCHECK NONE takes nothing else", word=command[0])
            return HealthcheckCommand(node.span, ("NONE",))
        case "CMD":
            if not command:
                raise WordError("arguments", "HEALTHCHECK CMD needs a command")
            test = ("CMD" if node.json else "CMD-SHELL", *command)
            return with_flags(HealthcheckCommand(node.span, test), "HEALTHCHECK", node.flags)
        case _:
            raise WordError(
                "arguments", f"HEALTHCHECK takes CMD or NONE, not {shown(kind)}", hint="HEALTHCHECK CMD command"
            )


def _onbuild(node: Node) -> Onbuild:
    _some(node)
    _refuse_flags(node)
    trigger = upper(node.args[0].strip(BLANK))
    if trigger in _NOT_TRIGGERS:
        raise WordError("bad-trigger", f"{trigger} cannot be a trigger of ONBUILD", word=node.args[0])
    found = _ONBUILD.match(node.original)
    expression = node.original[found.end() :] if found else node.original
    bodies = [f"\n{heredoc.content}{heredoc.name}" for heredoc in node.heredocs]
    return Onbuild(node.span, "".join([expression, *bodies]))


def _refuse_flags(node: Node) -> None:
    """For instructions that have none."""
    read_flags(node.name, node.flags)


def _some(node: Node) -> tuple[str, ...]:
    if not node.args:
        raise WordError("arguments", f"{node.name} needs at least one argument")
    return node.args


def _one(node: Node) -> str:
    if len(node.args) != 1:
        raise WordError("arguments", f"{node.name} needs an argument")
    return node.args[0]


READERS: dict[str, Callable[[Node], Instruction]] = {
    "ADD": _copy,
    "ARG": _arg,
    "CMD": _cmd,
    "COPY": _copy,
    "ENTRYPOINT": _entrypoint,
    "ENV": _env,
    "EXPOSE": _expose,
    "FROM": _from,
    "HEALTHCHECK": _healthcheck,
    "LABEL": _label,
    "MAINTAINER": _maintainer,
    "ONBUILD": _onbuild,
    "RUN": _run,
    "SHELL": _shell,
    "STOPSIGNAL": _stop_signal,
    "USER": _user,
    "VOLUME": _volume,
    "WORKDIR": _workdir,
}
