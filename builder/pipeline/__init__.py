"""The line of the design: Buildfile -> plan -> solve -> image -> outputs, and the shorter ways along it.

options.py     what can be asked of a build; what the last one was asked for
planning.py    the plan, made once and kept
build.py       the whole line: its options, its collaborators, what happens after what
foreseeing.py  --dry-run: as far as it goes without running anything
debugging.py   into the files of a step of the last build
"""
