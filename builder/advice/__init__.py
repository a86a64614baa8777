"""What would make builds of a Buildfile faster or its image smaller, judged from the builds that were recorded.

    types.py    one piece of advice, with what it is estimated to gain
    order.py    COPY of files that change often before slow steps
    needs.py    where nothing can be put off, as the step is known to read all that is copied
    arguments.py
                ARG declared earlier than it is needed
    history.py  what both ask of earlier builds
    layers.py   lists of apt left in a layer; files written in one layer and removed in another
    unused.py   files of the context that no step uses
    advise.py   all of them, what gains most first

Nothing is said from taste: an order counts only if it has cost time in at least two recorded builds, and the estimate
is what those builds lost. Nothing here runs during a build; `pybuild explain` and `--explain` ask for it.
"""
