"""Durable state on one machine: an OCI image layout, and private folders beside it.

    ROOT/oci-layout index.json blobs/   the OCI image layout: what skopeo, crane and umoci read in place
    ROOT/index.copy                     index.json below its checksum, should that be damaged
    ROOT/snapshots/HEX/fs               one unpacked directory per diff id, in overlayfs form
    ROOT/tables/HEX                     one table of contents per diff id
    ROOT/layers/HEX.json                which blobs carry a diff id
    ROOT/cache plans history ...        owned by the rooms above
    ROOT/tmp/BOOT.PID.RANDOM/           everything unfinished of one running process
    ROOT/locks/                         empty files for flock

Blobs, refs and cache records are what counts. Tables, snapshots and `layers/` are derived from blobs: any of them may
be gone at any time, and who needs one makes it again.

Decisions, 2026-11-24:

- **Durability is bought once per build, not once per file.** A file is written to the process's own temporary folder
  and renamed to its place without fsync; `Store.settle()` makes everything durable before the first name in
  `index.json` points to it: by one syncfs, or file by file when there are only a few, so that a small build does not
  wait for what other programs wrote to the same filesystem. After kill -9 the page cache is intact, so what has been
  renamed is whole. Only a machine that stops (power, kernel) can leave a renamed file without its bytes. The temporary
  folder is the marker for that: it carries the boot id in its name, its entry is made durable before the first rename,
  and it is removed only after a sync. Whoever opens the store and finds one of another boot verifies the blobs, and
  drops the tables and snapshots, that are younger than it (`recovery.py`). Measured on ext4 on a virtual disk, quiet:
  1.0 ms per fsync, so 120 ms for the 120 files of 40 steps; 5 to 15 ms for the one syncfs. Write-back of large blobs
  is started while they are written (`writer.py`): 800 MB and the sync took 0.24 s instead of 0.43 s.
- **A damaged blob is dropped by the reader that finds it**, since a blob that is there but wrong would be taken for a
  hit forever, while one that is absent is fetched or built again.
- **A snapshot stands one level below its own folder** (`HEX/fs`): renaming a directory to another parent needs write
  permission on that directory, and the root directory of an image may belong to a uid that is not ours.
- **An overlay's work directory stays beside the snapshot** (`HEX/work`, as containerd leaves it): a few empty
  directories, which go with the snapshot. Where a filesystem discards freed blocks at once, removing one directory
  costs a trip to the disk: 1 to 4 ms measured, four times a RUN.
- **Removal of trees is passed in.** An ordinary user cannot remove files of its subordinate uids; the sandbox's worker
  can. This room must not know the sandbox.
- **Collection goes on beside builds.** What a process uses it stamps with the time at which it opened the store, and
  what is stamped earlier than the oldest opener may go (`presence.py`). A shared lock held by all and an exclusive one
  for collection, which stood here before, let one long build hold off every removal. The stamp is also when a thing was
  used last, for nothing: a rebuild without changes makes one more call per layer. Containers are roots, not openers.
- **What gets a name is whole**: `refs.py` looks at every blob of it before the index names it (`hold.py`).
"""
