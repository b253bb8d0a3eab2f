# SPDX-License-Identifier: GPL-3.0-or-later
"""A class at random moments: the server and four members are killed, stopped or started again.

    storm.py MOMENTS[:SEED]

The server has a round after the other and saves after each. At each moment one process is chosen:
it is killed and started again (the server by its saved file), or stopped for a while and woken.
What must hold, whatever the moments are:

- versions follow one another: a round makes the version after that of the saved file, once;
- of each client at most one report is taken in a round, and the log agrees with the round's count;
- no round waits for longer than the deadline and the server's own absence;
- in the end all four are clients again, with the numbers that they had, and all end by themselves.
"""
import os
import random
import re
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time

FEDSH = os.environ["FEDSH"]
DEADLINE = 2.0
SLACK = 6.0  # a machine that does much else
TRAINING = "train=800 test=100"
MEMBERS = 4


class Process:
    """A program whose lines are read from a file as it runs."""

    def __init__(self, work, name, arguments, stdin=subprocess.DEVNULL):
        self.path = os.path.join(work, name + ".out")
        self.name = name
        self.seen = 0
        with open(self.path, "ab") as out:
            self.seen = out.tell()
            self.popen = subprocess.Popen([FEDSH, *arguments], stdin=stdin, stdout=out,
                                          stderr=subprocess.STDOUT)

    def text(self):
        """What this life has printed."""
        with open(self.path, "rb") as file:
            file.seek(self.seen)
            return file.read().decode(errors="replace")

    def await_match(self, pattern, seconds, meanwhile=None):
        end = time.monotonic() + seconds
        while True:
            found = re.search(pattern, self.text(), re.M)
            if found:
                return found
            if self.popen.poll() is not None:
                found = re.search(pattern, self.text(), re.M)
                if found:
                    return found
                raise Trouble(f"{self.name} ended with {self.popen.returncode}, without {pattern}")
            if time.monotonic() > end:
                raise Trouble(f"{self.name} has not printed {pattern} within {seconds} s")
            if meanwhile:
                meanwhile()
            time.sleep(0.05)

    def kill(self):
        self.popen.kill()
        self.popen.wait()

    def signal(self, which):
        self.popen.send_signal(which)


class Trouble(Exception):
    pass


def free_port():
    for _ in range(100):
        port = random.SystemRandom().randrange(20000, 40000, 2)
        try:
            for p in (port, port + 1):
                with socket.socket() as s:
                    s.bind(("127.0.0.1", p))
            return port
        except OSError:
            continue
    raise Trouble("no port is free")


