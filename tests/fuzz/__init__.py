"""Random input for what reads a user's text, and BuildKit's own code beside it.

    python -m tests.fuzz [TARGET ...] [--minutes M] [--seed N] [--corpus DIR] [--peers DIR] [--findings DIR]
    python -m tests.fuzz --record [TARGET ...]         write the peers' answers into the seeds

    targets/    what is fuzzed, one file each: how an input is made, what we and BuildKit answer to it
    text.py     random text, and changes to real text
    peers.py    BuildKit's code behind small programs: a line of JSON in, a line out
    growth.py   whether twice the input takes about twice the time
    shrink.py   a finding as small as it goes
    seeds/      inputs worth keeping, with BuildKit's answers; test_seeds.py replays them in the suite

Three things are findings: an exception that is no BuilderError, an answer that is not BuildKit's (also: an error where
it has none), and work that grows faster than the input. A run prints its seed; input number K of a target comes of that
seed and K alone, so that the same seed with the same seeds and corpus makes the same inputs whatever the machine.

Decisions (2026-11-24):
- Messages of errors are not compared: they are our own.
- Time is the process's own, and only compared with itself at twice and four times the size. The suite compares none.
- Without the peers' programs (bk-parse, bk-expand, bk-ignore, bk-match on PATH or in --peers) a run still finds crashes
  and slow input.
- Real Dockerfiles are input only when a folder of them is named: their text stays out of this repository.
"""
