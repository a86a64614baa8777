"""The options of `pybuild run` as values: one file for those that belong together, in docker's spellings."""
