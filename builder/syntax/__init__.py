"""A Buildfile's text: to nodes, to typed instructions with their places, and words with variables to their values.

    parse.py         bytes to a Buildfile, or everything that is wrong with it
    lines.py         physical lines as tokens             grammar/file.lark
    nodes.py         an instruction's name, flags, words  grammar/flags.lark, words.lark
    exec_form.py     ["a", "b"]                           grammar/json.lark
    typed.py         what a node means; flags.py declares every flag, once
    expand.py        variables, quotes, escapes           grammar/expand.lark
    form.py          the canonical form that `pybuild parse` prints

Decisions, 2026-11-24:

- BuildKit's parser is followed to the letter where it decides what a file means: also where it loses what stands before
  an operand in a word of EXPOSE, reads flags byte by byte, or takes `$((1 << 2))` for a heredoc. Its limit of 64 KiB
  for a physical line is kept, although nothing here needs it: a file that builds here builds there.
- Error texts are our own, and all errors of a file are reported, up to problems.MAX_PROBLEMS.
- Several small LALR grammars rather than one. Which words an instruction's line falls into depends on its name, JSON is
  only tried, and a heredoc's end is known only from the line that opens it. The lines are therefore lexed by lines.py
  and fed to lark's interactive parser; all else is lexed by lark's contextual lexer.
- No parse tree is walked by recursion, and repeated groups of terminals are possessive, so that work is linear in the
  input. Expansion alone can grow faster than its text; evaluate.WORK_LIMIT bounds it with an error.
- A byte that is no UTF-8 is a surrogate escape in a text, so that COPY of such a file name works. Words of ENV, LABEL
  and ARG, exec forms and heredoc names have U+FFFD in its place, as in BuildKit.
"""
