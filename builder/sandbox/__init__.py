"""One process in one root filesystem, and the worker process that does all privileged work on files.

The main process never forks and needs no rights: it keeps a `Worker` (worker.py), which starts one small
single-threaded process (server.py) when first called. That process forks a child for each job (jobs.py): run a process,
capture what it left as a layer, apply a layer to a directory, remove a tree, examine the machine. Nothing here knows
Buildfiles or images. The way of a run: run.py, arrange.py (root filesystem and mount points), then native.py and
container.py (our own namespaces) or oci.py (a runtime's bundle).

Decisions (2026-11-24):

- Every job is process 1 of its own pid namespace with its own mount namespace. Ending a job, for whatever reason, is
  one SIGKILL, after which the kernel has ended every process and every mount of it. Nothing is cleaned up by hand, and
  the death of the main process or of the worker needs no special care.
- With the kernel's overlay the job's process itself becomes the program that a RUN names (one fork a run), as process
  1, as under runc: its end ends its children. The other roots need work afterwards and wait for a child.
- What every run needs is made by the process that waits for the next one, while the run before goes on (ahead.py).
- A container's monitor (builder/containers/monitor) carries out jobs itself, in the place of the worker: `run`, with a
  terminal of the root filesystem's own (console.py) or an init (init.py), and `enter` for `exec`. What is copied into a
  container or out of it goes by way of the job `visit`, which makes its root its own before it looks at any path.
- Once an image's files stand where this machine's stood, nothing is imported any more (imports.py).
- The seccomp filter is assembled here from a table, without libseccomp (seccomp.py says why).
- Mount points that an image lacks come from one more lower directory, so that they cannot reach the layer (stubs.py).
- The network is the machine's, unless it is `none`: a build needs no address of its own, and a bridge needs root. So an
  ordinary user's RUN cannot listen on ports below 1024.
- The native sandbox wants Linux 5.12 (clone3, mount calls by descriptor, overlay in user namespaces).
"""
