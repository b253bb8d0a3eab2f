#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""Seconds a round of FedAvg on Fashion-MNIST in a lean PyTorch loop: the yardstick of compare.

100 clients IID, 10 a round, training and averaging without evaluation.  Lean: no DataLoader, tensors
in memory, one model a process, models travel as flat vectors in shared memory, SGD in place.
The MLP's (McMahan's 2NN) backward is written out, its weight gradients added to the weights by the products
themselves; the CNN uses autograd on channels-last tensors.  One JSON line.

    torch_round.py MODEL EPOCHS BATCH(0 = all) LR ROUNDS PROCESSES THREADS
"""
import gzip
import json
import os
import statistics
import sys
import time

if len(sys.argv) != 8:
    sys.exit(__doc__)
MODEL = sys.argv[1]
EPOCHS, BATCH = int(sys.argv[2]), int(sys.argv[3])
LR = float(sys.argv[4])
ROUNDS, PROCESSES, THREADS = (int(v) for v in sys.argv[5:])
for name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS"):
    os.environ[name] = str(THREADS)

import numpy as np  # after the number of threads is in the environment
import torch
import torch.multiprocessing
import torch.nn.functional as F

DATA = os.environ.get("FASHION_MNIST", "/usr/share/datasets/fashion-mnist")
CLIENTS, SELECTED, EXAMPLES = 100, 10, 60000
SHAPES = {
    "mlp": [(200, 784), (200,), (200, 200), (200,), (10, 200), (10,)],
    "cnn": [(32, 1, 5, 5), (32,), (64, 32, 5, 5), (64,), (512, 3136), (512,), (10, 512), (10,)],
}[MODEL]
SIZES = [int(np.prod(shape)) for shape in SHAPES]


def read_idx(name, header, shape):
    with gzip.open(os.path.join(DATA, name)) as file:
        return np.frombuffer(file.read(), np.uint8, offset=header).reshape(shape)


def load():
    pixels = read_idx("train-images-idx3-ubyte.gz", 16, (EXAMPLES, 784))
    x = torch.from_numpy(pixels.astype(np.float32) / 255)
    y = torch.from_numpy(read_idx("train-labels-idx1-ubyte.gz", 8, EXAMPLES).astype(np.int64))
    return (x if MODEL == "mlp" else x.view(-1, 1, 28, 28)), y


def initial():
    """Uniform within 1 / sqrt(fan-in), a bias with the fan-in of its weights."""
    torch.manual_seed(1)
    parts = []
    for i, size in enumerate(SIZES):
        fan_in = np.prod(SHAPES[i - i % 2][1:])
        parts.append((torch.rand(size) * 2 - 1) / fan_in**0.5)
    return torch.cat(parts)


class Trainer:
    """Trains clients from a flat model, one after another, and adds their weighted results."""

    def __init__(self, x, y):
        torch.set_num_threads(THREADS)
        self.x, self.y = x, y
        self.p = [torch.empty(shape) for shape in SHAPES]
        if MODEL == "cnn":
            self.p = [
                q.to(memory_format=torch.channels_last) if q.dim() == 4 else q for q in self.p
            ]
            for q in self.p:
                q.requires_grad_()
        self.step = self.step_mlp if MODEL == "mlp" else self.step_cnn

    @torch.no_grad()
    def step_mlp(self, x, y):
        w1, b1, w2, b2, w3, b3 = self.p
        rate = -LR / len(y)
        h1 = torch.addmm(b1, x, w1.t()).relu_()
        h2 = torch.addmm(b2, h1, w2.t()).relu_()
        d3 = torch.softmax(torch.addmm(b3, h2, w3.t()), 1)
        d3[torch.arange(len(y)), y] -= 1
        d2 = (d3 @ w3).mul_(h2 > 0)
        d1 = (d2 @ w2).mul_(h1 > 0)
        for w, b, d, h in ((w1, b1, d1, x), (w2, b2, d2, h1), (w3, b3, d3, h2)):
            w.addmm_(d.t(), h, alpha=rate)
            b.add_(d.sum(0), alpha=rate)

    def step_cnn(self, x, y):
        c1, b1, c2, b2, w3, b3, w4, b4 = self.p
        h = F.max_pool2d(F.relu(F.conv2d(x, c1, b1, padding=2)), 2)
        h = F.max_pool2d(F.relu(F.conv2d(h, c2, b2, padding=2)), 2)
        h = F.relu(F.linear(h.flatten(1), w3, b3))
        gradients = torch.autograd.grad(F.cross_entropy(F.linear(h, w4, b4), y), self.p)
        with torch.no_grad():
            torch._foreach_add_(self.p, gradients, alpha=-LR)

    def train(self, model, part, weight, seed, total):
        with torch.no_grad():
            for q, v in zip(self.p, model.split(SIZES)):
                q.copy_(v.view(q.shape))
        rng = np.random.RandomState(seed)
        batch = BATCH or len(part)
        for _ in range(EPOCHS):
            order = part[torch.from_numpy(rng.permutation(len(part)))]
            for ids in order.split(batch):
                self.step(self.x[ids], self.y[ids])
        with torch.no_grad():
            for v, q in zip(total.split(SIZES), self.p):
                v.view(q.shape).add_(q, alpha=weight)


def run_jobs(trainer, model, parts, jobs, total):
    total.zero_()
    for client, seed in jobs:
        trainer.train(model, parts[client], 1 / SELECTED, seed, total)


def serve(pipe, x, y, parts, model, total):
    trainer = Trainer(x, y)
    while True:
        jobs = pipe.recv()
        if jobs is None:
            return
        run_jobs(trainer, model, parts, jobs, total)
        pipe.send(True)


def main():
    torch.set_num_threads(THREADS)
    x, y = load()
    rng = np.random.RandomState(1)
    parts = [torch.from_numpy(p) for p in np.split(rng.permutation(EXAMPLES), CLIENTS)]
    model = initial().share_memory_()
    totals = [torch.zeros_like(model).share_memory_() for _ in range(PROCESSES)]
    pipes, alone = [], None
    if PROCESSES == 1:
        alone = Trainer(x, y)
    else:
        fork = torch.multiprocessing.get_context("fork")
        for total in totals:
            ours, theirs = fork.Pipe()
            fork.Process(
                target=serve, args=(theirs, x, y, parts, model, total), daemon=True
            ).start()
            pipes.append(ours)

    seconds = []
    for _ in range(ROUNDS + 1):  # one round to warm up
        chosen = rng.choice(CLIENTS, SELECTED, replace=False)
        jobs = [(int(client), int(rng.randint(2**31))) for client in chosen]
        began = time.perf_counter()
        if alone:
            run_jobs(alone, model, parts, jobs, totals[0])
            model.copy_(totals[0])
        else:
            for i, pipe in enumerate(pipes):
                pipe.send(jobs[i::PROCESSES])
            for pipe in pipes:
                pipe.recv()
            torch.sum(torch.stack(totals), 0, out=model)
        seconds.append(time.perf_counter() - began)
    for pipe in pipes:
        pipe.send(None)
    last = alone or Trainer(x, y)
    with torch.no_grad():
        for q, v in zip(last.p, model.split(SIZES)):
            q.copy_(v.view(q.shape))
    print(json.dumps({
        "bench": "torch_round", "model": MODEL, "epochs": EPOCHS, "batch": BATCH,
        "processes": PROCESSES, "threads": THREADS, "rounds": ROUNDS,
        "s_per_round": round(statistics.median(seconds[1:]), 5), "s_min": round(min(seconds[1:]), 5),
        "s_max": round(max(seconds[1:]), 5), "loss": round(loss(last.p, x[:2000], y[:2000]), 4),
        "torch": torch.__version__, "coretype": os.environ.get("OPENBLAS_CORETYPE", "auto"),
    }))


@torch.no_grad()
def loss(p, x, y):
    """Mean training loss on some examples: rounds that learn nothing would be no yardstick."""
    if MODEL == "mlp":
        h = F.relu(F.linear(F.relu(F.linear(x, p[0], p[1])), p[2], p[3]))
        return F.cross_entropy(F.linear(h, p[4], p[5]), y).item()
    h = F.max_pool2d(F.relu(F.conv2d(x, p[0], p[1], padding=2)), 2)
    h = F.max_pool2d(F.relu(F.conv2d(h, p[2], p[3], padding=2)), 2)
    h = F.relu(F.linear(h.flatten(1), p[4], p[5]))
    return F.cross_entropy(F.linear(h, p[6], p[7]), y).item()


main()
