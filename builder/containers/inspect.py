"""What `pybuild inspect` shows of a container: docker's members, so that scripts go on working."""

from __future__ import annotations

from typing import Any

from builder.containers.records import folder_of, state_of
from builder.containers.types import Container, MountPoint, State
from builder.containers.volumes import volume_path
from builder.store.store import Store

_NEVER = "0001-01-01T00:00:00Z"


def inspect_container(store: Store, container: Container) -> dict[str, Any]:
    state, folder = state_of(store, container.id), folder_of(store, container.id)
    argv = container.argv
    return {
        "Id": container.id,
        "Created": container.created,
        "Path": argv[0],
        "Args": list(argv[1:]),
        "State": _state(state),
        "Image": container.image_id,
        "Name": f"/{container.name}",
        "Platform": container.config.platform.os,
        "Driver": "overlay",
        "LogPath": f"{folder}/log",
        "HostsPath": f"{folder}/hosts",
        "HostnamePath": f"{folder}/hostname",
        "ResolvConfPath": f"{folder}/resolv.conf",
        "HostConfig": _host_config(container),
        "GraphDriver": {
            "Name": "overlay",
            "Data": {
                "LowerDir": ":".join(f"{store.folder('snapshots')}/{name}/fs" for name in container.snapshots[::-1]),
                "UpperDir": f"{folder}/upper",
                "WorkDir": f"{folder}/work",
            },
        },
        "Mounts": [_mount(store, mount) for mount in container.mounts],
        "Config": _config(container),
        "NetworkSettings": {"Ports": _ports(container)},
        "ImageManifestDescriptor": container.manifest.to_json(),
    }


def _state(state: State) -> dict[str, Any]:
    return {
        "Status": "paused" if state.paused else state.status,
        "Running": state.running,
        "Paused": state.paused,
        "OOMKilled": state.out_of_memory,
        "Pid": state.pid,
        "MonitorPid": state.monitor,
        "ExitCode": state.exit_code,
        "Error": state.error,
        "StartedAt": state.started or _NEVER,
        "FinishedAt": state.finished or _NEVER,
    }


def _config(container: Container) -> dict[str, Any]:
    config: Any = container.config.to_json()["config"]
    return {
        "Hostname": container.hostname,
        "User": "",
        "Tty": container.tty,
        "OpenStdin": container.interactive,
        "StdinOnce": container.stdin_once,
        "Env": [],
        "Cmd": None,
        "Entrypoint": None,
        "Image": container.image,
        "WorkingDir": "",
        "Labels": {},
        "StopSignal": container.stop_signal,
        "StopTimeout": container.stop_seconds,
        **config,
    }


def _host_config(container: Container) -> dict[str, Any]:
    limits = container.limits
    return {
        "NetworkMode": container.network,
        "PortBindings": _ports(container),
        "AutoRemove": container.remove,
        "Privileged": container.privileged,
        "ReadonlyRootfs": container.readonly,
        "CapAdd": list(container.cap_add),
        "CapDrop": list(container.cap_drop),
        "ExtraHosts": [f"{name}:{address}" for name, address in container.extra_hosts],
        "Memory": limits.memory,
        "NanoCpus": int(limits.cpus * 1_000_000_000),
        "PidsLimit": limits.pids,
        "ShmSize": container.shm_size,
        "Ulimits": [{"Name": name, "Soft": soft, "Hard": hard} for name, soft, hard in container.ulimits],
        "Init": container.init,
        "Runtime": container.runtime,
    }


def _ports(container: Container) -> dict[str, Any]:
    ports: dict[str, Any] = dict.fromkeys(container.run_config.exposed_ports)
    for port in container.ports:
        bound = {"HostIp": port.address, "HostPort": str(port.host)}
        key = f"{port.container}/{port.protocol}"
        ports[key] = [*(ports.get(key) or []), bound]
    return ports


def _mount(store: Store, mount: MountPoint) -> dict[str, Any]:
    named = {"Name": mount.source} if mount.kind == "volume" else {}
    source = volume_path(store, mount.source) if mount.kind == "volume" else mount.source
    place = {"Source": source, "Destination": mount.destination, "RW": not mount.readonly}
    return {"Type": mount.kind} | named | place
