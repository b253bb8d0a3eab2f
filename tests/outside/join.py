#!/usr/bin/python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""A client of a room of fedsh in Python, written from core/network/protocol.md, whose sections it names.  It trains model
softmax on the arrays x (examples first; bytes or floats) and y (classes from 0) of an .npz, else on a sample that it makes."""
import argparse, collections, concurrent.futures, hashlib, json, os, random, signal, socket, struct, sys, threading, time, zlib
import numpy as np
import zmq, zmq.utils.z85

CHUNK, WINDOW, SERVER = 262144, 4 * 262144, 0xFFFFFFFF
HEAD, FRAME = struct.Struct("<BBHIIIQQ"), struct.Struct("<4sBBHIIQQQQIfII")
MODEL, UPDATE, QUERY, ANSWER, START, EVALUATE, FIGURES, UNABLE = 1, 2, 8, 9, 10, 11, 12, 63
HELLO, WAIT, WELCOME, REFUSED, READY, UNFIT, CLIENT, TERMS, STOP, LEAVE, TELL = range(64, 75)
Frame = collections.namedtuple("Frame", "magic kind codec vectors sender to id version invitation samples steps loss dim crc")


def keys(path, host, port, code):  # section 1
    """Our key pair, made once, in a file for us alone, and the server's key: told at the next port, proved by the code, pinned."""
    if not os.path.exists(path):
        with open(os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600), "w") as f:
            json.dump([key.decode() for key in zmq.curve_keypair()] + [{}], f)
    public, secret, known = json.load(open(path))
    with socket.create_connection((host, port + 1), 10) as s:
        key = s.makefile().readline().split()[2]
    digest = hashlib.blake2b(zmq.utils.z85.decode(key), digest_size=32, key=code[:4].encode()).digest()
    bits = int.from_bytes(digest[:5], "big")
    if code[4:] != "".join("0123456789ABCDEFGHJKMNPQRSTVWXYZ"[bits >> shift & 31] for shift in range(35, -1, -5)):
        sys.exit("the class code is not of this server: there is a mistake in it, or this is another server")
    if known.setdefault(f"{host}:{port}", key) != key:
        sys.exit(f"the server has another key than last time; if that is right, remove the old one from {path}")
    json.dump([public, secret, known], open(path, "w"))
    return public.encode(), secret.encode(), key.encode()


class Link:  # section 2
    """Whole messages, in chunks with credit, over a socket that connects again by itself."""

    def __init__(self, host, port, keys):
        self.socket = zmq.Context.instance().socket(zmq.DEALER)
        self.socket.curve_publickey, self.socket.curve_secretkey, self.socket.curve_serverkey = keys
        self.socket.immediate, self.socket.linger = 1, 500  # immediate: without a connection nothing is queued
        self.socket.connect(f"tcp://{host}:{port}")
        self.life, self.number, self.spoke, self.heard = random.randrange(1, 2**32), 0, 0, time.monotonic()
        self.meet(0)

    def meet(self, life):  # of the server: what was on its way is lost, its numbers begin at 1
        self.peer, self.queue, self.out, self.theirs, self.arrived = life, collections.deque(), None, 0, b""

    def part(self, kind, number=0, offset=0, total=0, data=b""):
        try:
            self.socket.send(HEAD.pack(kind, 1, 0, self.life, self.peer, number, offset, total) + data, zmq.NOBLOCK)
            self.spoke = time.monotonic()
            return True
        except zmq.Again:  # not connected, or as much as the connection holds
            return False

    def turn(self, milliseconds):
        """Wait so long; yield the messages that have come, and None when the server's program is new."""
        self.push()
        while self.socket.poll(milliseconds):
            yield from self.take(self.socket.recv())
            self.push()
            milliseconds = 0

    def push(self):
        now = time.monotonic()
        if self.out is None and self.queue:
            self.out, self.number = self.queue.popleft(), self.number + 1
            self.sent, self.acked, self.granted, self.wait, self.due = 0, 0, CHUNK, 1, now + 1
        if self.out and now > self.due:  # again, from what is acknowledged
            self.sent, self.wait, self.due = self.acked, min(2 * self.wait, 32), now + self.wait
        while self.out and self.sent < min(self.granted, len(self.out)):
            data = self.out[self.sent : min(self.sent + CHUNK, self.granted)]
            if not self.part(1, self.number, self.sent, len(self.out), data):
                break
            self.sent += len(data)
        if now - self.spoke > 1:
            self.part(3)

    def take(self, part):
        kind, _, _, life, to, number, offset, total = HEAD.unpack_from(part)
        self.heard = time.monotonic()
        if life != self.peer:
            self.meet(life)
            yield None
        if to not in (0, self.life):
            self.part(3)
        elif kind == 1 and number >= self.theirs:
            if number > self.theirs:
                self.theirs, self.arrived, self.whole = number, bytearray(), False
            if offset <= len(self.arrived) < offset + len(part) - HEAD.size and not self.whole:
                self.arrived[offset:] = part[HEAD.size :]
                self.whole = len(self.arrived) == total
                if self.whole and zlib.crc32(self.arrived[:60] + bytes(4) + self.arrived[64:]) != FRAME.unpack_from(self.arrived)[-1]:
                    self.arrived, self.whole = bytearray(), False
                elif self.whole:
                    yield bytes(self.arrived)
            self.part(2, number, len(self.arrived), len(self.arrived) + WINDOW)
        elif kind == 2 and number == self.number and self.out:
            if offset == 2**64 - 1:
                sys.exit("the server does not take a message of ours")
            self.sent = max(self.sent, offset) if offset else 0
            self.acked, self.granted, self.wait, self.due = offset, total or CHUNK, 1, self.heard + 1
            if offset == len(self.out):
                self.out = None


