#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""Examples a second that one thread of PyTorch trains: the yardstick of bench_step's new models.

Usage: torch_step.py [seconds a figure, default 2]
SGD in place on tensors in memory, without a DataLoader; eager and traced, pictures also channels last: the best of
them counts. One JSON line a figure, in seconds of the process' own time, as bench_step has it.
"""
import json
import os
import sys
import time

for name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"):
    os.environ[name] = "1"

import torch  # after the number of threads is in the environment
import torch.nn.functional as F
from torch import nn
from torch_models import resnet8, transformer

SECONDS = float(sys.argv[1]) if len(sys.argv) > 1 else 2.0


def rate(model, x, label):
    parameters = list(model.parameters())

    def step():
        F.cross_entropy(model(x), label).backward()
        with torch.no_grad():
            for p in parameters:
                p.add_(p.grad, alpha=-1e-6)
                p.grad = None

    for _ in range(3):
        step()
    best = 0.0
    for _ in range(5):
        begin, steps = time.process_time(), 0
        while time.process_time() - begin < SECONDS / 5:
            step()
            steps += 1
        best = max(best, steps * len(label) / (time.process_time() - begin))
    return best


def measure(name, make, x, label):
    forms = {"eager": (make(), x)}
    if x.dim() == 4:
        last = x.to(memory_format=torch.channels_last)
        forms["channels last"] = (make().to(memory_format=torch.channels_last), last)
    for form, (model, data) in list(forms.items()):
        forms[form + ", traced"] = (torch.jit.trace(model, data, check_trace=False), data)
    rates = {form: rate(model, data, label) for form, (model, data) in forms.items()}
    form = max(rates, key=rates.get)
    print(json.dumps({"bench": "torch step", "model": name, "batch": len(label), "form": form,
                      "examples_per_second": round(rates[form])}), flush=True)


def main():
    torch.set_num_threads(1)
    torch.manual_seed(1)
    for batch in (10, 50):
        x, label = torch.rand(batch, 3, 32, 32), torch.arange(batch) % 10
        measure("resnet8 group", lambda: resnet8(3, 10, 16, lambda n: nn.GroupNorm(2, n)), x, label)
        measure("resnet8 batch", lambda: resnet8(3, 10, 16, nn.BatchNorm2d), x, label)
    x, label = torch.randint(0, 80, (16, 64)), torch.arange(16) % 80
    measure("transformer", lambda: transformer(64, 80, 4, 4, 128), x, label)


main()
