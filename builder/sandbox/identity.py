"""Who we are on this machine: real root, or root of a user namespace with some users mapped into it."""

from __future__ import annotations

import functools
import os
from typing import NamedTuple

from builder.sandbox.small_files import read_text

_SYS_ADMIN = 21
"""Bit number of the capability (linux/capability.h)."""
_EVERYONE = [(0, 0, 4294967295)]


class Identities(NamedTuple):
    """The user and group numbers that exist for this process."""

    in_user_namespace: bool
    """Other than the machine's first one."""
    users: tuple[range, ...]
    groups: tuple[range, ...]
    may_set_groups: bool
    """Without newgidmap the kernel forbids setgroups."""

    def has_user(self, number: int) -> bool:
        return any(number in numbers for numbers in self.users)

    def has_group(self, number: int) -> bool:
        return any(number in numbers for numbers in self.groups)


@functools.cache
def own_identities() -> Identities:
    """For good: the worker asks once it is where it stays, and its children inherit the answer."""
    users, groups = _map("uid_map"), _map("gid_map")
    return Identities(
        in_user_namespace=users != _EVERYONE,
        users=tuple(range(first, first + count) for first, _, count in users),
        groups=tuple(range(first, first + count) for first, _, count in groups),
        may_set_groups=read_text("/proc/self/setgroups").strip() == "allow",
    )


@functools.cache
def needs_user_namespace() -> bool:
    """Whether this process has to be root of a namespace of its own before it may mount: even root may be without
    CAP_SYS_ADMIN, in a container. Where not, the worker has the very rights that this process has."""
    return os.geteuid() != 0 or not may_mount()


def may_mount() -> bool:
    fields = dict(line.split(":", 1) for line in read_text("/proc/self/status").splitlines())
    return bool(int(fields["CapEff"], 16) >> _SYS_ADMIN & 1)


def _map(name: str) -> list[tuple[int, int, int]]:
    rows = [[int(field) for field in line.split()] for line in read_text(f"/proc/self/{name}").splitlines()]
    return [(first, outside, count) for first, outside, count in rows]