def frame(kind, body=b"", vectors=0, sender=0, id=0, version=0, invitation=0, samples=0, steps=0, loss=0.0, dim=0):  # section 3
    head = b"FDP1", kind, 0, vectors, sender, SERVER, id, version, invitation, samples, steps, loss, dim
    return FRAME.pack(*head, zlib.crc32(FRAME.pack(*head, 0) + body)) + body


def text(kind, **lines):  # section 4
    body = "".join(f"{key}={value}\n" for key, value in lines.items()).encode()
    return frame(kind, body, dim=len(body))


class Trainer:
    """What the terms ask for, with our examples."""

    def __init__(self, terms, path, name):
        shape, self.classes = [int(n) for n in terms["data.shape"].split("x")], int(terms["data.classes"])
        needed = {"model": "softmax", "data.tokens": "0", "codec": "none", "noise": "0", "local-layers": "none",
                  "aggregator-at-clients": "no", "model.lora": "off"}
        for key, value in needed.items():
            if terms.get(key, value) != value:
                raise ValueError(f"{key}={terms[key]}, and this client knows only {value}")
        if terms["scheme"] not in ("sync", "async"):
            raise ValueError(f"scheme={terms['scheme']}, and this client knows only sync and async")
        self.batch = 0 if terms["batch"] == "all" else int(terms["batch"])
        self.epochs, self.rate, self.decay, self.momentum, self.shrink, share = (
            float(terms[key]) for key in ("epochs", "lr", "lr-decay", "momentum", "weight-decay", "holdout"))
        self.dim, self.random = int(terms["model.dim"]), np.random.default_rng(zlib.crc32(name.encode()))
        if path:
            x, y = (np.load(path)[key] for key in "xy")
        else:
            y = self.random.integers(self.classes, size=200)
            x = np.random.default_rng(1).normal(size=(self.classes, *shape))[y] + self.random.normal(size=(200, *shape))
        if x[0].size != np.prod(shape) or y.min() < 0 or y.max() >= self.classes:
            raise ValueError(f"{x[0].size} inputs and {y.max() + 1} classes, and the room has {shape} and {self.classes}")
        x = x.reshape(len(x), -1) * (float(terms["data.scale"]) if x.dtype == np.uint8 else 1)
        self.x, self.y, order = x.astype(np.float32), y.astype(int).ravel(), self.random.permutation(len(x))
        held = min(max(int(share * len(x) + 0.5), 1), len(x) - 1) if share else 0
        self.held, self.own = order[:held], order[held:]

    def look(self, w, rows):
        """Probabilities and losses of these examples."""
        z = self.x[rows] @ w[: -self.classes].reshape(-1, self.classes) + w[-self.classes :]
        p = np.exp(z - z.max(1, keepdims=True))
        p /= p.sum(1, keepdims=True)
        return p, -np.log(np.maximum(p[np.arange(len(rows)), self.y[rows]], 1e-30))

    def train(self, w, rate, stop):
        velocity, steps, loss, batch = np.zeros_like(w), 0, 0.0, self.batch or len(self.own)
        for _ in range(int(self.epochs)):
            order = self.random.permutation(self.own)
            for rows in (order[i : i + batch] for i in range(0, len(order), batch)):
                if stop.is_set():
                    return None
                p, losses = self.look(w, rows)
                p[np.arange(len(rows)), self.y[rows]] -= 1
                gradient = np.concatenate([(self.x[rows].T @ p).ravel(), p.sum(0)]) / len(rows) + self.shrink * w
                velocity = self.momentum * velocity + gradient
                w, steps, loss = w - rate * velocity, steps + 1, loss + losses.sum()
        return w, steps, loss / (self.epochs * len(self.own))

    def answer(self, q, body, me, epoch, stop):
        """The frame that answers a frame."""
        w, back = np.frombuffer(body, "<f4"), dict(sender=me, id=epoch << 32, version=q.version, invitation=q.invitation)
        if q.kind == QUERY:
            return frame(ANSWER, steps=q.steps, loss=self.look(w, self.own)[1].mean(), **back)
        if q.kind == EVALUATE:
            p, losses = self.look(w, self.held)
            figures = (p.argmax(1) == self.y[self.held]).sum(), losses.sum(), np.nan, np.nan
            return frame(FIGURES, struct.pack("<4d", *figures), samples=len(self.held), dim=4, **back)
        if len(w) != self.dim or not (trained := self.train(w, self.rate * self.decay**q.version, stop)):
            why = b"it was stopped" if stop.is_set() else b"this client takes one vector of the model's length"
            return frame(UNABLE, why, dim=len(why), **back)
        print(f"trained from version {q.version}, loss {trained[2]:.4g}", flush=True)
        delta = (trained[0] - w).astype("<f4").tobytes()
        return frame(UPDATE, delta, vectors=1, dim=self.dim, samples=len(self.own), steps=trained[1], loss=trained[2], **back)


