"""`pybuild build --watch`: builds again when an input of the build has changed, and only then.

    places.py    what a build reads on this machine: where a change may matter
    folders.py   which folders that means; what an ignore file leaves out whole costs no watches
    inotify.py   how the kernel tells what happens in a folder
    changes.py   waits until something has changed there, and then for quiet
    attempt.py   what the last build was of; whether what would be built now is something else
    loop.py      both together

Decisions, 2026-11-24:

- **The cache decides what a change is.** An event only asks for a look; what is looked at is the keys of steps and the
  image's configuration, as in `--dry-run`. So ignored files, files that no step reads, time stamps and comments in the
  Buildfile rebuild nothing, and no list of what counts has to be kept beside the one that the build itself has.
- **inotify as it is**, not watchdog: that watches a folder with all that is below it or nothing of that, with a thread
  for each, and says nothing where the kernel refuses a watch below the first. Which folders are watched is found anew
  after each change, by the same rules as the context's files; so folders that come, go or move need no care.
- A secret is in no key: that its file has changed is said, and a build that failed is tried again for it.
- `--no-cache`, `--no-cache-filter` and `--pull` are for the first build.
"""
