"""Is the store what it says it is, and making it so again: `pybuild store check [--repair]`.

    examine.py    every check, in order
    contents.py   layers against what is said of them: diff ids, tables of contents, snapshots, records
    caches.py     the database of records, plans, downloads, directories of cache mounts
    repair.py     what is done about each finding, until nothing more is found
    aside.py      where damaged files go: people may want to look at them

The first look, `store/check.py`, reads blobs and what images refer to; it belongs to the store.

Decisions, 2026-11-24:

- **What can be made again is dropped, what cannot is moved to `damaged/`** and its loss is told. The next build or pull
  makes the rest.
- **Repair goes in rounds.** A blob that is moved away leaves an image without a layer, which the next look finds.
- **A snapshot is held against its layer's table**, file by file. One that a container stands on stays, and is told.
- What only explains or speeds up (memos, ledgers, records) carries a checksum, and damaged counts as absent, so that
  a flipped bit never becomes a wrong image (`cache/codec.py`).
"""