def main():  # section 5
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("server", help="HOST or HOST:PORT")
    parser.add_argument("code", help="the class code")
    parser.add_argument("--data", help="FILE.npz")
    parser.add_argument("--name", default="python")
    parser.add_argument("--identity", help="the file of our key pair; else NAME.key")
    args = parser.parse_args()
    host, _, port = args.server.partition(":")
    host, port, code = host, int(port or 5555), args.code.upper().replace("-", "").translate(str.maketrans("ILO", "110"))
    link = Link(host, port, keys(args.identity or args.name + ".key", host, port, code))
    pool, jobs, stop = concurrent.futures.ThreadPoolExecutor(1), collections.deque(), threading.Event()
    trainer = me = epoch = asked = None
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        while True:
            for message in link.turn(5 if jobs else 100):  # beats go out while another thread trains
                q, body = (Frame(*FRAME.unpack_from(message)), message[64:]) if message else (None, b"")
                lines = dict(line.split("=", 1) for line in body.decode().splitlines()) if q and q.kind >= 64 else {}
                if q is None or q.kind == STOP:
                    stop.set()  # what is at work now answers UNABLE
                    stop = threading.Event()
                if q is None:
                    jobs.clear()
                    link.queue.append(text(HELLO, protocol=1, program="join.py", code=code, name=args.name))
                elif q.kind in (MODEL, QUERY, START, EVALUATE):
                    asked = body if q.kind == QUERY else asked
                    jobs.append(pool.submit(trainer.answer, q, asked if q.kind == START else body, me, epoch, stop))
                elif q.kind in (WELCOME, TERMS):
                    epoch = int(lines.get("epoch", epoch or 0))
                    try:
                        trainer = Trainer(lines, args.data, args.name)
                        link.queue.append(text(READY, examples=len(trainer.y)))
                    except ValueError as error:
                        print("our data do not fit:", error, flush=True)
                        link.queue.append(text(UNFIT, why=error))
                elif q.kind == CLIENT:
                    me = int(lines["client"])
                    print(f"client {me}, with {len(trainer.y)} examples", flush=True)
                elif q.kind in (REFUSED, LEAVE):
                    return print(lines.get("why") or "the room was closed") or q.kind == REFUSED
                elif q.kind in (WAIT, TELL):
                    print(lines.get("why") or lines.get("text"), flush=True)
            while jobs and jobs[0].done():
                link.queue.append(jobs.popleft().result())
    except KeyboardInterrupt:
        stop.set()
        link.queue.append(text(LEAVE, why="it left"))
        while time.monotonic() - link.heard < 2 and (link.queue or link.out):
            list(link.turn(100))


sys.exit(main())
