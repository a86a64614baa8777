"""The very end of the way: which file `argv[0]` means, and the exec."""

from __future__ import annotations

import os
from typing import NamedTuple, NoReturn

from builder.sandbox.init import fork_below_init
from builder.sandbox.spec import ExitStatus


class NotStarted(Exception):  # noqa: N818 - carries a result, not a fault of ours
    """The program could not be executed; the status says why in docker's words."""

    def __init__(self, code: int, reason: str) -> None:
        super().__init__(reason)
        self.status = ExitStatus(code, 0, reason)


class Program(NamedTuple):
    argv: tuple[str, ...]
    environment: dict[str, str]
    """PATH of it is where a name without a slash is looked for."""
    below_init: bool = False

    def execute(self) -> NoReturn:
        """This process becomes the program, or NotStarted is raised: 127 for what is not found, 126 for the rest. With
        `below_init` that is said of a child."""
        if self.below_init:
            fork_below_init()
        name = self.argv[0]
        refused = ""
        for path in self._candidates():
            try:
                os.execve(path, self.argv, self.environment)  # noqa: S606 - there is no shell to want
            except (FileNotFoundError, NotADirectoryError) as error:
                if os.path.isfile(path):  # the kernel means its interpreter or its dynamic linker
                    raise NotStarted(127, f'exec "{path}": its interpreter does not exist') from error
            except PermissionError:
                what = "is a directory" if os.path.isdir(path) else "permission denied"
                refused = refused or f'exec: "{path}": {what}'
            except OSError as error:
                raise NotStarted(126, f'exec "{path}": {(error.strerror or "").lower()}') from error
            except ValueError as error:  # a NUL byte, or what is no text
                raise NotStarted(126, f"exec {path!r}: invalid argument") from error
        if refused:
            raise NotStarted(126, refused)
        what = f"stat {name}: no such file or directory" if "/" in name else "executable file not found in $PATH"
        raise NotStarted(127, f'exec: "{name}": {what}')

    def _candidates(self) -> list[str]:
        name = self.argv[0]
        if "/" in name:
            return [name]
        path = self.environment.get("PATH", "")
        return [f"{folder or '.'}/{name}" for folder in path.split(":")] if path else []
