"""A private registry: the server of the OCI distribution protocol (distribution-spec 1.1) on a store of pybuild's own.

For one team and for tests: one process, one folder, one list of users who may all do the same.

    serve.py         the process: address, TLS, signals, one line of log per request (`log.py`)
    connections.py   how many at once, and who goes when there are more
    dispatch.py      from a request to its endpoint: path (`target.py`), login (`access.py`), refusals (`refusal.py`)
    endpoints/       one file per kind of thing: blobs, uploads, manifests, lists, referrers
    body.py          reading what clients send, within limits of size and patience; ranges.py: the two kinds of ranges
    sending.py       blobs on their way out
    document.py      what a manifest that is pushed must say
    registry.py      the state, opened for one request: the store, and beside it in ROOT/registry
    repositories.py    the database: which repository has which blobs and manifests
    uploads.py         unfinished uploads, one file each
    held.py          what of the store is the registry's
    collect.py       garbage collection, beside running servers

Decisions (2026-11-24):
- **aiohttp** carries the HTTP: streams both ways with back-pressure, a parser in C with limits, time limits for
  headers, graceful shutdown. What touches disk runs on threads, one function per request, in plain sequential code.
- **The root is a store**: blobs and tags are where `builder.store` has them, so `index.json` names `team/app:1.0`,
  other tools read the folder in place, and `pybuild images` and `store check` work on it. Who may see which blob is
  what an OCI layout cannot say: that is in a SQLite database. A tag counts where its repository has the manifest.
- **The store is opened anew for each request.** What a process uses it stamps with the time at which it opened the
  store (`store/presence.py`), so a server that had it open for weeks would keep the garbage of weeks. It costs half a
  millisecond, and makes several servers and a collection on one root the ordinary case.
- **A blob is in the store when its upload is answered with 201, durably.** Unfinished uploads are files outside of any
  process: whoever serves the root can go on with them, after kill -9 too.
- **Blobs are verified as they are sent**, once in an hour: the last piece is held back until the digest is known to be
  right. A damaged one is dropped, so that the next push repairs it, instead of being there for ever. Each time would
  double the time of a pull.
- A blob that a repository's manifest still refers to can be deleted, as in docker's registry.
- What nobody refers to stays for a day (`collect.GRACE_S`): an image is pushed blob by blob, its manifest last.
"""
