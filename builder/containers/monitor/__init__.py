"""The process beside a running container: it starts it, keeps its log and its exit code, and lets others talk to it.

Single-threaded, since it forks; one for each container, so there is no daemon. It is process 1 of a pid namespace below
which the container's own one lies: whatever ends it, the kernel ends the container before anyone hears of it. It holds
no lock of the store: containers are roots of collection instead (containers/use.py).

Others reach it over `control`, a socket of packets (wire.py). What a process writes goes to the log and to everyone who
is attached; while one of them does not read, nothing more is read from the process, as in docker.
"""
