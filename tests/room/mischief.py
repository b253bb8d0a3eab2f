# SPDX-License-Identifier: GPL-3.0-or-later
"""A member that does what it must not, while three honest ones train beside it: their rounds go on as
before, the server says what it refuses, and nothing is applied twice.

    mischief.py [TINY]

The member is the client in Python (tests/outside/join.py), with other messages: an old result again,
one of another shape, one without end, chunks that fit nothing, and TINY ones of a byte (100,000).
"""
import os
import pathlib
import random
import re
import shutil
import struct
import subprocess
import sys
import tempfile
import threading
import time

import numpy as np

import storm

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / "outside"))
import join

TINY = int(sys.argv[1]) if len(sys.argv) > 1 else 100000
FACTOR, SLACK = 3.0, 0.5  # a round during mischief: at most so many times one without, and seconds


class Eve(threading.Thread):
    """The client in Python, whose answers pass by `mischief`."""

    def __init__(self, work, host, port, code):
        super().__init__(daemon=True)
        os.chdir(work)
        self.code = code.replace("-", "").encode()
        self.keys = join.find_keys(host, port, self.code, "Eve")
        self.where, self.mischief, self.old, self.sent = (host, port), None, None, 0
        rng = np.random.default_rng(1)
        self.data = {"x": rng.normal(size=(200, 2)).astype(np.float32), "y": np.arange(200) % 4}

    def run(self):
        link = join.Link(*self.where, self.keys)
        honest = link.send

        def send(message):
            if message[4] != join.UPDATE:
                return honest(message)
            mischief, self.mischief = self.mischief, None
            return mischief(link, honest, message) if mischief else honest(message)

        link.send = send
        try:
            join.take_part(link, self.code, self.data, "Eve")
        except SystemExit:
            pass

    def keep(self, link, honest, message):
        self.old = message
        honest(message)

    def again(self, link, honest, message):
        """An old result before the right one, the right one twice."""
        for one in (self.old, message, message, self.old):
            honest(one)

    def shape(self, link, honest, message):
        """A result of twice the length, whose checksum is right."""
        fields = dict(zip(("version", "invitation", "samples", "steps", "loss", "dim"),
                          join.FRAME.unpack_from(message)[7:13]))
        fields["dim"] *= 2
        me, epoch = struct.unpack_from("<I", message, 8)[0], struct.unpack_from("<I", message, 20)[0]
        honest(join.frame(join.UPDATE, 2 * message[64:], vectors=1, me=me, epoch=epoch, **fields))

    def endless(self, link, honest, message):
        """A message of 2^62 bytes, which the server does not take, and then the right one."""
        link.number += 1
        link.put(1, link.number, 0, 2**62, bytes(join.CHUNK))
        honest(message)

    def odd(self, link, honest, message):
        """Chunks behind the end, of another total, empty, of number 0; heads of another type."""
        n = link.number + 1
        for part in ((1, n, 100, 50, b"x"), (1, n, 0, 10, b"x" * 20), (1, n, 5, 10, b""), (1, 0, 0, 1, b"x"),
                     (1, n, 2**64 - 1, 2**64 - 1, b"x"), (2, n, 2**63, 2**63), (2, 0, 0, 0), (9, n, 0, 0), (0, 0, 0, 0)):
            link.put(*part)
        link.socket.send(b"")
        link.socket.send(b"x" * 31)
        honest(message)

    def tiny(self, link, honest, message):
        """A message in chunks of a byte each, and no answer."""
        link.number += 1
        for i in range(TINY):
            link.put(1, link.number, i, TINY, b"x")
            self.sent += 1
            if i % 64 == 0:
                link.turn()
        sys.exit()


