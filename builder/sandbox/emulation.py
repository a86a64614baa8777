"""Which platforms' programs this machine runs: its own, and those that binfmt_misc has an emulator for.

Linux, Documentation/admin-guide/binfmt-misc.rst. A rule counts when it recognises ELF files of the machine in
question and was registered with the flag F: then the kernel holds the emulator open, and finds it whatever the
process's root is. A rule without F counts for nothing, since images do not have the emulator.
"""

from __future__ import annotations

import os
from typing import Literal, NamedTuple

from builder.errors import SandboxError
from builder.model.platform import Platform

BINFMT = "/proc/sys/fs/binfmt_misc"
_MACHINES = {
    "386": 3, "mips": 8, "mipsle": 8, "mips64": 8, "mips64le": 8, "ppc64": 21, "ppc64le": 21, "s390x": 22, "arm": 40,
    "amd64": 62, "arm64": 183, "riscv64": 243, "loong64": 258,
}  # fmt: skip
"""The member e_machine of ELF headers (elf.h)."""
_BIG_ENDIAN = frozenset({"mips", "mips64", "ppc64", "s390x"})
_SIBLING = {"amd64": "386", "arm64": "arm"}
"""What the kernel of an architecture runs besides its own."""
_LEVELS = {
    2: "cx16 lahf_lm popcnt sse4_1 sse4_2 ssse3",
    3: "abm avx avx2 bmi1 bmi2 f16c fma movbe xsave",
    4: "avx512f avx512bw avx512cd avx512dq avx512vl",
}
"""What x86-64-v2 and up have more than the level before (x86-64 psABI), in the words of /proc/cpuinfo."""


class _Rule(NamedTuple):
    magic: bytes
    mask: bytes
    offset: int
    fixed: bool
    """Whether the emulator is held open (flag F)."""


def check_emulated(wanted: Platform, host: Platform, folder: str = BINFMT) -> None:
    """Raises SandboxError `foreign-platform` unless programs of `wanted` run here."""
    if _is_native(wanted, host):
        return
    if wanted.os == host.os and wanted.architecture == host.architecture:
        message = f"this machine's processor is older than {wanted}: it cannot run its programs"
        raise SandboxError("foreign-platform", message, hint=f"build for {host}, or on a newer machine")
    fitting = [rule for rule in _rules(folder) if _recognises(rule, wanted.architecture)]
    if wanted.os != "linux" or not any(rule.fixed for rule in fitting):
        raise SandboxError(
            "foreign-platform",
            f"RUN for {wanted} cannot be carried out on this machine, which is {host}: it has no emulator for it",
            hint=_advice(wanted, fitting),
        )


def _advice(wanted: Platform, fitting: list[_Rule]) -> str:
    if wanted.os != "linux":
        return f"only COPY, ADD and WORKDIR work in stages for {wanted.os}"
    if fitting:
        return "the emulator that binfmt_misc has lacks the flag F: install qemu-user-static in place of qemu-user"
    return (
        "install qemu-user-static with binfmt-support, or run the RUN steps in a stage FROM --platform=$BUILDPLATFORM "
        "and COPY --from it"
    )


def _is_native(wanted: Platform, host: Platform) -> bool:
    if wanted.os != host.os:
        return False
    if wanted.architecture == host.architecture:
        return wanted.architecture != "amd64" or _has_level(wanted.variant)
    return _SIBLING.get(host.architecture) == wanted.architecture


def _has_level(variant: str) -> bool:
    digits = variant.removeprefix("v")
    level = int(digits) if digits.isdecimal() else 1
    if level < 2:
        return True
    with open("/proc/cpuinfo", encoding="utf-8") as file:
        flags = next((set(line.split()) for line in file if line.startswith("flags")), set())
    return level <= 4 and all(flags.issuperset(_LEVELS[step].split()) for step in range(2, level + 1))


def _recognises(rule: _Rule, architecture: str) -> bool:
    machine = _MACHINES.get(architecture)
    if machine is None:
        return False
    order: Literal["big", "little"] = "big" if architecture in _BIG_ENDIAN else "little"
    bits = 1 if architecture in ("386", "arm", "mips", "mipsle") else 2
    start = b"\x7fELF" + bytes([bits, 1 if order == "little" else 2, 1, 0]) + bytes(8)
    header = start + (2).to_bytes(2, order) + machine.to_bytes(2, order)
    part = header[rule.offset : rule.offset + len(rule.magic)]
    covers = rule.offset <= 18 and rule.offset + len(rule.magic) >= 20
    return covers and all(a & m == b & m for a, b, m in zip(part, rule.magic, rule.mask, strict=False))


def _rules(folder: str) -> list[_Rule]:
    """The enabled ones; none where binfmt_misc is switched off or not mounted."""
    try:
        names = os.listdir(folder)
        with open(f"{folder}/status", encoding="ascii") as file:
            if file.read().strip() != "enabled":
                return []
    except OSError:
        return []
    rules = [_read_rule(f"{folder}/{name}") for name in sorted(names) if name not in ("register", "status")]
    return [rule for rule in rules if rule]


def _read_rule(path: str) -> _Rule | None:
    try:
        with open(path, encoding="utf-8", errors="surrogateescape") as file:
            lines = file.read().splitlines()
    except OSError:
        return None
    words = dict(line.partition(" ")[::2] for line in lines)
    if not lines or lines[0] != "enabled" or "magic" not in words:
        return None
    magic = bytes.fromhex(words["magic"])
    mask = bytes.fromhex(words["mask"]) if "mask" in words else b"\xff" * len(magic)
    return _Rule(magic, mask, int(words.get("offset", "0")), "F" in words.get("flags:", ""))
