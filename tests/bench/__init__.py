"""The benchmark: the seven workloads of DESIGN section 3, pybuild against whichever peers are installed.

    python -m tests.bench                              all workloads, all peers found, five rounds
    python -m tests.bench --workloads run-cold --peers buildkit,buildah --rounds 3 --json result.json

What is measured is the wall time of one whole command line, from start to exit, as a user would type it. The tools take
turns (A B A B ...), after a warm-up that does not count, so that a slow minute of the machine hits all of them; before
each command the disk's write queue is emptied, so that nobody pays for another's writes. A build that fails ends the
benchmark with the tail of its output: no number stands for a build that did not work.

What is equal: the base image (this machine's shell and coreutils, about 7 MB) is in each tool's store and unpacked
before the clock runs; the context is the same folder, generated from a seed; the Dockerfile is the same file.
What "cold" means: nothing else of a former build is left. pybuild, buildah and podman get a fresh store; a BuildKit
daemon's cache is emptied, which is done only if it was empty at the start or `--prune` was given; docker builds with
`--no-cache`.
What is not equal is said below the table: what each tool has made when its command ends (see `Peer.makes`).

Decision, 2026-11-24: the base comes from `examples/hello/make-rootfs.py` rather than a registry or a static busybox,
so that the benchmark runs on any Linux with glibc. No test asserts a time: tests only see that the benchmark works.
"""
