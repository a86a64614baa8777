"""slirp4netns: a network 10.0.2.0/24, in which this machine answers as 10.0.2.2 and questions of names as 10.0.2.3."""

from __future__ import annotations

import _socket
import json
import os
import time

from builder.containers.network.ports import port_refused
from builder.containers.network.types import Connected
from builder.containers.types import Port
from builder.errors import SandboxError

NAMESERVER, GATEWAY, ADDRESS = "10.0.2.3", "10.0.2.2", "10.0.2.100"
_API = "network"
_PATIENCE_S = 60


class Slirp4netns:
    nameserver = NAMESERVER
    address = ADDRESS
    ipv6 = False

    @staticmethod
    def gateway() -> str:
        return GATEWAY

    def __init__(self, wanted: Connected) -> None:
        self._wanted = wanted
        self._folder = os.open(wanted.folder, os.O_PATH | os.O_DIRECTORY)
        self._ready, self._tell = os.pipe2(os.O_CLOEXEC)

    def execute(self, namespace: str) -> None:
        """The socket's address is short, however deep the folder lies."""
        for fd in (self._folder, self._tell):
            os.set_inheritable(fd, True)
        argv = ["slirp4netns", "--configure", "--mtu=65520", "--netns-type=path", f"--ready-fd={self._tell}"]
        argv += [] if self._wanted.reach_machine else ["--disable-host-loopback"]
        argv += [f"--api-socket=/proc/self/fd/{self._folder}/{_API}", namespace, "tap0"]
        os.execvp(argv[0], argv)  # noqa: S606 - there is no shell to want

    def finish(self) -> None:
        os.close(self._tell)
        with open(self._ready, "rb") as file:
            if not file.read(1):
                raise SandboxError("no-network", "slirp4netns could not connect the container's network")
        for port in self._wanted.ports:
            self._forward(port)
        os.close(self._folder)

    def _forward(self, port: Port) -> None:
        arguments = {"proto": port.protocol, "host_addr": port.address, "host_port": port.host}
        arguments |= {"guest_addr": ADDRESS, "guest_port": port.container}
        answer = self._call({"execute": "add_hostfwd", "arguments": arguments})
        if "error" in answer:
            raise port_refused(port, str(answer["error"].get("desc", "")))

    def _call(self, request: dict[str, object]) -> dict[str, dict[str, object]]:
        sock = _socket.socket(_socket.AF_UNIX, _socket.SOCK_STREAM)
        try:
            self._connect(sock)
            sock.sendall(json.dumps(request).encode())
            sock.shutdown(_socket.SHUT_WR)
            said = b""
            while part := sock.recv(1 << 16):
                said += part
        finally:
            sock.close()
        return dict(json.loads(said))

    def _connect(self, sock: _socket.socket) -> None:
        """The program makes its socket about when it says that it is ready."""
        until = time.monotonic() + _PATIENCE_S
        while True:
            try:
                sock.connect(f"/proc/self/fd/{self._folder}/{_API}")
            except (FileNotFoundError, ConnectionRefusedError) as error:
                if time.monotonic() > until:
                    raise SandboxError("no-network", "slirp4netns does not answer") from error
                time.sleep(0.01)
            else:
                return
