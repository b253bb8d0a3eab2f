#!/usr/bin/python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""join.py HOST PORT CODE FILE.npz NAME: a client of a room of fedsh, written from core/network/protocol.md alone.

It trains model softmax on the arrays x (examples first; bytes or floats) and y (classes from 0) of
the file.  Its key pair is kept in NAME.key_secret.
"""
import base64
import hashlib
import os
import signal
import socket
import struct
import sys
import time
import zlib

import numpy as np
import zmq
import zmq.auth
from zmq.utils import z85

CHUNK, SERVER = 262144, 0xFFFFFFFF
PART, FRAME = struct.Struct("<BBHIIIQQ"), struct.Struct("<4sBBHIIQQQQIfII")
MODEL, UPDATE, QUERY, ANSWER, START, EVALUATE, FIGURES, UNABLE = 1, 2, 8, 9, 10, 11, 12, 63
HELLO, WAIT, WELCOME, REFUSED, READY, UNFIT, CLIENT, TERMS, STOP, LEAVE, TELL = range(64, 75)
KNOWN = {"model": "softmax", "data.tokens": "0", "codec": "none", "noise": "0", "local-layers": "none",
         "aggregator-at-clients": "no", "model.lora": "off"}
CROCKFORD = bytes.maketrans(b"ABCDEFGHIJKLMNOPQRSTUVWXYZ234567", b"0123456789ABCDEFGHJKMNPQRSTVWXYZ")


def find_keys(host, port, code, name):
    """Section 1: our key pair, made once, and the server's key, which the class code proves."""
    if not os.path.exists(f"{name}.key_secret"):
        os.umask(0o077)
        zmq.auth.create_certificates(".", name)
    with socket.create_connection((host, port + 1), 10) as s:
        key = s.makefile("rb").readline().split()[2]
    digest = hashlib.blake2b(z85.decode(key), digest_size=32, key=code[:4]).digest()
    if base64.b32encode(digest[:5]).translate(CROCKFORD) != code[4:]:
        sys.exit("the class code is not of this server: there is a mistake in it, or this is another server")
    return (*zmq.auth.load_certificate(f"{name}.key_secret"), key)


class Link:
    """Section 2: whole messages, in chunks with credit."""

    def __init__(self, host, port, keys):
        self.socket = zmq.Context.instance().socket(zmq.DEALER)
        self.socket.curve_publickey, self.socket.curve_secretkey, self.socket.curve_serverkey = keys
        self.socket.immediate = True
        self.socket.connect(f"tcp://{host}:{port}")
        self.life = int.from_bytes(os.urandom(4), "little") | 1
        self.peer = self.number = self.acknowledged = self.granted = self.theirs = self.spoke = 0
        self.arrived, self.inbox = b"", []

    def put(self, kind, number=0, offset=0, total=0, data=b""):
        try:
            self.socket.send(PART.pack(kind, 1, 0, self.life, self.peer, number, offset, total) + data, zmq.NOBLOCK)
            self.spoke = time.monotonic()
        except zmq.Again:
            pass  # not connected: what is not acknowledged is sent again

    def turn(self, milliseconds=0):
        """Take what comes in this time, and beat."""
        while self.socket.poll(milliseconds):
            self.take(self.socket.recv())
            milliseconds = 0
        if time.monotonic() > self.spoke + 1:
            self.put(3)

    def take(self, part):
        kind, _, _, life, to, number, offset, total = PART.unpack_from(part)
        if self.peer not in (0, life):
            raise ConnectionResetError("the server began again")
        self.peer = life
        if kind == 1 and to == self.life and number >= self.theirs:
            if number > self.theirs:
                self.theirs, self.arrived = number, b""
            if offset == len(self.arrived) < total:
                self.arrived += part[PART.size:]
                if len(self.arrived) == total:
                    self.inbox.append(self.arrived)
            self.put(2, number, len(self.arrived), len(self.arrived) + 4 * CHUNK)
        elif kind == 2 and number == self.number:
            self.acknowledged, self.granted = offset, total or CHUNK

    def send(self, message):
        self.number, self.acknowledged, self.granted, due = self.number + 1, 0, CHUNK, 0
        while self.acknowledged < len(message):
            if time.monotonic() > due:  # from what has arrived, perhaps again
                sent, due = self.acknowledged, time.monotonic() + 5
            data = message[sent:min(sent + CHUNK, self.granted)]
            if data:
                self.put(1, self.number, sent, len(message), data)
                sent += len(data)
            self.turn(0 if data else 100)

    def receive(self):
        while not self.inbox:
            self.turn(500)
        return self.inbox.pop(0)


def frame(kind, body=b"", vectors=0, dim=None, me=0, epoch=0, version=0, invitation=0, samples=0, steps=0, loss=0):
    """Section 3: the bytes of a frame."""
    head = (b"FDP1", kind, 0, vectors, me, SERVER, epoch << 32, version, invitation, samples, steps, loss,
            len(body) if dim is None else dim)
    return FRAME.pack(*head, zlib.crc32(FRAME.pack(*head, 0) + body)) + body


def text(kind, **lines):
    """Section 4: a frame of lines."""
    return frame(kind, "".join(f"{key}={value}\n" for key, value in lines.items()).encode())


