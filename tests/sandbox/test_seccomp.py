"""The filter, run by a small interpreter of classic BPF, and its table against libseccomp's."""

from __future__ import annotations

import ctypes
import ctypes.util
import errno
import struct

import pytest

from builder.sandbox import seccomp
from builder.sandbox.syscall_table import ARCHITECTURES, CLONE3, DENIED, DENIED_EVERYWHERE, LAST_KNOWN, Architecture

ALLOW = 0x7FFF0000
MACHINES = sorted(ARCHITECTURES)


def evaluate(program: bytes, audit: int, number: int, argument: int = 0) -> int:
    """What the kernel would decide: 0 for allowed, else the error number."""
    data = struct.pack("<IIQQ", number, audit, 0, argument) + bytes(40)
    code = [struct.unpack_from("HBBI", program, at) for at in range(0, len(program), 8)]
    accumulator, at = 0, 0
    while True:
        operation, yes, no, k = code[at]
        at += 1
        if operation == 0x20:
            accumulator = struct.unpack_from("<I", data, k)[0]
        elif operation == 0x06:
            return 0 if k == ALLOW else int(k & 0xFFFF)
        elif operation == 0x05:
            at += k
        else:
            tests = {0x15: accumulator == k, 0x35: accumulator >= k, 0x45: bool(accumulator & k)}
            at += yes if tests[operation] else no


def architectures() -> list[tuple[str, Architecture]]:
    return [(machine, architecture) for machine in MACHINES for architecture in ARCHITECTURES[machine]]


@pytest.mark.parametrize(("machine", "architecture"), architectures())
def test_every_number_is_decided_as_the_table_says(machine: str, architecture: Architecture) -> None:
    program = seccomp.program(machine)
    denied = {row[architecture.column] for row in DENIED.values()} | set(DENIED_EVERYWHERE.values())
    for number in range(LAST_KNOWN + 10):
        expected = errno.EPERM if number in denied else 0
        if number == CLONE3 or number > LAST_KNOWN:
            expected = errno.ENOSYS
        argument = 0x20008 if number == architecture.personality else 0
        assert evaluate(program, architecture.audit, number, argument) == expected, number


@pytest.mark.parametrize(("machine", "architecture"), architectures())
def test_arguments_decide_clone_socket_and_personality(machine: str, architecture: Architecture) -> None:
    program, audit = seccomp.program(machine), architecture.audit
    assert evaluate(program, audit, architecture.clone, 0x01200011) == 0
    assert evaluate(program, audit, architecture.clone, 0x10000000) == errno.EPERM
    assert evaluate(program, audit, architecture.clone, 0x00020011) == errno.EPERM
    assert [evaluate(program, audit, architecture.socket, family) for family in (2, 38, 39, 40)] == [0, 1, 0, 1]
    assert [evaluate(program, audit, architecture.personality, value) for value in (0, 8, 0x40000)] == [0, 0, 1]


def test_foreign_architectures_and_x32_do_not_exist() -> None:
    program = seccomp.program("x86_64")
    assert evaluate(program, 0xC00000B7, 0) == errno.ENOSYS
    assert evaluate(program, 0xC000003E, 0x40000000) == errno.ENOSYS
    assert seccomp.program("pdp11") == b""


def test_the_numbers_are_those_of_libseccomp() -> None:
    name = ctypes.util.find_library("seccomp")
    if name is None:
        pytest.skip("libseccomp is not installed")
    resolve = ctypes.CDLL(name).seccomp_syscall_resolve_name_arch
    resolve.argtypes = [ctypes.c_uint32, ctypes.c_char_p]
    for machine, architecture in architectures():
        for syscall, row in DENIED.items():
            number = resolve(architecture.audit, syscall.encode())
            if machine != "loongarch64" and number != -1:
                assert row[architecture.column] == (number if number >= 0 else None), (machine, syscall)
        for syscall, expected in {**DENIED_EVERYWHERE, "clone3": CLONE3}.items():
            assert resolve(architecture.audit, syscall.encode()) in (expected, -1), syscall
        for syscall in ("clone", "personality", "socket"):
            known = resolve(architecture.audit, syscall.encode())
            if machine != "loongarch64" and known >= 0:
                assert known == getattr(architecture, syscall), (machine, syscall)
