"""The user's own settings, which no Buildfile and no command line carries: one small TOML file.

`/etc/pybuild/config.toml` speaks for the machine and `$XDG_CONFIG_HOME/pybuild/config.toml` for its user, who has the
last word member by member; `PYBUILD_CONFIG` names one file that stands alone. A member that pybuild does not know is
an error with its file, as a misspelt setting would otherwise be ignored without a word.

    [registries]
    insecure = ["registry.local:5000"]            # plain http, or https with a certificate nobody vouches for

    [registries.mirrors]
    "docker.io" = ["https://mirror.local"]        # asked first, in this order

    [registries.token-servers]
    "registry.local" = ["login.example.org"]      # may be sent the login of that registry, though not of its domain

    [storage]
    keep-storage = "10GB"                         # what a build leaves of unused data when it ends
    keep-age = "30d"

    [devices]
    specifications = ["/etc/cdi", "/var/run/cdi"] # folders in which devices for RUN --device are described

    [containers]
    log-driver = "json-file"                      # or "none"; what `run` and `create` take where nothing is said
    log-size = "20m"                              # of one file; "-1": no limit
    log-files = 5

Logins are not kept here but in docker's own `config.json`, which other tools share.

Decision, 2026-11-24: a room of its own, below all that read it, although DESIGN.md has none: registries and storage
are configured in one place. `tomllib` is imported only where such a file exists.
"""
