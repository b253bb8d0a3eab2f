# SPDX-License-Identifier: GPL-3.0-or-later
"""Strangers at the door while a class of four trains: honest members' rounds go on as before."""
import os
import random
import re
import shutil
import socket
import subprocess
import sys
import tempfile
import threading
import time

import storm

ROUNDS = 6
FACTOR, SLACK = 2.0, 0.3  # a round with strangers: at most so many times one without, and seconds


def strangers(port, ends, count):
    """Connections that speak other protocols, garbage in one piece or in tiny ones, or nothing."""
    greeting = b"\xff" + bytes(8) + b"\x7f\x03\x00CURVE" + bytes(47)
    words = (b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n", bytes.fromhex("16030100310100002d0303"),
             greeting, greeting[:10] + b"\x03\x00NULL" + bytes(48), b"\xff" * 400000)
    slow = []
    for _ in range(500):
        try:
            slow.append(socket.create_connection(("127.0.0.1", port), 1))
        except OSError:
            pass
    count[1] += len(slow)
    while not ends.is_set():
        for word in words:
            try:
                with socket.create_connection(("127.0.0.1", port), 1) as s:
                    s.settimeout(0.2)
                    s.sendall(word)
                    for at in range(200):
                        s.send(greeting[at % 64:at % 64 + 1])
            except OSError:
                pass
            count[0] += 1
        for s in slow[count[0] % 7::7]:
            try:
                s.send(b"\xff")
            except OSError:
                pass
        time.sleep(0.02)
    for s in slow:
        s.close()


def rounds(room):
    """Seconds of each round, by its command's answer."""
    took = []
    for _ in range(ROUNDS):
        room.ask()
        begin = time.monotonic()
        room.server.await_match(rf"^round {room.newest} ", 10)
        took.append(time.monotonic() - begin)
        room.settle()
    return sorted(took)


def main():
    work = tempfile.mkdtemp()
    for name in ("STATE", "DATA", "CACHE", "CONFIG"):
        os.environ[f"XDG_{name}_HOME"] = os.path.join(work, name.lower())
    os.environ.update(OPENBLAS_NUM_THREADS="1", NO_COLOR="1", PAGER="")
    room = storm.Class(work, random.Random(1))
    ends, count, threads = threading.Event(), [0, 0], []
    wrong = []
    try:
        for i in range(storm.MEMBERS):
            room.begin_member(i)
        room.gather()
        before = rounds(room)
        port = int(room.target.split(":")[1])
        for p in (port, port + 1):
            threads.append(threading.Thread(target=strangers, args=(p, ends, count)))
            threads[-1].start()
        for arguments in (["AAAA-BBBB-CCCC"],
                          [room.code, "--key", "c}^wuwwlNj=Mh7m]af.7&Ra0rmh5#O.bx<DYK&)o"]):
            wrong.append(subprocess.Popen(
                [storm.FEDSH, "join", room.target, *arguments, "--name", "Eve", "--plain", "--data",
                 "blobs:0-9"], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
                stdin=subprocess.DEVNULL))
        time.sleep(1)
        during = rounds(room)
        room.say("room")
        text = room.server.text()
        if re.search(r"refused +client", text) or not all(
                int(n) == storm.MEMBERS for n in re.findall(r"^round .*clients (\d+) ", text, re.M)):
            raise storm.Trouble("an honest member was refused or missed")
        middle = ROUNDS // 2
        print(f"a round: {before[middle]:.2f} s, with {count[0]} strangers and {count[1]} slow ones "
              f"{during[middle]:.2f} s, at most {during[-1]:.2f} s")
        if during[middle] > FACTOR * before[middle] + SLACK:
            raise storm.Trouble("strangers slow the class down")
        room.member[0].kill()  # one that comes back finds a place among them
        room.begin_member(0)
        room.gather()
        ends.set()
        room.end()
    except storm.Trouble as trouble:
        print(trouble, room.server.text()[-3000:], sep="\n", file=sys.stderr)
        sys.exit(1)
    finally:
        ends.set()
        for thread in threads:
            thread.join()
        for process in [room.server.popen, *(m.popen for m in room.member.values()), *wrong]:
            if process.poll() is None:
                process.kill()
        shutil.rmtree(work, ignore_errors=True)


main()
