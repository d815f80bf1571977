"""Runs a command at a pseudo-terminal of 80 columns and types at it: at-terminal.py PLAN COMMAND...

PLAN is a JSON list of [words to wait for, what to type]. Prints everything that the terminal showed, then the
exit status on a line of its own. Ends with status 9 when the words did not come.
"""

import fcntl
import json
import os
import pty
import select
import struct
import sys
import termios
import time

plan = json.loads(sys.argv[1])
command = sys.argv[2:]
pid, terminal = pty.fork()
if pid == 0:
    os.execvp(command[0], command)
fcntl.ioctl(terminal, termios.TIOCSWINSZ, struct.pack("HHHH", 50, 80, 0, 0))

shown = b""
end = time.monotonic() + 100


def read_more():
    global shown
    ready, _, _ = select.select([terminal], [], [], max(0, end - time.monotonic()))
    if not ready:
        sys.stdout.buffer.write(shown)
        os.kill(pid, 9)
        sys.exit(9)
    try:
        more = os.read(terminal, 65536)
    except OSError:
        more = b""
    shown += more
    return more != b""


mark = 0
for words, typed in plan:
    while words.encode() not in shown[mark:]:
        if not read_more():
            break
    mark = len(shown)
    try:
        os.write(terminal, typed.encode())
    except OSError:
        pass
while read_more():
    pass
_, status = os.waitpid(pid, 0)
sys.stdout.buffer.write(shown)
sys.stdout.buffer.write(b"\n%d\n" % os.waitstatus_to_exitcode(status))
