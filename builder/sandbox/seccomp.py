"""The filter on a process's system calls, like docker's default profile, assembled by ourselves.

2026-11-24: DESIGN asks for libseccomp where it is found. A classic BPF program over a table of numbers is short, needs
no library (so the filter is always there) and is made in well under a millisecond, where libseccomp takes several.
"""

from __future__ import annotations

import errno
import functools
import os
import struct

from builder.sandbox import kernel
from builder.sandbox.syscall_table import (
    ARCHITECTURES,
    CLONE3,
    DENIED,
    DENIED_EVERYWHERE,
    FORBIDDEN_FAMILIES,
    LAST_KNOWN,
    NAMESPACE_FLAGS,
    Architecture,
    opened_by,
)

# Instructions (linux/bpf_common.h) and results (linux/seccomp.h).
_LOAD = 0x20
_JUMP_EQUAL, _JUMP_AT_LEAST, _JUMP_ANY_BIT = 0x15, 0x35, 0x45
_RETURN = 0x06
_ALLOW, _ERRNO = 0x7FFF0000, 0x00050000
# struct seccomp_data: number, architecture, instruction pointer, six arguments of 64 bits.
_NUMBER_AT, _ARCHITECTURE_AT, _FIRST_ARGUMENT_AT = 0, 4, 16

_PERSONALITIES = (0x0, 0x8, 0x20000, 0x20008, 0xFFFFFFFF)

_Instruction = tuple[int, int, int, int]
_Code = list[_Instruction]


def install(capabilities: tuple[str, ...] | None = None) -> None:
    """From here on this process and its children are filtered; without a table for this machine nothing happens. More
    than the default capabilities open the calls that are of no use without them."""
    if filter_program := program(os.uname().machine, opened_by(capabilities or ())):
        kernel.install_filter(filter_program)


@functools.cache
def program(machine: str, opened: frozenset[str] = frozenset()) -> bytes:
    """The filter as packed `struct sock_filter`, empty for a machine without a table; `opened`: calls that are let
    through. A program of another architecture than the machine's own gets no further than its first system call."""
    if machine not in ARCHITECTURES:
        return b""
    code: _Code = [(_LOAD, 0, 0, _ARCHITECTURE_AT)]
    for architecture in ARCHITECTURES[machine]:
        section = _section(architecture, opened)
        # A conditional jump reaches 255 instructions; BPF_JA reaches any.
        code += [(_JUMP_EQUAL, 1, 0, architecture.audit), (0x05, 0, 0, len(section)), *section]
    code += _refuse(errno.ENOSYS)
    return b"".join(struct.pack("HBBI", *instruction) for instruction in code)


def _section(architecture: Architecture, opened: frozenset[str]) -> _Code:
    """The decision for one architecture: a binary search over the number, as the filter runs on every call."""
    decisions: dict[int, _Code] = {
        architecture.clone: _argument_test(_JUMP_ANY_BIT, (sum(NAMESPACE_FLAGS),), refuse_match=True),
        architecture.personality: _argument_test(_JUMP_EQUAL, _PERSONALITIES, refuse_match=False),
        architecture.socket: _argument_test(_JUMP_EQUAL, FORBIDDEN_FAMILIES, refuse_match=True),
        CLONE3: _refuse(errno.ENOSYS),
    }
    if "clone" in opened:
        del decisions[architecture.clone], decisions[CLONE3]
    numbers = [row[architecture.column] for name, row in DENIED.items() if name not in opened]
    numbers += [number for name, number in DENIED_EVERYWHERE.items() if name not in opened]
    decisions |= {number: _refuse(errno.EPERM) for number in numbers if number is not None}
    steps: list[tuple[int, _Code]] = [(0, _allow())]
    for number in sorted(decisions):
        if steps[-1][0] == number:
            steps.pop()
        steps += [(number, decisions[number]), (number + 1, _allow())]
    steps.append((LAST_KNOWN + 1, _refuse(errno.ENOSYS)))
    return [(_LOAD, 0, 0, _NUMBER_AT), *_search(steps)]


def _search(steps: list[tuple[int, _Code]]) -> _Code:
    """`steps` are (first number, code) in order; each holds up to the next one's first number."""
    if len(steps) == 1:
        return steps[0][1]
    middle = len(steps) // 2
    below, above = _search(steps[:middle]), _search(steps[middle:])
    return [(_JUMP_AT_LEAST, 0, 1, steps[middle][0]), (0x05, 0, 0, len(below)), *below, *above]


def _argument_test(test: int, values: tuple[int, ...], *, refuse_match: bool) -> _Code:
    """Compares the low half of the first argument; all three calls take 32 bits there."""
    first = _FIRST_ARGUMENT_AT  # little-endian on every machine of the table
    code: _Code = [(_LOAD, 0, 0, first)]
    code += [(test, len(values) - at, 0, value) for at, value in enumerate(values)]
    match, otherwise = (_refuse(errno.EPERM), _allow()) if refuse_match else (_allow(), _refuse(errno.EPERM))
    return [*code, *otherwise, *match]


def _allow() -> _Code:
    return [(_RETURN, 0, 0, _ALLOW)]


def _refuse(number: int) -> _Code:
    return [(_RETURN, 0, 0, _ERRNO | number)]
