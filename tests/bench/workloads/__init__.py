"""One file per workload: what its context holds, and whether the build is cold or a repetition."""
