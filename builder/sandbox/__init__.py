"""One process in one root filesystem, and the worker process that does all privileged work on files.

The main process never forks and needs no rights: it keeps a `Worker` (worker.py), which starts one small
single-threaded process (server.py) when first called. That process forks a child for each job (jobs.py): run a process,
capture what it left as a layer, apply a layer to a directory, remove a tree. Nothing here knows Buildfiles, images or
the store.

Decisions (2026-11-24):

- Every job is process 1 of its own pid namespace with its own mount namespace. Ending a job, for whatever reason, is
  one SIGKILL, after which the kernel has ended every process and every mount of it. Nothing is cleaned up by hand, and
  the death of the main process or of the worker needs no special care.
- The process that a RUN names is itself process 1 of one more pid namespace, as under runc: its end ends its children.
- The seccomp filter is assembled here from a table, without libseccomp (seccomp.py says why).
- Mount points that an image lacks come from one more lower directory, so that they cannot reach the layer (stubs.py).
- The native sandbox wants Linux 5.11 (clone3, new mount calls, overlay in user namespaces); `pybuild doctor` tells.
"""
