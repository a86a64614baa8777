"""Whether a command needs all that is copied before it, as far as names tell."""

from __future__ import annotations

from fnmatch import fnmatchcase

_DEPENDENCIES = (
    "package*.json*", "npm-shrinkwrap.json", "yarn.lock*", "pnpm-*.yaml", ".npmrc", ".yarnrc*", "bower.json",
    "requirements*", "constraints*.txt", "setup.py", "setup.cfg", "pyproject.toml", "poetry.lock*", "uv.lock",
    "Pipfile*", "environment.y*ml", "go.mod", "go.sum", "Cargo.toml", "Cargo.lock", "Gemfile*", "*.gemspec",
    "composer.*", "pom.xml", "*.gradle*", "gradle.properties", "gradlew", "mvnw", "*.csproj", "*.sln", "mix.exs",
    "mix.lock", "rebar.*",
)  # fmt: skip
"""Files that say what a project is made from: an installing step reads them without naming them."""


def needs_all(run: str, copy: str) -> bool:
    """`run` and `copy`: the texts of the two steps. False for folders, of which a part may be enough."""
    *sources, dest = [word for word in copy.split()[1:] if not word.startswith("--")] or [""]
    as_one = dest.rpartition("/")[2] if len(sources) == 1 else ""
    return bool(sources) and all(_is_needed(source.rpartition("/")[2], as_one, run) for source in sources)


def _is_needed(name: str, as_one: str, run: str) -> bool:
    if any(fnmatchcase(name, pattern) for pattern in _DEPENDENCIES):
        return True
    return "." in name.strip(".") and (name in run or ("." in as_one.strip(".") and as_one in run))
