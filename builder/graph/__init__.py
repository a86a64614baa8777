"""`pybuild graph`: the stages and steps of a build as a picture, with what became of each.

    types.py      the picture as a value: stages, steps, and the lines between them
    recorded.py   of a build that is in the history
    foreseen.py   of a build that has not been made, as `--dry-run` sees it
    mermaid.py, dot.py, svg.py     the three ways to draw it
    colours.py    of states, for the first two
    layout.py     where the svg's stages stand

Decisions, 2026-11-24:

- **We draw the svg ourselves**: the stages of a Buildfile are boxes of rows, for which a layout in layers with the
  barycentre rule (Sugiyama 1981) is enough; a program to install would be more than the picture is worth.
- The same build gives the same bytes. A state is always also a word or a sign, not only a colour.
- Texts of steps are other people's: each format escapes them in its own way, and none can add to the picture.
"""
