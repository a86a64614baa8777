"""pybuild against other builders, case by case: the same Buildfile and context must give the same files and config.

    python -m tests.differential [CASE ...] [--peer buildkit|buildah] [--keep DIR] [--json FILE] [--times] [--record]

A case is a folder below `cases`: a `Dockerfile` and a `case.json` that describes the context (`materials.py` says how:
fifos, hard links, owners, archives and names that are not UTF-8 do not survive a version control system) and how to
build it. `expected.json` is what BuildKit makes of it, written by `--record`, so that a machine without BuildKit can
still tell whether pybuild is right; `test_differential.py` compares with the daemon where there is one and with the
recording in any case.

`python -m tests.differential.random` makes cases at random: see there.

Decisions (2026-11-24):
- The files of an image are worked out by `flatten.py` alone, with Python's tarfile and the rules of the OCI image
  specification for whiteouts. Nothing of the code under test takes part.
- A file is one line of text (`file 0644 0:0 3 "hi\\n"`): compared, recorded and shown in the same form.
- What the bases bring is left out of the recording: it is other on each machine.
- `known` in a case names what pybuild does otherwise on purpose, with the reason; it must go when the difference goes.
- Times are no part of a comparison: builders differ there by design. `--times` shows them.
"""
