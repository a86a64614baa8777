"""One module for each command, with `HELP`, `EXAMPLES`, `add_arguments(parser)` and `run(args) -> exit code`."""
