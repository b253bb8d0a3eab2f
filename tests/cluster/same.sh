#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-3.0-or-later
# The same sessions in one process and on ranks, bit for bit: same.sh FEDSH LIBRARY RANKS...
# LIBRARY is openmpi or mpich; exit 77 where it has no launcher.
set -euo pipefail
here=$(dirname -- "$(readlink -f -- "${BASH_SOURCE[0]}")")
# shellcheck source=job.bash
. "$here/job.bash"
shift 2

# run FOLDER COMMAND...: the scenarios in a folder of their own.
run() {
	local folder=$work/$1
	shift
	mkdir -p "$folder"
	(cd "$folder" && "$@" --json events.jsonl "$here/scenarios.fedsh" >output 2>errors </dev/null) || {
		echo "$* failed:"
		tail -n 5 "$folder/output" "$folder/errors"
		exit 1
	}
	sed -i 's/"wall":[^,]*,//' "$folder/events.jsonl"
}

run one "$fedsh"
export FEDSH_MPI_CHUNK=20000 # most models go in pieces
for ranks in "$@"; do
	run "$ranks" "${mpirun[@]}" -n "$ranks" "$fedsh" --mpi
	for file in events.jsonl $(cd "$work/one" && echo *.npz); do
		cmp "$work/one/$file" "$work/$ranks/$file" || failed=1
	done
	((failed == 0)) || diff "$work/one/events.jsonl" "$work/$ranks/events.jsonl" | cut -c1-300 | head -n 6
done
exit "$failed"
