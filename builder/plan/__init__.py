"""From typed instructions to the plan: a frozen DAG of stages and steps with everything expanded.

`make.make_plan` conducts. `args` knows where build arguments come from, `stages` which stage means which, `triggers`
what bases ask to be run (ONBUILD), `images` what the resolver said. `stage_state` is what one stage knows between two
instructions; one file per family of instructions changes it (`variables`, `run`, `copying`, `container`, `process`,
`exposure`). `history` writes lines as BuildKit does, `codec` keeps a plan on disk, `changes` serves `--change` of
import and commit. Nothing here reads a file, the network, the cache or the clock: bases come through the
`ImageResolver` of `types`.

Decisions (2026-11-24):

* The rules are those of BuildKit's frontend (dockerfile2llb), config and history included, byte for byte where its
  exporter would write them. Members of a base's config that BuildKit's types do not have (`Hostname`,
  `container_config`) are dropped as there.
* SOURCE_DATE_EPOCH from the environment counts as a build argument, as buildx has it: it beats the Buildfile's default
  and `ARG SOURCE_DATE_EPOCH` sees it.
* `--target 0` means the first stage. BuildKit only knows names there; a name cannot start with a digit, so nothing is
  taken away.
* `WORKDIR //` and other spellings of the root make no layer; BuildKit makes an empty one for them.
* All faults of one pass are reported together: first FROM lines, then references between stages, then instructions.
"""
