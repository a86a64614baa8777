"""Random Dockerfiles with a context, built by pybuild and by a peer, and compared as the cases are.

    python -m tests.differential.random [--seed N] [--count M | --minutes M] [--first K] [--only KIND ...]
                                        [--peer buildkit|buildah] [--findings DIR]

    files.py        contexts: files, folders, links, archives, modes, owners, times; and .dockerignore files
    words.py        words with variables, quotes and escapes
    copies.py       COPY and ADD: sources, destinations, options, heredocs
    heredocs.py     their names, quotes and lines
    runs.py         RUN: scripts that change files, mounts, forms
    settings.py     what changes the configuration only
    offered.py      what ADD can fetch
    buildfile.py    stages out of these; the case
    verdicts.py     what is compared more than for a recorded case: each layer's entries, and times
    shrink.py       a finding with all lines and files taken away that it does not need

Case K of a seed comes of these two numbers alone. A finding is a folder with a `Dockerfile` and a `case.json`, so that
it can be moved into `cases` as it is.

Decisions (2026-11-24):
- What is made is mostly valid and stays small: one mistake hides all else that a case could show.
- A time that a builder takes from its clock is only compared with another such: what is older than that must be equal.
"""
