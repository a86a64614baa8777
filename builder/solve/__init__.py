"""Keys, cache look-ups, scheduling, decisions: which steps must run, in what order, and why.

The room knows steps only through `types.StepRunner` and caches only through `types.CacheBackend`, so that the
scheduler is tested with toy steps and a step can run elsewhere.

    keys.py      what a key is made of
    solver.py    the solve: hits first, then the rest
    state.py     how far each stage has come
    parallel.py  the rest: one thread a stage
    reasons/     why a step missed

2026-11-24: a solve has two phases. Steps are first decided one after the other on the calling thread, as far as they
hit: a no-op rebuild ends there and never pays for threads. What is left is then carried out with one thread a stage.
"""
