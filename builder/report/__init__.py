"""`pybuild report`: one build as a page that people show each other, in one file that asks for nothing else.

    make.py        from a record to the page: what is on it
    timeline.py    bars of steps by stage: where on the axis, what waited
    critical.py    the steps that the build's length comes from
    comparison.py  the build beside the one before of the same Buildfile
    contents.py    the image's layers, their biggest files, what is wasted
    treemap.py     areas for sizes
    logs.py        the ends of the steps' logs
    page.py        templates to HTML: escaping, and the policy that forbids the page everything else
    templates/     the page's parts, its style and its script

Decisions, 2026-11-24:

- **Everything that comes from outside is hostile**: texts of steps, names of files, logs. Templates escape whatever
  they are given, after what steers terminals or turns text around has been taken out (`page.py`: nobody can forget it),
  and the page's policy allows its own style and script by their digests, no other and no network.
- **Pictures are SVG with places in per cent and text in pixels**, so that one drawing is readable on every width; it
  has no style attributes, which the policy forbids. Beside each picture stands a table that says the same.
- **States have a shape and a word, not only a colour.** The page works without its script, which filters and folds.
- **Nothing is fetched for it**: layers of which this machine has no table of contents are said to be elsewhere.
"""
