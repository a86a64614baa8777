"""The line of the design: Buildfile -> plan -> solve -> image -> outputs, and the shorter ways along it.

build.py       the whole line: what can be asked of it, with what it works, what happens after what
planning.py    the plan, made once and kept
foreseeing.py  `--dry-run`: as far as it goes without running anything
debugging.py   `debug`: into the files of a step of the last build
"""
