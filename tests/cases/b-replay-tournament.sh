#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-3.0-or-later
# `tournament` must leave the session as it was: it moves the draw of clients (50%, random:N) on, which no record holds, so a replay differs.
: "${FEDSH:?}"; exec 2>/dev/null; d=$(mktemp -d); trap 'rm -rf "$d"' EXIT; cd "$d" || exit 1; export HOME=$d
S='dataset blobs; add-client 9 noniid samples=20; round 1'; T='remove-client 50%; round 2'
"$FEDSH" -c "record r.fedsh; $S; tournament rounds=1 attacks=sign-flip aggregators=fedavg; $T; record stop; export one.npz" >/dev/null </dev/null || { echo "the first run failed"; exit 1; }
"$FEDSH" -c 'replay r.fedsh; export two.npz' >/dev/null </dev/null || { echo "the replay failed"; exit 1; }
"$FEDSH" -c "$S; $T; export three.npz" >/dev/null </dev/null || { echo "the run without a tournament failed"; exit 1; }
cmp -s one.npz three.npz || { cmp -s two.npz three.npz && echo "after a tournament other clients are drawn: the model differs from that without it and from the replay's"; exit 1; }
cmp -s one.npz two.npz || { echo "the replay differs"; exit 1; }
