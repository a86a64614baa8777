"""Containers: an image with a writable layer on top, and a process in it.

    types.py records.py          what a container is, where it is kept, what state it is in
    create.py start.py           from an image to a process
    monitor/                     the process beside every running container
    client.py                    talking to it: signals, exec, being attached
    network/ cgroups.py volumes.py
    list.py remove.py ...        one file for each use
    use.py                       what may not be taken from below containers

Decisions, 2026-11-24:

- **No daemon.** Each running container has a monitor of its own, which starts it, keeps its log and its exit code. It
  is started by `run` or `start` and lives on when they end, also by SIGKILL.
- **Who does not hold the container's lock does not run.** The monitor holds it, and the kernel ends the container with
  its monitor (both are below one pid namespace), so `ps` tells the truth whatever was killed.
- **The sandbox is that of builds** (builder/sandbox): a container is its job `run`, with a terminal of its own, other
  rights or none; what `exec` starts is its job `enter`.
- **What the machine needs stands below the image, not in the container's layer**: /dev, /proc and /sys where the image
  has none, mount points, hosts and resolv.conf. So `diff` and `commit` show what the process has changed.
- **A network of its own is the default where pasta or slirp4netns is there**, as in docker; without them a container
  shares that of the machine, as a RUN does.
"""