class Room:
    def __init__(self, work):
        self.port = storm.free_port()
        self.server = storm.Process(work, "server", [], subprocess.PIPE)
        self.say("dataset blobs train=800 test=100; model softmax; set fraction=1 epochs=20; scheme sync deadline=2; "
                 f"serve 127.0.0.1:{self.port}")
        self.code = self.server.await_match(r"^ *fedsh join \S+ (\S+)", 15).group(1)
        self.members = []
        for i in range(3):
            data = f"blobs:{200 * i}-{200 * i + 199} train=800 test=100"
            self.members.append(storm.Process(work, f"m{i}", ["join", f"127.0.0.1:{self.port}", self.code, "--name",
                                                              f"m{i}", "--plain", "--data", data]))
            self.say(f"wait-room {i + 1} within=20")
            self.members[i].await_match(rf"client {i}, with", 20)
        self.version = 0

    def say(self, text):
        self.server.popen.stdin.write(text.encode() + b"\n")
        self.server.popen.stdin.flush()

    def round(self, clients):
        """Seconds of a round that so many clients report in."""
        self.version += 1
        begin = time.monotonic()
        self.say("round 1")
        found = self.server.await_match(rf"^round {self.version} .*clients (\d+) ", 20)
        if int(found.group(1)) != clients:
            raise storm.Trouble(f"round {self.version} has {found.group(1)} clients instead of {clients}")
        return time.monotonic() - begin


def play(work):
    room = Room(work)
    try:
        eve = Eve(work, "127.0.0.1", room.port, room.code)
        eve.start()
        room.say("wait-room 4 within=20")
        room.server.await_match(r"Eve is client 3", 20)
        before = sorted(room.round(4) for _ in range(5))[2]
        for mischief, clients in ((eve.keep, 4), (eve.again, 4), (eve.endless, 4), (eve.odd, 4), (eve.shape, 3)):
            eve.mischief = mischief
            print(f"{mischief.__name__}: {room.round(clients):.2f} s", flush=True)
        room.say("scheme sync deadline=5 quorum=0.75")  # who floods does not answer
        eve.mischief = eve.tiny
        during = [room.round(3)]
        while eve.sent < TINY and eve.is_alive():
            during.append(room.round(3))
        during.sort()
        print(f"a round: {before:.2f} s, beside {eve.sent} tiny chunks {during[len(during) // 2]:.2f} s, "
              f"at most {during[-1]:.2f} s of {len(during)}")
        if eve.sent < TINY:
            raise storm.Trouble(f"Eve has sent {eve.sent} tiny chunks only")
        if during[len(during) // 2] > FACTOR * before + SLACK:
            raise storm.Trouble("mischief slows the class down")
        room.say("log 99 kind=refused; serve stop; quit")
        status = room.server.popen.wait(15)
        log = re.findall(r"^version (\d+) .* refused +client (\d+) \(\S+\) +(.*)$", room.server.text(), re.M)
        stray, shape = "answers no open invitation: late, twice, or to an aborted round", "announces vectors of 24 numbers"
        # What Eve sends behind the right one meets the round that is open when it arrives.
        at = [int(v) for v, c, _ in log if c == "3"]
        if status or len(log) != 4 or at != sorted(at) or at[::3] != [6, 9] or at[2] > 8 or not all(
                why == stray for _, _, why in log[:3]) or not log[3][2].startswith(shape):
            raise storm.Trouble(f"the server ended with {status}, and refused {log}")
        for member in room.members:
            if member.popen.wait(15):
                raise storm.Trouble(f"{member.name} ended with {member.popen.returncode}")
    finally:
        for process in [room.server, *room.members]:
            if process.popen.poll() is None:
                process.kill()


def main():
    work = tempfile.mkdtemp()
    for name in ("STATE", "DATA", "CACHE", "CONFIG"):
        os.environ[f"XDG_{name}_HOME"] = os.path.join(work, name.lower())
    os.environ.update(OPENBLAS_NUM_THREADS="1", NO_COLOR="1", PAGER="")
    try:
        play(work)
    except storm.Trouble as trouble:
        print(trouble, file=sys.stderr)
        for path in sorted(pathlib.Path(work).glob("*.out")):
            print(f"--- {path.name}", *path.read_text(errors="replace").splitlines()[-25:], sep="\n", file=sys.stderr)
        sys.exit(1)
    finally:
        shutil.rmtree(work, ignore_errors=True)


main()
