"""Root's rights over files and mounts for an ordinary user: a user namespace in which we are user 0.

With ranges in /etc/subuid and /etc/subgid, and the set-uid programs newuidmap and newgidmap to hand them out, there
are other users too; without, there is only user 0, and images whose files belong to others cannot be unpacked whole.
"""

from __future__ import annotations

import os
from collections.abc import Iterable

from builder.sandbox import kernel
from builder.sandbox.subordinate import SubordinateRange, subordinate_ranges


def map_arguments(own: int, ranges: Iterable[SubordinateRange]) -> list[str]:
    """For newuidmap and newgidmap: our number becomes 0, the ranges follow from 1 on."""
    arguments = ["0", str(own), "1"]
    inside = 1
    for first, length in ranges:
        arguments += [str(inside), str(first), str(length)]
        inside += length
    return arguments


def enter_user_namespace() -> None:
    """Afterwards this process is user and group 0, with all capabilities, in a namespace of its own; or OSError."""
    user, group = os.getuid(), os.getgid()
    users, groups = subordinate_ranges("/etc/subuid", user), subordinate_ranges("/etc/subgid", user)
    if not (users and groups and _mapped_by_programs(map_arguments(user, users), map_arguments(group, groups))):
        _enter_with_one_id(user, group)


def _mapped_by_programs(users: list[str], groups: list[str]) -> bool:
    """The programs must run outside of the namespace that they fill: in a child that stays there. False: nothing has
    changed, since without the programs no namespace is entered."""
    from shutil import which

    programs = [which("newuidmap"), which("newgidmap")]
    if None in programs:
        return False
    entered, tell = os.pipe2(os.O_CLOEXEC)
    target = str(os.getpid())
    child = os.fork()
    if child == 0:
        _map_from_outside(entered, tell, [[programs[0], target, *users], [programs[1], target, *groups]])
    os.close(entered)
    try:
        kernel.unshare(kernel.CLONE_NEWUSER)
        os.write(tell, b"1")
    finally:
        os.close(tell)
        _, status = os.waitpid(child, 0)
    if status:
        raise PermissionError("newuidmap or newgidmap refused the ranges of /etc/subuid and /etc/subgid")
    os.setgroups([])
    return True


def _map_from_outside(entered: int, tell: int, commands: list[list[str | None]]) -> None:
    """In the child: runs the programs once the parent is in its namespace; its exit code tells whether both did it."""
    failed = True
    try:
        os.close(tell)
        if os.read(entered, 1):
            null = [(os.POSIX_SPAWN_OPEN, fd, "/dev/null", os.O_RDWR, 0) for fd in (1, 2)]
            lines = [[word for word in command if word] for command in commands]
            children = [os.posix_spawn(line[0], line, {}, file_actions=null) for line in lines]
            failed = sum(os.waitpid(pid, 0)[1] for pid in children) > 0
    finally:
        os._exit(failed)


def _enter_with_one_id(user: int, group: int) -> None:
    kernel.unshare(kernel.CLONE_NEWUSER)
    for name, text in (("setgroups", "deny"), ("uid_map", f"0 {user} 1"), ("gid_map", f"0 {group} 1")):
        with open(f"/proc/self/{name}", "w") as file:
            file.write(text)
