# SPDX-License-Identifier: GPL-3.0-or-later
"""Hold a trace against what its format and the run ask for: trace.py FILE VERSIONS CLIENTS

Prints "spans rows versions" and fails with the first thing that is wrong.
"""
import json
import math
import sys

with open(sys.argv[1], encoding="utf-8") as f:
    # NaN and Infinity are Python's own: a viewer would refuse them.
    trace = json.load(f, parse_constant=lambda word: sys.exit(f"{word} is no JSON"))
versions, clients = int(sys.argv[2]), int(sys.argv[3])
events = trace["traceEvents"]

rows = {}  # (pid, tid): spans
names = {}
for e in events:
    assert e["ph"] in "XMCi", e
    assert isinstance(e["pid"], int) and isinstance(e["tid"], int) and e["name"], e
    if e["ph"] == "M":
        if e["name"] == "thread_name":
            names[e["pid"], e["tid"]] = e["args"]["name"]
        continue
    assert math.isfinite(e["ts"]) and e["ts"] >= 0, e
    if e["ph"] == "X":
        assert math.isfinite(e["dur"]) and e["dur"] >= 0, e
        rows.setdefault((e["pid"], e["tid"]), []).append(e)
    if e["ph"] == "i":
        assert e["s"] == "t" and e["name"] in ("lost", "late", "refused", "cancelled"), e
    if e["ph"] == "C":
        assert all(math.isfinite(v) for v in e["args"].values()), e

for key, spans in rows.items():
    assert key in names, f"row {key} has no name"
    spans.sort(key=lambda e: e["ts"])  # what happens in turns is written behind the rest
    for a, b in zip(spans, spans[1:]):
        # Nanoseconds: three decimals of a microsecond are all there is.
        assert round(1000 * (a["ts"] + a["dur"])) <= round(1000 * b["ts"]), (a, b)

server = [e for e in rows[1, 1]]
assert [e["name"] for e in server] == [f"version {i + 1}" for i in range(versions)]
assert sum(e["ph"] == "C" and e["name"] == "accuracy" for e in events) == versions

of_clients = {key: spans for key, spans in rows.items() if key[0] == 2}
assert len(of_clients) == clients, f"{len(of_clients)} rows of clients"
for key, spans in of_clients.items():
    assert names[key] == f"client {key[1] - 1}"
    for upload in (e for e in spans if e["name"] == "upload" and "step" in e["args"]):
        same = [e for e in spans if e["args"]["invitation"] == upload["args"]["invitation"]]
        seen = [e["name"] for e in same]
        up = same.index(upload)
        turn = seen[1:up]  # split learning: messages to the server and back between computing
        assert seen[0] == "download" and seen[up + 1 :] in ([], ["waiting"]), seen
        told = " ".join(turn).replace("upload waiting download", "upload download")
        trips = turn.count("upload")
        assert told == " ".join(["compute"] + trips * ["upload download compute"]), seen
        for e in same[1:up]:
            assert ("bytes" in e["args"]) == (e["name"] in ("upload", "download")), e
            assert e["args"].get("bytes", 1) > 0, e
        if trips:
            assert up == len(seen) - 1, seen  # a client whose turn has ended is idle
        for a, b in zip(same, same[1:]):  # they touch
            assert round(1000 * (a["ts"] + a["dur"])) == round(1000 * b["ts"]), (a, b)
        step = server[upload["args"]["step"] - 1]
        assert upload["ts"] + upload["dur"] <= step["ts"] + step["dur"] + 1e-3
print(sum(map(len, rows.values())), len(of_clients), len(server))
