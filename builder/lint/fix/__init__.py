"""`--fix`: a Buildfile's text with what the checks found rewritten, where that is safe.

    source.py     the text, and where each character of an instruction stands in it
    rewrite.py    one function for each rule that can be fixed
    fixing.py     what is found is rewritten, again and again until nothing is left that can be

Decisions, 2026-11-24:

* Edits are of single characters within physical lines, so comments, indentation, continuations and line ends stay as
  they are.
* Safe means that the plan stays what it was, but for what the rule is about: MAINTAINER becomes a label; CMD in the
  shell form loses its shell only where its words need none and no ENTRYPOINT, here or in a base, would get to see the
  difference. ENTRYPOINT itself is left alone: without its shell it takes arguments that it did not take before.
* After every pass the text is parsed again, and a pass that changed more than it meant to is not taken.
"""