class Class:
    def __init__(self, work, draw):
        self.work, self.draw = work, draw
        self.saved = os.path.join(work, "class.fed")
        self.target = f"127.0.0.1:{free_port()}"
        self.code = None
        self.version = 0  # of the saved file
        self.newest = 1  # that a next round may make
        self.life = 0
        self.asked = None  # when the present round was asked for
        self.longest = 0.0
        self.reports = 0
        self.member = {}
        self.number = {}
        self.begin_server()

    def say(self, text):
        self.server.popen.stdin.write(text.encode() + b"\n")
        self.server.popen.stdin.flush()

    def begin_server(self):
        self.server = Process(self.work, "server", [], subprocess.PIPE)
        if self.life == 0:
            self.say(f"dataset blobs {TRAINING}; model mlp hidden=256; set fraction=1 epochs=300")
            self.say(f"scheme sync deadline={DEADLINE}")
        else:
            self.say(f"restore {self.saved}")
        self.life += 1
        self.say(f"serve {self.target}" + (f" code={self.code}" if self.code else ""))
        self.code = self.server.await_match(
            r"^ *fedsh join \S+ ([A-Z0-9]+-[A-Z0-9-]+)", 15).group(1)
        self.asked = None

    def begin_member(self, i):
        first = i * 200
        self.member[i] = Process(
            self.work, f"m{i}",
            ["join", self.target, self.code, "--name", f"m{i}", "--plain",
             "--data", f"blobs:{first}-{first + 199} {TRAINING}"])

    def gather(self):
        """All four are clients again, with their numbers."""
        for member in self.member.values():
            member.await_match(r"client \d+, with 200 examples", 30, lambda: self.say("room"))
        self.say(f"wait-room {MEMBERS} within=30; room; tell gathered-{self.life}-{self.version}")
        for i in self.member:
            # A round that it works for is over first.
            self.member[i].await_match(f"told: gathered-{self.life}-{self.version}", 40)
            number = re.findall(r"client (\d+), with 200 examples", self.member[i].text())
            if not number:
                raise Trouble(f"m{i} does not say which client it is")
            if self.number.setdefault(i, number[-1]) != number[-1]:
                raise Trouble(f"m{i} was client {self.number[i]}, and is client {number[-1]}")

    def ask(self):
        """One more round, whose file is there when the line `kept` is."""
        self.asked = time.monotonic()
        self.asleep = 0.0
        self.say(f"round 1; log 50 kind=reported; save {self.saved}; export {self.work}/kept.csv")

    def settle(self):
        """The round that was asked for is over: what it did."""
        want = self.version + 1
        found = self.server.await_match(
            rf"^round ({want}|{self.newest}) [^\n]*\n(?:[^r\n].*\n)*wrote .*kept\.csv",
            DEADLINE + SLACK + self.asleep)
        want = int(found.group(1))
        took = time.monotonic() - self.asked - self.asleep
        self.longest = max(self.longest, took)
        rounds = re.findall(r"^round (\d+) ", self.server.text(), re.M)
        first = int(rounds[0])
        if [int(r) for r in rounds] != list(range(first, want + 1)):
            raise Trouble(f"the versions of this life are {' '.join(rounds)}")
        self.check_reports(want)
        self.version = want
        self.newest = want + 1
        self.asked = None

    def check_reports(self, want):
        text = self.server.text()
        counted = int(re.search(rf"^round {want} .*clients (\d+) ", text, re.M).group(1))
        clients = re.findall(rf"^version {want - 1} .* reported +client (\d+)", text, re.M)
        if len(clients) != len(set(clients)) or len(clients) != counted:
            raise Trouble(f"round {want} counts {counted} clients, and the log has reports of "
                          + " ".join(clients))
        self.reports += counted

    def moment(self):
        """One process is killed or stopped, somewhere in a round; what is to be done after it."""
        victim = self.draw.choice(["server", *self.member])
        what = self.draw.choice(["kill", "stop"])
        time.sleep(self.draw.uniform(0, 0.4))
        process = self.server if victim == "server" else self.member[victim]
        said = f"{process.name} {what}"
        if what == "stop":
            seconds = self.draw.uniform(0.5, 3.0)
            process.signal(signal.SIGSTOP)
            time.sleep(seconds)
            process.signal(signal.SIGCONT)
            if victim == "server" and self.asked:
                self.asleep = seconds
            return said + f" {seconds:.1f} s"
        process.kill()
        if victim != "server":
            self.begin_member(victim)
            return said
        self.begin_server()  # its round is lost, or was saved
        return said

    def end(self):
        self.gather()
        self.say("serve stop; quit")
        for process in [self.server, *self.member.values()]:
            status = process.popen.wait(15)
            if status:
                raise Trouble(f"{process.name} ended with {status}")


def storm(moments, seed, work):
    room = Class(work, random.Random(seed))
    try:
        for i in range(MEMBERS):
            room.begin_member(i)
        room.gather()
        room.ask()
        room.settle()
        for k in range(moments):
            room.ask()
            life = room.life
            said = room.moment()
            if room.life == life:
                room.settle()
            else:  # killed before it had saved the round, or after
                room.newest = room.version + 2
            print(f"{k}: version {room.version}, {said}", flush=True)
            room.gather()
        room.end()
    finally:
        for process in [room.server, *room.member.values()]:
            if process.popen.poll() is None:
                process.signal(signal.SIGCONT)
                process.kill()
    print(f"{moments} moments, {room.version} versions, {room.reports} reports, "
          f"longest round {room.longest:.1f} s")


def main():
    moments, _, seed = sys.argv[1].partition(":")
    seed = int(seed) if seed else 1
    work = tempfile.mkdtemp()
    for name in ("STATE", "DATA", "CACHE", "CONFIG"):
        os.environ[f"XDG_{name}_HOME"] = os.path.join(work, name.lower())
    os.environ.update(OPENBLAS_NUM_THREADS="1", NO_COLOR="1", PAGER="")
    try:
        storm(int(moments), seed, work)
    except Trouble as trouble:
        print(f"seed {seed}: {trouble}", file=sys.stderr)
        for name in sorted(os.listdir(work)):
            if name.endswith(".out"):
                with open(os.path.join(work, name), encoding="utf-8", errors="replace") as file:
                    print(f"--- {name}", *file.read().splitlines()[-25:], sep="\n", file=sys.stderr)
        sys.exit(1)
    finally:
        if not os.environ.get("KEEP"):
            shutil.rmtree(work, ignore_errors=True)


if __name__ == "__main__":
    main()
