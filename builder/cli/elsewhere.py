"""Words that docker has and we have not, with what does the same here."""

from __future__ import annotations

INSTEAD = {
    "builder": "`pybuild cache ls`, `pybuild prune`",
    "buildx": "`pybuild build` takes its options",
    "compose": "there is none: `pybuild run` starts one container, `pybuild build --target` builds one image",
    "container": "`pybuild ps`, `run`, `rm` and so on: its commands stand by themselves",
    "image": "`pybuild images`, `rmi`, `inspect` and so on: its commands stand by themselves",
    "info": "`pybuild doctor` says what this machine can do, `pybuild df` what the store holds",
    "manifest": "`pybuild inspect --remote --raw` shows one, `pybuild build --platform` makes one",
    "network": "containers meet on ports that are published: `pybuild run -p`",
    "pause": "`pybuild kill -s STOP NAME` halts its first process, `pybuild kill -s CONT NAME` lets it go on",
    "port": "`pybuild ps` shows the ports",
    "rename": "a container keeps its name: `pybuild run --name` gives another one",
    "search": "`pybuild catalog` lists a registry's repositories, `pybuild tags` the tags of one",
    "stats": "`pybuild exec NAME top`, where the image has it",
    "system": "`pybuild df`, `pybuild prune`",
    "top": "`pybuild exec NAME ps`, where the image has it",
    "unpause": "`pybuild kill -s CONT NAME` lets its first process go on",
    "update": "limits are those that a container was made with: `pybuild run` with others makes another one",
    "version": "`pybuild --version`",
}
