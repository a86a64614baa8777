"""What can be asked of a Buildfile without building it: `--call=check|outline|targets`.

    answer.py    what an answer is, and which question gives which
    check.py     what the checks find in all stages, or in those that the target needs
    outline.py   what the target takes: arguments with values and descriptions, secrets, ssh, caches
    targets.py   the stages that can be built
    table.py     columns of text
    fix.py       the Buildfile rewritten, and what is left
    excerpt.py   lines of the source around a place

JSON is what buildx prints for the same call, but for links to BuildKit's documentation; `ruleName`, `detail` and
`location` are what scripts read. Texts are our own.
"""
