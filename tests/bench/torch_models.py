#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""Figures of tests/plugins/test_torch.c: losses of small models in PyTorch.

Usage: torch_models.py
Parameters, examples and labels follow from formulas that the test has, too. For each model it prints
the loss before each of four steps of SGD on the same batch, and the loss in evaluation after them.
"""
import math

import torch
from torch import nn
from torch.nn import functional as F


class Block(nn.Module):
    def __init__(self, channels, filters, stride, norm):
        super().__init__()
        self.conv1 = nn.Conv2d(channels, filters, 3, stride, 1)
        self.norm1 = norm(filters)
        self.conv2 = nn.Conv2d(filters, filters, 3, 1, 1)
        self.norm2 = norm(filters)
        self.short = nn.Conv2d(channels, filters, 1, stride) if stride > 1 else nn.Identity()

    def forward(self, x):
        y = self.norm2(self.conv2(F.relu(self.norm1(self.conv1(x)))))
        return F.relu(y + self.short(x))


def resnet8(channels, classes, width, norm):
    return nn.Sequential(
        nn.Conv2d(channels, width, 3, 1, 1), norm(width), nn.ReLU(), Block(width, width, 1, norm),
        Block(width, 2 * width, 2, norm), Block(2 * width, 4 * width, 2, norm),
        nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(4 * width, classes))


class Attention(nn.Module):
    """Causal self-attention."""

    def __init__(self, width, heads):
        super().__init__()
        self.inner = nn.MultiheadAttention(width, heads, batch_first=True)

    def forward(self, x):
        mask = torch.triu(torch.full((x.shape[1], x.shape[1]), float("-inf")), 1)
        return self.inner(x, x, x, attn_mask=mask, need_weights=False)[0]


class Residual(nn.Module):
    def __init__(self, *layers):
        super().__init__()
        self.layers = nn.Sequential(*layers)

    def forward(self, x):
        return x + self.layers(x)


class Positions(nn.Module):
    def __init__(self, tokens, width):
        super().__init__()
        self.weight = nn.Parameter(torch.zeros(tokens, width))

    def forward(self, x):
        return x + self.weight


class Last(nn.Module):
    def forward(self, x):
        return x[:, -1]


def transformer(tokens, vocabulary, layers, heads, width, every=False):
    blocks = []
    for _ in range(layers):
        blocks += [
            Residual(nn.LayerNorm(width), Attention(width, heads)),
            Residual(nn.LayerNorm(width), nn.Linear(width, 4 * width),
                     nn.GELU(approximate="tanh"), nn.Linear(4 * width, width))]
    return nn.Sequential(
        nn.Embedding(vocabulary, width), Positions(tokens, width), *blocks, *([] if every else [Last()]),
        nn.LayerNorm(width), nn.Linear(width, vocabulary))


def wave(shape, k, scale):
    n = math.prod(shape)
    i = torch.arange(n, dtype=torch.float64)
    return (scale * torch.cos(1.3 * k + 0.71 * i + 0.013 * (i % 97) ** 2)).float().reshape(shape)


def fill(model):
    for k, p in enumerate(model.parameters()):
        fan = math.prod(p.shape[1:]) if p.dim() > 1 else 16
        with torch.no_grad():
            p.copy_(wave(p.shape, k, 1 / math.sqrt(fan)))


def loss_of(model, x, label, training):
    """Each token's next one in training, if the model answers at each; else the last answer alone."""
    y = model(x)
    if y.dim() == 2:
        return F.cross_entropy(y, label)
    if not training:
        return F.cross_entropy(y[:, -1], label)
    return F.cross_entropy(y.flatten(0, 1), torch.cat([x[:, 1:], label[:, None]], 1).flatten())


def run(name, model, x, label, lr):
    fill(model)
    optimizer = torch.optim.SGD(model.parameters(), lr=lr)
    losses = []
    for _ in range(4):
        optimizer.zero_grad()
        loss = loss_of(model, x, label, True)
        loss.backward()
        optimizer.step()
        losses.append(loss.item())
    model.eval()
    losses.append(loss_of(model, x, label, False).item())
    print(name, ", ".join("%.7f" % v for v in losses))


def main():
    torch.set_num_threads(1)
    # pictures are (B, H, W, C) in the test
    x = wave((5, 9, 10, 3), 50, 1).permute(0, 3, 1, 2).contiguous()
    label = torch.arange(5) % 4
    run("resnet8 group", resnet8(3, 4, 8, lambda n: nn.GroupNorm(4, n)), x, label, 0.1)
    i = torch.arange(6 * 9)
    tokens, following = ((i * i + 3 * i) % 11).reshape(6, 9), torch.arange(6) % 11
    run("transformer", transformer(9, 11, 2, 3, 12), tokens, following, 0.1)
    run("transformer every", transformer(9, 11, 2, 3, 12, True), tokens, following, 0.1)
    run("resnet8 batch", resnet8(3, 4, 8, nn.BatchNorm2d), x, label, 0.1)


if __name__ == "__main__":
    main()
