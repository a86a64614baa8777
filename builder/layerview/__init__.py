"""What each layer of an image holds, and what it wastes: `pybuild layers`, `pybuild inspect --layers`.

    analysis.py   per layer what it added, changed and removed; efficiency and waste of the image
    thresholds.py what `--ci` judges
    files.py      the tree of files that a person looks at: one layer's changes, filtered and searched
    screen.py     the full-screen view (textual)
    help.py       its keys

All comes from the layers' tables of contents: nothing is unpacked or mounted.

Decisions (2026-11-24):
- **The view is a command of its own, `pybuild layers IMAGE`.** Whoever looks for it reads the list of commands; an
  option of `inspect` that only works with another option would be found by nobody. `inspect --layers` prints the same
  as text or JSON, for those who look there.
- **Efficiency, wasted bytes and their share of the upper layers are dive's figures** (dive/filetree/efficiency.go of
  wagoodman/dive), so that thresholds of a `.dive-ci` mean the same here: per path the smallest copy over all copies,
  a removal being a copy of no bytes; waste is every copy of a path that has several. One difference: when a directory
  is removed, each file in it counts as removed; dive counts the directory as one more file of their size, which is no
  waste to it. Beside them stands `hidden`, what would not be stored if all layers were one: that is dive's waste
  without the copies that the image still shows. Compared with dive 0.13.1 on a Debian image whose upper layers change
  modes, append, remove and write again (216 MB, 4 layers): size, waste, score and each of 1,474 files the same.
- **textual draws the view**: written by the authors of rich, which draws our progress already; trees, tables and keys
  that are tested without a terminal. It is imported when the view starts, not before.
"""