class Trainer:
    """What the terms ask for, with our examples."""

    def __init__(self, terms, x, y, name):
        inputs, self.classes = np.prod([int(n) for n in terms["data.shape"].split("x")]), int(terms["data.classes"])
        for key in KNOWN:
            if terms.get(key, KNOWN[key]) != KNOWN[key]:
                raise ValueError(f"{key}={terms[key]}, and this client knows only {KNOWN[key]}")
        if x[0].size != inputs or y.max() >= self.classes:
            raise ValueError(f"{x[0].size} inputs and {y.max() + 1} classes, not {inputs} and {self.classes}")
        self.terms, self.random = terms, np.random.default_rng(zlib.crc32(name.encode()))
        scale, share = (float(terms[key]) for key in ("data.scale", "holdout"))
        self.x, self.y = np.float32(x.reshape(len(x), -1) * (scale if x.dtype == np.uint8 else 1)), y
        held = np.clip(int(share * len(x) + 0.5), 1, len(x) - 1) if share else 0
        self.held, self.own = np.split(self.random.permutation(len(x)), [held])

    def look(self, w, rows):
        """Probabilities less what is right, and losses, of these examples."""
        z = self.x[rows] @ w[:-self.classes].reshape(-1, self.classes) + w[-self.classes:]
        p, right = np.exp(z - z.max(1, keepdims=True)), np.eye(self.classes)[self.y[rows]]
        p /= p.sum(1, keepdims=True)
        return p - right, -np.log(np.maximum((p * right).sum(1), 1e-30))

    def train(self, w, version, turn):
        epochs, rate, decay, momentum, shrink = (
            float(self.terms[key]) for key in ("epochs", "lr", "lr-decay", "momentum", "weight-decay"))
        batch = len(self.own) if self.terms["batch"] == "all" else int(self.terms["batch"])
        trained, velocity, losses = w, 0, []
        for _ in range(int(epochs)):
            order = self.random.permutation(self.own)
            for rows in np.split(order, range(batch, len(order), batch)):
                turn()  # beats go out
                error, loss = self.look(trained, rows)
                gradient = np.append(self.x[rows].T @ error, error.sum(0)) / len(rows)
                velocity = momentum * velocity + gradient + shrink * trained
                trained, losses = trained - rate * decay**version * velocity, losses + [loss]
        loss = np.concatenate(losses).mean()
        print(f"trained from version {version}, loss {loss:.4g}", flush=True)
        return np.float32(trained - w).tobytes(), dict(samples=len(self.own), steps=len(losses), loss=loss)

    def answer(self, kind, w, version, steps, turn):
        """The frame that answers a question, but for its address."""
        if kind == QUERY:
            return dict(kind=ANSWER, steps=steps, loss=self.look(w, self.own)[1].mean())
        if kind == EVALUATE:
            error, losses = self.look(w, self.held)
            right = (error[np.arange(len(error)), self.y[self.held]] == error.min(1)).sum()
            figures = struct.pack("<4d", right, losses.sum(), np.nan, np.nan)
            return dict(kind=FIGURES, body=figures, dim=4, samples=len(self.held))
        delta, fields = self.train(w, version, turn)
        return dict(kind=UPDATE, body=delta, vectors=1, dim=len(w), **fields)


def take_part(link, code, data, name):
    """Section 5: the course of a member."""
    while not link.peer:
        link.turn(500)
    link.send(text(HELLO, protocol=1, program="join.py", code=code.decode(), name=name))
    while True:
        message = link.receive()
        kind, _, _, _, to, _, version, invitation, _, steps, *_ = FRAME.unpack_from(message)[1:]
        body = message[FRAME.size:]
        lines = dict(line.split("=", 1) for line in body.decode().splitlines()) if kind >= HELLO else {}
        if kind in (MODEL, QUERY, START, EVALUATE):
            model = model if kind == START else np.frombuffer(body, "<f4")
            answer = trainer.answer(kind, model, version, steps, link.turn)
            link.send(frame(me=to, epoch=epoch, version=version, invitation=invitation, **answer))
        elif kind in (WELCOME, TERMS):
            epoch = int(lines["epoch"]) if kind == WELCOME else epoch
            try:
                trainer = Trainer(lines, data["x"], data["y"], name)
                link.send(text(READY, examples=len(data["y"])))
            except ValueError as error:
                link.send(text(UNFIT, why=error))
        elif kind in (REFUSED, LEAVE):
            sys.exit(lines["why"] if kind == REFUSED else 0)
        else:
            print(*(f"{key} {value}" for key, value in lines.items()), flush=True)


def main():
    if len(sys.argv) != 6:
        sys.exit(__doc__)
    host, port, code, data, name = sys.argv[1:]
    port, code = int(port), code.upper().replace("-", "").encode()
    keys = find_keys(host, port, code, name)
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    while True:
        link = Link(host, port, keys)
        try:
            take_part(link, code, np.load(data), name)
        except ConnectionResetError as error:
            print(error, flush=True)
        except KeyboardInterrupt:
            signal.alarm(2)  # ends us where no server is left to hear it
            return link.send(text(LEAVE, why="it left"))


if __name__ == "__main__":
    main()
