"""Where records of steps that ran are kept: variants of `solve.types.CacheBackend`, one file each.

    ledger.py   the records of the last build of one Buildfile and options, in one small file
    local.py    every record of this machine, on diskcache
    layered.py  several of them as one
    remote/     caches elsewhere: --cache-from, --cache-to

and beside them `codec.py` (a record as JSON, for all of them) and `memo.py` (small derived values by key; plans).

Decisions, 2026-11-24:

- The ledger exists for the no-op rebuild: importing diskcache and opening its database costs about 25 ms, reading one
  small file 0.3 ms. It stands in front of the local backend and is never needed.
- diskcache is used for what it is good at, rows that many processes change at once, and with a Disk that knows JSON
  text and nothing else: no pickle, no files beside the database, no file name taken from a row (CVE-2025-69872).
- Nothing is evicted by itself: a record costs about a kilobyte, and which may go is a question of the images that need
  it. Pruning is asked for.
- A cache that cannot be written (full disk, lock held for too long) does not fail a build whose steps succeed. The
  local backend goes on without keeping and tells it in `failures`.
"""
