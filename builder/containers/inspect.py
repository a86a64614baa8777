"""What `pybuild inspect` shows of a container: docker's members, so that scripts go on working."""

from __future__ import annotations

from typing import Any

from builder.containers.records import folder_of, state_of
from builder.containers.types import Container, Log, MountPoint, Settings, State
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
        "Tty": container.settings.tty,
        "OpenStdin": container.settings.interactive,
        "StdinOnce": container.settings.stdin_once,
        "Env": [],
        "Cmd": None,
        "Entrypoint": None,
        "Image": container.image,
        "WorkingDir": "",
        "Labels": {},
        "StopSignal": container.stop_signal,
        "StopTimeout": container.settings.stop_seconds,
        **config,
    }


def _host_config(container: Container) -> dict[str, Any]:
    limits = container.settings.limits
    return {
        "NetworkMode": container.network,
        "PortBindings": _ports(container),
        "AutoRemove": container.settings.remove,
        "LogConfig": _log(container.settings.log),
        "RestartPolicy": {"Name": "no", "MaximumRetryCount": 0},
        "Privileged": container.settings.privileged,
        "ReadonlyRootfs": container.settings.readonly,
        "CapAdd": list(container.settings.cap_add),
        "CapDrop": list(container.settings.cap_drop),
        "GroupAdd": list(container.settings.groups),
        "SecurityOpt": _security(container.settings),
        "Dns": list(container.settings.resolver.servers),
        "DnsSearch": list(container.settings.resolver.search),
        "DnsOptions": list(container.settings.resolver.options),
        "ExtraHosts": [f"{name}:{address}" for name, address in container.settings.extra_hosts],
        "Memory": limits.memory,
        "NanoCpus": int(limits.cpus * 1_000_000_000),
        "PidsLimit": limits.pids,
        "ShmSize": container.settings.shm_size,
        "Ulimits": [{"Name": name, "Soft": soft, "Hard": hard} for name, soft, hard in container.settings.ulimits],
        "Init": container.settings.init,
        "Runtime": container.settings.runtime,
    }


def _log(log: Log) -> dict[str, Any]:
    if not log.kept:
        return {"Type": "none", "Config": {}}
    return {"Type": "json-file", "Config": {"max-size": str(log.size or -1), "max-file": str(log.files)}}


def _security(settings: Settings) -> list[str]:
    given = {"no-new-privileges": settings.no_new_privileges, "seccomp=unconfined": not settings.filtered}
    return [text for text, wanted in given.items() if wanted]


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
