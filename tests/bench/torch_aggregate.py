#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""Milliseconds of robust aggregation in NumPy and PyTorch: the yardstick of compare-aggregate.

The updates lie in memory as one (N, D) matrix of float32.  Each rule is written the way that is
fastest there: distances from one Gram matrix, partial sorts where there are any.  One JSON line a
rule and library.

    torch_aggregate.py [N D THREADS F REPEATS [RULE...]]     100 1663370 2 20 3, all rules
"""
import json
import os
import statistics
import sys
import time

ARGS = sys.argv[1:]
N, D, THREADS, F, REPEATS = (int(v) for v in (ARGS + ["100", "1663370", "2", "20", "3"][len(ARGS):])[:5])
ASKED = ARGS[5:]
for name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS"):
    os.environ[name] = str(THREADS)

import numpy as np  # after the number of threads is in the environment
import torch

STEPS = 10  # of Weiszfeld's method

torch.set_num_threads(THREADS)
X = np.random.default_rng(1).standard_normal((N, D), dtype=np.float32)
X[: N // 5] += 0.3
T = torch.from_numpy(X)


def numpy_scores():
    gram = (X @ X.T).astype(np.float64)
    length = np.diag(gram)
    square = length[:, None] + length[None] - 2 * gram
    return np.sort(square, axis=1)[:, 1 : N - F - 1].sum(1)


def numpy_geometric():
    z = X.mean(0)
    for _ in range(STEPS):
        w = 1 / np.maximum(np.linalg.norm(X - z, axis=1), 1e-6)
        z = (w / w.sum()).astype(np.float32) @ X
    return z


def torch_scores():
    gram = (T @ T.T).double()
    length = gram.diagonal()
    square = length[:, None] + length[None] - 2 * gram
    return square.sort(1)[0][:, 1 : N - F - 1].sum(1)


def torch_median():
    low = T.kthvalue((N + 1) // 2, 0)[0]
    return low if N % 2 else (low + T.kthvalue(N // 2 + 1, 0)[0]) / 2


def torch_both_medians():
    """torch.median takes the lower of the two middle values; the upper one is minus that of -T."""
    low = T.median(0)[0]
    return low if N % 2 else (low - (-T).median(0)[0]) / 2


def torch_sorted_median():
    order = T.sort(0)[0]
    return (order[(N - 1) // 2] + order[N // 2]) / 2


def torch_geometric():
    z = T.mean(0)
    for _ in range(STEPS):
        w = 1 / (T - z).norm(dim=1).clamp_min(1e-6)
        z = (w / w.sum()) @ T
    return z


RULES = {
    "mean": {"numpy": lambda: X.mean(0), "torch": lambda: T.mean(0)},
    "median": {
        "numpy": lambda: np.median(X, axis=0),
        "torch": torch_sorted_median,
        "torch kthvalue": torch_median,
        "torch median": torch_both_medians,
    },
    "trimmed-mean": {
        "numpy": lambda: np.partition(X, (F, N - F - 1), axis=0)[F : N - F].mean(0),
        "torch": lambda: T.sort(0)[0][F : N - F].mean(0),
    },
    "krum": {
        "numpy": lambda: X[numpy_scores().argmin()].copy(),
        "torch": lambda: T[torch_scores().argmin()].clone(),
    },
    "multi-krum": {
        "numpy": lambda: X[np.argsort(numpy_scores())[: N - F]].mean(0),
        "torch": lambda: T[torch_scores().argsort()[: N - F]].mean(0),
    },
    "geometric-median": {"numpy": numpy_geometric, "torch": torch_geometric},
}

for rule, ways in RULES.items():
    if ASKED and rule not in ASKED:
        continue
    for library, run in ways.items():
        seconds = []
        run()
        for _ in range(REPEATS):
            began = time.perf_counter()
            run()
            seconds.append(time.perf_counter() - began)
        print(json.dumps({
            "bench": "torch_aggregate", "rule": rule, "library": library, "n": N, "d": D, "f": F,
            "threads": THREADS, "ms": round(statistics.median(seconds) * 1e3, 2),
            "ms_min": round(min(seconds) * 1e3, 2), "torch": torch.__version__,
            "coretype": os.environ.get("OPENBLAS_CORETYPE", "auto"),
        }), flush=True)
