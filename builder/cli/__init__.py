"""The command line: arguments, exit codes, printing. One file for each command, found by its name.

stdout carries data only; progress, warnings and errors go to stderr. Exit codes: 0 done, 1 the user's fault, 2 usage,
70 a bug of ours (with a traceback), 130 interrupted.
"""
