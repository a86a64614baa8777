"""A network of a container's own, through a program in user space: pasta or slirp4netns, as podman does it.

The monitor moves into a new network namespace, and the container is born there. The program stays outside and carries
packets between a device in the namespace and sockets of this machine; so it needs no rights beyond ours, and the ports
of the container are ports that the program listens on. It ends with the monitor.
"""
