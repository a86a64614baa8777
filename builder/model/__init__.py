"""Values of the OCI world: parse and print, no I/O, no clock, no environment.

2026-11-24: values here and in every room that a no-op rebuild passes through are `NamedTuple`, not
`dataclass`. Importing `dataclasses` costs 16 ms (it imports `inspect`) and each frozen class 0.7 ms more,
against a whole budget of about 60 ms; a NamedTuple costs a fifth of that and is as frozen and as typed.
"""
