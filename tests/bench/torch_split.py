#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""Images a second of split learning in a lean PyTorch loop: the yardstick of bench_split.

One client of 6,000 images of Fashion-MNIST, McMahan's CNN cut after its second pooling.  Activations
and their gradient cross the cut inside the process, which costs nothing here.  Channels last, which
is faster.  One JSON line; the first epoch is not counted.

    torch_split.py BATCH LR EPOCHS THREADS
"""
import gzip
import json
import os
import statistics
import sys
import time

if len(sys.argv) != 5:
    sys.exit(__doc__)
BATCH, LR, EPOCHS, THREADS = int(sys.argv[1]), float(sys.argv[2]), int(sys.argv[3]), int(sys.argv[4])
for name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS"):
    os.environ[name] = str(THREADS)

import numpy as np  # after the number of threads is in the environment
import torch
import torch.nn.functional as F
from torch import nn

DATA = os.environ.get("FASHION_MNIST", "/usr/share/datasets/fashion-mnist")
IMAGES = 6000


def read_idx(name, header):
    with gzip.open(os.path.join(DATA, name)) as file:
        return np.frombuffer(file.read(), np.uint8, offset=header)


def load():
    pixels = read_idx("train-images-idx3-ubyte.gz", 16)[: IMAGES * 784].astype(np.float32) / 255
    labels = read_idx("train-labels-idx1-ubyte.gz", 8)[:IMAGES].astype(np.int64)
    return torch.from_numpy(pixels).view(IMAGES, 1, 28, 28), torch.from_numpy(labels)


def pool(filters_in, filters):
    return [nn.Conv2d(filters_in, filters, 5, padding=2), nn.ReLU(), nn.MaxPool2d(2)]


torch.set_num_threads(THREADS)
torch.manual_seed(1)
images, labels = load()
head = nn.Sequential(*pool(1, 32), *pool(32, 64)).to(memory_format=torch.channels_last)
tail = nn.Sequential(nn.Flatten(), nn.Linear(3136, 512), nn.ReLU(), nn.Linear(512, 10))
head_params, tail_params = list(head.parameters()), list(tail.parameters())


def step(ids):
    smashed = head(images[ids])
    received = smashed.detach().requires_grad_()
    loss = F.cross_entropy(tail(received), labels[ids])
    *tail_gradients, at_cut = torch.autograd.grad(loss, tail_params + [received])
    head_gradients = torch.autograd.grad(smashed, head_params, at_cut)
    with torch.no_grad():
        torch._foreach_add_(tail_params, tail_gradients, alpha=-LR)
        torch._foreach_add_(head_params, head_gradients, alpha=-LR)
    return loss


seconds = []
for _ in range(EPOCHS + 1):
    began = time.perf_counter()
    for ids in torch.randperm(IMAGES).split(BATCH):
        loss = step(ids)
    seconds.append(time.perf_counter() - began)
seconds = seconds[1:]
print(json.dumps({
    "bench": "torch_split", "model": "cnn", "batch": BATCH, "threads": THREADS, "rounds": EPOCHS,
    "images_per_s": round(IMAGES / statistics.median(seconds)),
    "s_per_epoch": round(statistics.median(seconds), 4), "s_min": round(min(seconds), 4),
    "loss": round(loss.item(), 4), "torch": torch.__version__,
    "coretype": os.environ.get("OPENBLAS_CORETYPE", "auto"),
}))
