"""Who we are on this machine: real root, or root of a user namespace with some users mapped into it."""

from __future__ import annotations

from typing import NamedTuple

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


def own_identities() -> Identities:
    users, groups = _map("uid_map"), _map("gid_map")
    with open("/proc/self/setgroups") as file:
        may_set_groups = file.read().strip() == "allow"
    return Identities(
        in_user_namespace=users != _EVERYONE,
        users=tuple(range(first, first + count) for first, _, count in users),
        groups=tuple(range(first, first + count) for first, _, count in groups),
        may_set_groups=may_set_groups,
    )


def _map(name: str) -> list[tuple[int, int, int]]:
    with open(f"/proc/self/{name}") as file:
        rows = [[int(field) for field in line.split()] for line in file]
    return [(first, outside, count) for first, outside, count in rows]
