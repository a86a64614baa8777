"""Paths inside an image, joined and cleaned as text (Go's `path` package): nothing is looked up."""

from __future__ import annotations


def clean(path: str) -> str:
    """`path` as an absolute path without empty, `.` and `..` parts; `..` stops at the root."""
    parts: list[str] = []
    for part in path.split("/"):
        if part == "..":
            del parts[-1:]
        elif part not in ("", "."):
            parts.append(part)
    return "/" + "/".join(parts)


def joined(directory: str, path: str) -> str:
    """`path` seen from `directory`. An absolute path stays as it is written, as BuildKit keeps it in the config."""
    directory = directory if directory.startswith("/") else clean(directory)
    if not path:
        return directory
    return path if path.startswith("/") else clean(f"{directory}/{path}")


def destination(directory: str, path: str) -> str:
    """Where COPY and ADD put things: absolute and clean, with a slash at the end where a directory is meant."""
    wants_directory = path in ("", ".") or path.endswith(("/", "/."))
    target = clean(joined(directory, path))
    return f"{target}/" if wants_directory and target != "/" else target
