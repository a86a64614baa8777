"""The history of builds: what each of the last builds was asked for, what became of it, and of each of its steps.

    types.py      BuildRecord and its rows: what is kept of one build
    recording.py  hears a build's events and writes its record at the end, whatever the end is
    logs.py       what the commands of steps write
    unfinished.py a build that goes on, or was killed
    folder.py     where records are: names, which there are, removal, how many stay
    reading.py    a record read back, with every member checked
    past.py       earlier builds of one Buildfile, for whoever explains a miss
    select.py usage.py explanation.py document.py markdown.py
                  which step is meant, when it was used since; a record in words, as JSON, as Markdown

In the store, `history/TIME-ID-PROJECT/`: one folder for each build, with `build.json` and one file `STAGE.STEP.log` for
each step that wrote something, whole and as it came. TIME is in microseconds, in hex, so names sort by it; PROJECT
stands for the Buildfile's path, so that earlier builds of one file are found without opening the others.

Decisions, 2026-11-24:

- **A rebuild that changes nothing is recorded too**: one small file and one folder, without a sync. A machine that
  stops may lose the last record, or find it empty; it counts as absent then. Nothing but explanations depends on it.
- **A build that has something to do is recorded from then on**, at most once a second: who is killed leaves what was
  known. Whether its process is there is told by a lock in the folder, not by a number that another one may have.
- **A record has no list of files.** What a COPY read is known by its digest, and listings are kept once by digest
  (`steps/listings.py`); layers have their tables of contents. So a record is some hundred bytes for each step.
- **The newest 300 builds stay**, and whoever records one more removes the oldest.
- Values of secrets do not reach a record. In the logs of steps they are replaced, as a command may print them.
"""
