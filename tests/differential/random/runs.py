"""RUN."""

from __future__ import annotations

import json
from random import Random

from tests.differential.random.copies import Places
from tests.differential.random.heredocs import heredocs

_COMMANDS = (
    "rm -rf /old/dir", "rm -rf /old/dir; mkdir /old/dir",
    "rm -rf /old/dir; mkdir -p /old/dir/sub; echo n > /old/dir/sub/c", "rm -rf /old",
    "rm -rf /old; mkdir -m 700 /old; echo > /old/file", "rm -f /old/file", "rm -f /old/file; mkdir /old/file",
    "rm -f /old/hard1", "echo more >> /old/hard1", "echo more >> /old/hard2", "echo l > /l; ln /l /made-hard",
    "mkdir -p /made/in; ln -s in /made/lnk", "ln -s /old/dir /made-link", "mv /old/dir /moved",
    "mv /old/file /old/renamed", "mv /new /new2", "chmod 0 /old/file", "chmod 4711 /old/dir/a", "chown 9:9 /old/dir/b",
    "chown -h 3:3 /old/to-dir", "touch /old/file", "chmod 755 /old/dir", "touch -d @1000000000 /old/file",
    "cp --preserve=all /old/named /made-named", "mkfifo /made-fifo", "mknod /made-null c 1 3",
    "rm -f /old/to-dir; mkdir /old/to-dir; echo x > /old/to-dir/f", "rm -rf /old/dir; ln -s opaque /old/dir",
    "echo $A $B ${C:-c} > /vars", "echo \"$@\" > /at", "echo ${A#f} ${A%o} ${#A} > /cut",
    "env | grep -v -e HOSTNAME -e _= -e OTEL -e TRACEP | sort > /env", "id > /id", "pwd > /pwd",
    "echo 'a b' \"$A\" \\$A > /q", "mkdir -m 1777 -p /srv/deep", "echo a > /made-a; rm /made-a",
    "mkdir /made-d; rmdir /made-d", "chmod u+s /made-hard", "echo x > /old/opaque/seen; rm /old/opaque/seen",
    "rm -rf /old/opaque; mkdir /old/opaque", "rm -rf /old/empty /old/loop", "cat /old/file > /f2; echo >> /old/file",
    "echo hosts >> /etc/passwd", "ls -la /proc/self/fd | wc -l > /dev/null", "true", "rm -rf /x", "rm -rf /new/*",
    "mkdir -p /x/y; echo y > /x/y/one", "umask > /umask", "mv /old/to-dir /old/to-dir2", "touch -h -d @5 /old/to-dir",
    "touch -d @7 /old/dir", "rm -rf /tmp; mkdir -m 700 /tmp", "echo > /dev/made", "readlink /proc/self/cwd > /cwd",
    "chown -R 0:0 /old/dir /old/opaque", "mv /old/file /t; mv /t /old/file",
    "chmod 600 /old/named; chmod 644 /old/named",
    "cp -a /old /old-copy", "ln -sfn /old/opaque /old/to-dir", "echo > '/a b'; echo > /-x; echo > '/é\n'",
    "rm -rf /old/dir/sub; mkdir /old/dir/sub; touch -d @9 /old/dir/sub", "printf 'x' | tee /t1 /t2", "cd /old; rm -r *",
    "truncate -s 1M /holes", "setfattr -n user.x -v y /old/file", "stat -c '%a %u %g %h' /old/* > /stats", "trap",
    "set > /dev/null",
    "echo $0 > /zero", "dd if=/dev/zero of=/sparse bs=1 count=1 seek=8191", "ls /run /sys > /dev/null",
)  # fmt: skip
_MOUNTS = (
    "type=bind,target=/m", "target=/m,source=d", "type=bind,source=a.txt,target=/old/file", "type=tmpfs,target=/m",
    "type=tmpfs,target=/old/dir", "type=cache,target=/c", "type=cache,target=/old/opaque,id=fresh-{n}",
    "type=bind,target=rel,source=e", "type=bind,rw,target=/m", "type=secret,id=no",
    "type=cache,target=/c,uid=5,gid=6,mode=0700,id=c-{n}", "type=bind,source=/,target=/deep/er/m,readonly",
    "type=tmpfs,target=/made/t", "type=bind,target=/old/to-dir/mp", "type=ssh", "type=tmpfs,target=/$A",
    "type=secret,id=no,target=/a/b/c", "type=bind,source=d/,target=/m/", "type=bind,source=./d/../e,target=/m",
    "type=bind,from=base,target=/m",
    "type=cache,target=/c,from=base,source=/old,id=f-{n}", "type=tmpfs,target=/m,size=1m",
    "type=bind,target=/old/dir,source=d,rw",
    "type=cache,target=/c,sharing=private,id=p-{n}", "type=bind,from=dressed,target=/m",
    "type=bind,target=/m,source=$A",
)  # fmt: skip
_MOUNT_COMMANDS = (
    "ls -A /m > /listed 2>&1",
    "echo x > /m/made",
    "cat /old/file > /seen",
    "ls -ld /c > /dev/null",
    "ls -A rel > /rel 2>&1",
)


def instruction(random: Random, places: Places) -> str:
    """A RUN instruction; its commands may fail, it does not."""
    mounts = _mounts(random, places) if random.random() < 0.25 else []
    commands = random.choices(_COMMANDS, k=random.choice((1, 1, 2, 3)))
    if mounts:
        commands.insert(0, random.choice(_MOUNT_COMMANDS))
    commands = [f"{{ {command}; }} 2> /dev/null" for command in commands]
    options = [f"--mount={mount}" for mount in mounts]
    options += [f"--network={random.choice(('none', 'default'))}"] if random.random() < 0.1 else []
    kind = random.random()
    start = " ".join(["RUN", *options])
    if kind < 0.15:
        return f"{start} " + json.dumps(["/bin/sh", "-c", "; ".join([*commands, "true"])], ensure_ascii=False)
    if kind < 0.3:
        mark = random.choice(("<<EOF", "<<'EOF'", "<<-EOF", '<<-"EOF"', "<<E'O'F"))
        first = random.choice(([], [], ["#!/bin/sh"], ["#!/bin/sh -e"], [f"# {random.choice(('no', '$A'))}"]))
        shell = random.choice(("", "", "", " sh", " sh -x 2> /dev/null", " sh -s a b"))
        return "\n".join([f"{start} {mark}{shell}", *first, *commands, "true", "EOF"])
    if kind < 0.4:
        made = heredocs(random, random.choice((1, 2)))
        opened = " && ".join(f"cat {heredoc.opened} > /from-{at}" for at, heredoc in enumerate(made))
        return "\n".join([f"{start} {opened}", *(line for heredoc in made for line in heredoc.rest)])
    joint = random.choice(("; ", "; \\\n    ", "; \\\n# a comment\n    ", "; \\\n\n  "))
    return f"{start} {joint.join([*commands, 'true'])}"


def _mounts(random: Random, places: Places) -> list[str]:
    pool = list(_MOUNTS)
    pool += [
        f"from={name},target=/m,source={random.choice(('/', '/old', '/old/dir', '/old/to-dir'))}"
        for name in places.full
    ]
    return [
        mount.replace("{n}", str(random.getrandbits(40))) for mount in random.sample(pool, random.choice((1, 1, 2)))
    ]
