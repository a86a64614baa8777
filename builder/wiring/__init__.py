"""The composition root: which variants there are, and how the rooms are put together for one command. No logic.

    store.py       the store, and who needs what is in it
    on_demand.py   the worker, registries: made when first asked for
    registries.py  for commands that speak to registries
    build.py       for `build`
    outputs.py     what writes each `--output type=`
    questions.py   for `--call`, `check`, `--dry-run`, `debug`: about a build, without one
    containers.py  for commands on containers

2026-11-24: a folder, so that a command imports what it needs: those on containers and images know nothing of builds.
"""
