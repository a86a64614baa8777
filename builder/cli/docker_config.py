"""What docker's own configuration says of builds: the proxies that its command line adds as build arguments.

`$DOCKER_CONFIG/config.json`, else `~/.docker/config.json` (docker's manual, "Configure the Docker CLI to use a proxy").
"""

from __future__ import annotations

from builder.configuration.docker import read_docker_file

_PROXIES = {
    "httpProxy": "HTTP_PROXY", "httpsProxy": "HTTPS_PROXY", "ftpProxy": "FTP_PROXY", "noProxy": "NO_PROXY",
    "allProxy": "ALL_PROXY",
}  # fmt: skip


def proxy_arguments(path: str) -> tuple[tuple[str, str], ...]:
    """`proxies.default` in both spellings, as buildx passes them; nothing where the file cannot be read. Raises
    UsageError `bad-docker-config` for one that is damaged."""
    value = read_docker_file(path)
    proxies = value.get("proxies")
    default = proxies.get("default") if isinstance(proxies, dict) else None
    if not isinstance(default, dict):
        return ()
    given = [(name, default.get(member)) for member, name in _PROXIES.items()]
    return tuple(
        (spelling, text) for name, text in given if isinstance(text, str) and text for spelling in (name, name.lower())
    )
