"""Why a step missed the cache. Imported at the first miss: a build that changes nothing never comes here.

    causes.py    the way through: which record to compare with, and what differs
    nearest.py   the earlier run of the same step: across steps inserted, removed, reordered, stages renamed, other
                 targets and platforms
    own.py       what differs in the step itself: its words, variables, files
    words.py     commands, scripts, sources, text that stands in the Buildfile
    mounts.py    mounts of a RUN, option by option
    settings.py  WORKDIR, USER, options of the command line, as people write them
    below.py     what differs in what it stands on: its base, or the first earlier step that made other files
    notes.py     what records keep for this, beside the parts of their keys
    wording.py   values and words in one line; values of variables that sound like secrets are not shown

Kinds of causes (`types.Cause.kind`): `files` (what COPY, ADD or a mount reads), `argument` and `variable` (ARG, ENV;
`about` is the name), `instruction`, `base`, `below` (an earlier step made other files; `about` is its id), `remote`,
`epoch`, `platform`, `setting` (WORKDIR, USER, SHELL, an option), `first`, `new`, `failed`, `pruned`, `lost`,
`disabled`, `format`, `claim` (see `images/claims.py`).

Decisions, 2026-11-24:

- **The edit is named where it was made, once.** A step that only follows from another says which earlier step made
  other files; a value that follows from an ARG is not named beside it; files that differ because the instruction names
  others are not listed.
- **A folder stands for all that came, went or moved with it.** Where a mount or a COPY is told to read another path,
  that is said, and not how the files of the two places differ.
- **Nearest is what a person would compare with**: the same instruction in the newest build of this Buildfile that had
  it for the same platform; else the one that stands in its place. A Buildfile that is new here is compared with another
  one of its name, or one that is no longer where it was, that has most of its instructions: folders are moved, and
  checked out anew for each job.
- What is left of a removed record (its words and its layer's digests) tells later steps which earlier one differs.
"""
