"""How much is kept, and what of it may go: `pybuild df`, `pybuild prune`, the policy at the end of builds.

    types.py     Item, the unit of both: a thing with a size, a time, and who uses it
    holdings.py  who holds which blob: images, records, lookups
    containers.py images.py volumes.py cache.py snapshots.py mounts.py downloads.py contexts.py plans.py history.py
                 one kind of thing each: which there are, and how they are removed
    choose.py    which items a wish takes; values only
    usage.py     sums;  prune.py  carries a wish out;  policy.py  the wish of the configuration file

Decisions, 2026-11-24:

- **One list of items serves df and prune**, so that what df calls reclaimable is what prune frees.
- **A layer is one item, however many records lead to it.** Its last use is the stamp that its blob has anyway
  (`store/presence.py`): a rebuild without changes pays nothing for it.
- **Nothing waits for anybody.** What running processes use is left out by its stamp or its lock, and goes with a later
  prune. Removal is a rename and then, at leisure, an unlink.
- **Bytes are counted once.** A layer that an image holds is the image's; the cache's share of it is called shared.
- **Docker's words.** A plain prune takes what no image, container or build needs any more; `--all` also what is only
  good for being quick, and images without containers; `--keep-storage` speaks of the cache and never takes an image.
"""
