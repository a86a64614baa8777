"""What ADD can fetch: the same for all cases, below an address of each.

The server is another than that of the recorded cases, which may be tested meanwhile.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from tests.differential import web

PORT = 18474
WEB: Mapping[str, Any] = {
    "plain.txt": "plain\n",
    "folder/noted.md": {"text": "noted\n", "mode": "0640"},
    "x.tar.gz": {"tar": [{"name": "d/f", "text": "f\n"}, {"name": "l", "symlink": "d/f"}], "compress": "gz"},
    "repo.git": {
        "git": [
            {"a.txt": "a\n", "sub/deep/b.md": "b\n", "sub/run.sh": {"text": "#!\n", "mode": "0755"}},
            {"a.txt": "new\n", "sub/link": {"symlink": "../a.txt"}},
        ],
        "tags": {"v1": 0},
    },
}


@contextmanager
def serving(folder: str) -> Iterator[Callable[[str], str]]:
    """Afterwards `folder` holds what is served. Gives the address of a case by its name."""
    web.make(os.path.join(folder, "all"), WEB)

    def address(name: str) -> str:
        if not os.path.lexists(os.path.join(folder, name)):
            os.symlink("all", os.path.join(folder, name))
        return f"http://127.0.0.1:{PORT}/{name}"

    with web.serving_folder(folder, PORT):
        yield address
