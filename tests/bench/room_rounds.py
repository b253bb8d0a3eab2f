#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""room_rounds.py PATH/TO/fedsh [MEMBERS [PARTICIPANTS [ROUNDS]]]: rounds of a room against simulated ones.

A server and its members (100), a process each over loopback, train the 2NN on 600 pictures each, B=10,
E=1, PARTICIPANTS (10) a round; then one process simulates the same on the same processors.  Prints one
JSON line: medians of ROUNDS (9) rounds, the goal, which is 1.3 times the simulated round and the models' way
at 150 MB/s, and the room's share of it: below 1 is better than the goal.
Before them is one round of all members, since a program's first training takes longer.
"""
import json
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time

import numpy as np

EXAMPLES, PARAMETERS, RATE = 600, 199210, 150e6


def start(fedsh, *arguments):
    return subprocess.Popen([fedsh, *arguments], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                            stderr=subprocess.STDOUT, text=True)


def seconds_of_rounds(server):
    """Seconds between the lines of rounds, but for the first two."""
    at, lines = [], []
    for line in server.stdout:
        lines.append(line)
        if line.startswith("round "):
            at.append(time.monotonic())
    if server.wait() or len(at) < 3:
        sys.exit("".join(lines))
    return [later - earlier for earlier, later in zip(at[1:], at[2:])]


def in_a_room(fedsh, work, compose, members, then):
    port = 20000 + os.getpid() % 6000 * 2
    server = start(fedsh, "-c", f"{compose}; serve 127.0.0.1:{port} most={members}; wait-room {members} within=120"
                   + then + "; serve stop")
    for line in server.stdout:
        if line.startswith("  fedsh join "):
            break
    else:
        sys.exit("no room was opened")
    target, code = line.split()[2:4]
    joined = [start(fedsh, "join", target, code, "--name", f"m{i}", "--identity", f"{work}/m{i}.key",
                    "--data", f"{work}/own.npz") for i in range(members)]
    try:
        return seconds_of_rounds(server)
    finally:
        for member in joined:
            member.kill()
            member.wait()


def main():
    if len(sys.argv) < 2:
        sys.exit(__doc__)
    fedsh, (members, participants, rounds) = sys.argv[1], [
        int(n) for n in sys.argv[2:] + ["100", "10", "9"][len(sys.argv) - 2:]]
    work = tempfile.mkdtemp()
    for name in ("STATE", "DATA", "CACHE", "CONFIG"):
        os.environ[f"XDG_{name}_HOME"] = f"{work}/{name}"
    rng = np.random.default_rng(1)
    x, y = rng.integers(256, size=(2000, 28, 28), dtype=np.uint8), np.arange(2000, dtype=np.uint8) % 10
    np.savez(f"{work}/room.npz", x_train=x, y_train=y, x_test=x[:10], y_test=y[:10])
    np.savez(f"{work}/own.npz", x=x[:EXAMPLES], y=y[:EXAMPLES])
    compose = (f"dataset {work}/room.npz; model mlp; set batch=10 epochs=1 lr=0.01 eval-every=never "
               f"participants={members}")
    then = f"; round 1; set participants={participants}" + "; round 1" * (rounds + 1)
    try:
        room = statistics.median(in_a_room(fedsh, work, compose, members, then))
        add = f"; add-client {members} iid samples={EXAMPLES} reuse device=ideal"
        alone = statistics.median(seconds_of_rounds(start(fedsh, "-c", compose + add + then)))
    finally:
        shutil.rmtree(work)
    travel = 2 * 4 * PARAMETERS * participants / RATE
    goal = 1.3 * alone + travel
    print(json.dumps({"bench": "room rounds", "members": members, "participants": participants, "room": round(room, 4),
                      "simulated": round(alone, 4), "travel": round(travel, 4), "goal": round(goal, 4),
                      "of_goal": round(room / goal, 3)}))


main()
