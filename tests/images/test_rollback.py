"""An image as it was earlier."""

from __future__ import annotations

import pytest

from builder.images.rewind import rewound
from builder.model.config import Healthcheck, History, ImageConfig, RunConfig
from builder.model.platform import Platform
from builder.plan.history import healthcheck_text, quoted_list

AMD64 = Platform("linux", "amd64")
CHECK = Healthcheck(("CMD-SHELL", "curl -f http://x || exit 1"), 90 * 10**9, 1_500_000_000, retries=3)


def rewind(run: RunConfig, *lines: str, kept: int) -> RunConfig:
    config = ImageConfig(AMD64, run, history=tuple(History(line) for line in lines))
    return rewound(config, kept).config


def test_what_was_set_later_goes_back() -> None:
    lines = [
        "ENV A=1 PATH=/bin:/usr/bin",
        "LABEL team=web note=two words",
        "EXPOSE [80/tcp]",
        "VOLUME [/data]",
        "USER app",
        "WORKDIR /app",
        "CMD " + quoted_list(("sh", "-c", 'echo "x"')),
        "STOPSIGNAL SIGINT",
        "SHELL [/bin/bash -c]",
        healthcheck_text(CHECK),
        "RUN /bin/sh -c make A=9 # buildkit",
    ]
    early = RunConfig(  # noqa: S604 - a member of an image's configuration
        user="app", exposed_ports=("80/tcp",), env=("A=1", "PATH=/bin:/usr/bin"), cmd=("sh", "-c", 'echo "x"'),
        volumes=("/data",), working_dir="/app", labels=(("note", "two words"), ("team", "web")), stop_signal="SIGINT",
        shell=("/bin/bash", "-c"), healthcheck=CHECK,
    )  # fmt: skip
    later = [
        "ENV B=2 A=3",
        "LABEL team=db",
        "EXPOSE [443/tcp 80/tcp]",
        "VOLUME [/more]",
        "USER root",
        "WORKDIR /",
        'ENTRYPOINT ["run"]',
        'CMD ["x"]',
        "STOPSIGNAL SIGTERM",
        "SHELL [/bin/sh -c]",
        "HEALTHCHECK {Test:[NONE] Interval:0s Timeout:0s StartPeriod:0s StartInterval:0s Retries:0}",
        "ONBUILD RUN x",
    ]
    late = RunConfig(  # noqa: S604
        user="root", exposed_ports=("443/tcp", "80/tcp"), env=("A=3", "PATH=/bin:/usr/bin", "B=2"),
        entrypoint=("run",), cmd=("x",), volumes=("/data", "/more"), working_dir="/",
        labels=(("note", "two words"), ("team", "db")), stop_signal="SIGTERM", shell=("/bin/sh", "-c"),
        healthcheck=Healthcheck(("NONE",)), on_build=("RUN x",),
    )  # fmt: skip
    assert rewind(late, *lines, *later, kept=len(lines)) == early
    assert rewind(late, *lines, *later, kept=len(lines) + len(later)) == late
    nothing = rewind(late, *lines, *later, kept=0)
    assert nothing == RunConfig()


def test_what_no_line_speaks_of_stays() -> None:
    run = RunConfig(env=("FROM_IMPORT=1", "A=1"), cmd=("sh",), labels=(("x", "y"),), user="app")
    assert rewind(run, "import", "ENV A=1", kept=1) == run._replace(env=("FROM_IMPORT=1",))


@pytest.mark.parametrize("prefix", ["", "/bin/sh -c #(nop) ", "/bin/sh -c #(nop)  "])
def test_lines_of_older_builders(prefix: str) -> None:
    lines = [f'{prefix}CMD ["bash"]', f"{prefix}ENV A=1", f"{prefix}EXPOSE 80", f'{prefix}CMD ["/bin/sh" "-c" "x y"]']
    run = RunConfig(cmd=("/bin/sh", "-c", "x y"), env=("A=1",), exposed_ports=("80/tcp",))
    assert rewind(run, *lines, kept=1) == RunConfig(cmd=("bash",))


def test_an_entrypoint_takes_the_command_of_the_base_away() -> None:
    run = RunConfig(entrypoint=("run",), cmd=("x",))
    lines = ['CMD ["base"]', 'ENTRYPOINT ["run"]', 'CMD ["x"]']
    assert rewind(run, *lines, kept=2) == RunConfig(entrypoint=("run",))
    assert rewind(run, *lines, kept=1) == RunConfig(cmd=("base",))
