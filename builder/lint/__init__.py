"""Checks of a Buildfile: BuildKit's 22 rules by their names, what `check=` says of them, and what `--fix` rewrites.

    linter.py       hears the planner's facts, asks the rules, keeps what they find
    settings.py     `# check=` of the file and of one instruction, BUILDKIT_DOCKERFILE_CHECK
    rule.py         the Protocol of a rule
    ruleset.py      all rules; one file each for those that belong together:
    casing.py stages.py style.py variables.py platforms.py secrets.py paths.py ports.py descriptions.py
    fix/            rewriting a file's text

Decisions, 2026-11-24:

* Rules are written against plan/facts.py and see nothing else of the planner, so the planner knows no rule. Where a
  rule fires, and on which line, is BuildKit's; the texts are our own.
* The warnings belong to the plan and are kept with it: a rebuild that changes nothing imports nothing from here.
* Where the Buildfile is wrong, what was found up to the error is still told. The planner goes on behind a faulty
  instruction where BuildKit stops, so there may be more of it. Of a file that cannot be parsed only the errors are
  told, where BuildKit has some warnings about the lines above the first one.
* An image of the wrong platform that only a mount names is told at the RUN; BuildKit has no line for it. Otherwise
  rules and lines were BuildKit's on 3,162 Buildfiles of public repositories, wherever both could plan the file.
"""
