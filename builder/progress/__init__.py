"""What a person sees of a build. Displays only read events (`events.py`); nothing here knows how builds work.

    choose            the display for a mode: auto, tty, plain, rawjson, quiet, none
    plain             a line per thing that happens, for pipes and logs
    tty, frame, live  running steps redrawn in place, finished ones above them
    rawjson           events as JSON lines, for programs
    quiet, silent     only the output of steps that fail; nothing at all
    listener          events to a function, for the Python API
    text              output of processes cut into lines that are safe to print
    transcript        a step's whole output, on disk when it is long
    figures           sizes, times and the summary in words
    writer            a stream that never raises, whatever becomes of its other end

2026-11-24: decisions of this room.

- Output of builds is hostile: control sequences are removed everywhere, colours too, so that no step can move the
  cursor, set the title or hide text. Where a carriage return rewrites a line, its last state is shown.
- The terminal display imports rich (50 ms) only when a build has lasted a quarter of a second; a build that is all
  cached is over before that and prints its lines directly.
- Only one thread talks to the terminal: `emit` changes records under a lock, a ticker draws them ten times a second. So
  a step is never held up by a slow terminal, and no lock is taken in two orders.
"""
