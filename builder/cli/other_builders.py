"""Options of the build commands of docker, buildah and kaniko that are none here, and what stands for them."""

from __future__ import annotations

_NO_CONTAINERS = "leave it out: no containers are left over from steps"
_NO_ATTESTATIONS = "leave it out: attestations are not made; --metadata-file and `pybuild report` say what was built"
_NO_DAEMON = "leave it out: there is no daemon, so nothing is chosen, sent or loaded"
_NO_LIMIT = "RUN has --ulimit, and the limits that pybuild itself is started under: systemd-run --scope -p MemoryMax=1G"

INSTEAD = {
    "--load": "leave it out: images are named in the store anyway; -o type=docker,dest=FILE is for `docker load`",
    "--builder": _NO_DAEMON,
    "--compress": _NO_DAEMON,
    "--rm": _NO_CONTAINERS,
    "--force-rm": _NO_CONTAINERS,
    "--provenance": _NO_ATTESTATIONS,
    "--sbom": _NO_ATTESTATIONS,
    "--attest": _NO_ATTESTATIONS,
    "--squash": "copy the result into one layer: FROM scratch, COPY --from=STAGE / /",
    "--layers": "leave it out: every step is cached as a layer",
    "--memory": _NO_LIMIT,
    "--memory-swap": _NO_LIMIT,
    "--cgroup-parent": _NO_LIMIT,
    "--cpu-period": _NO_LIMIT,
    "--cpu-quota": _NO_LIMIT,
    "--cpu-shares": _NO_LIMIT,
    "--cpuset-cpus": _NO_LIMIT,
    "--cpuset-mems": _NO_LIMIT,
    "--isolation": "say --runtime native, crun or runc",
    "--security-opt": "say RUN --security=insecure in the Buildfile, and --allow security.insecure",
    "--tls-verify": "say --insecure-registry HOST[:PORT]",
    "--context": "write the folder alone, as the last word",
    "--dockerfile": "say -f FILE",
    "--destination": "say -t NAME --push",
}
