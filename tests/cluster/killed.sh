#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-3.0-or-later
# Ranks that are killed: killed.sh FEDSH LIBRARY RANK.  The job ends within seconds and says so, and goes on with
# another number of ranks to the same bits; a shell goes on without its workers, also at its prompt.
set -euo pipefail
here=$(dirname -- "$(readlink -f -- "${BASH_SOURCE[0]}")")
# shellcheck source=job.bash
. "$here/job.bash"
cd "$work"

fail() {
	echo "$1"
	tail -n 5 output errors
	exit 1
}

# until_true COMMAND...: within thirty seconds: a job takes several to start on a busy machine.
until_true() {
	local end=$((SECONDS + 30))
	while ! "$@"; do
		((SECONDS < end)) || return 1
		sleep 0.02
	done
}

# rank_pid N: the process that is rank N of the job that this test started.
rank_pid() {
	local environment
	for environment in $(grep -lzxF "HOME=$work" /proc/[0-9]*/environ 2>/dev/null); do
		if grep -qzxE "(PMIX_RANK|PMI_RANK)=$1" "$environment" 2>/dev/null; then
			environment=${environment#/proc/}
			echo "${environment%/environ}"
			return
		fi
	done
	return 1
}

# kill_rank N: as soon as a version is saved, which leaves most of the work to do.
kill_rank() {
	until_true test -f long.fedsh.resume || fail "no version was saved"
	local pid
	pid=$(rank_pid "$1") || fail "rank $1 is not there"
	kill -9 "$pid"
}

"$fedsh" "$here/long.fedsh" >output 2>errors || fail "one process failed"
mv model.npz right.npz

rank=$3
"${mpirun[@]}" -n 3 "$fedsh" --mpi --autosave 3 "$here/long.fedsh" >output 2>errors </dev/null &
job=$!
kill_rank "$rank"
began=$SECONDS
! wait "$job" || fail "the job ended well without rank $rank"
((SECONDS - began <= 5)) || fail "the job took $((SECONDS - began)) s to end"
grep -qiE 'signal|killed|terminat' output errors || fail "the job ended without a word"
"${mpirun[@]}" -n $((2 + 2 * rank)) "$fedsh" --mpi --autosave 3 --resume "$here/long.fedsh" \
	>output 2>errors </dev/null || fail "the job did not go on"
grep -q 'goes on at line' output || fail "the job began anew"
cmp right.npz model.npz || fail "another model"
[[ ! -e long.fedsh.resume ]] || fail "saves are left"
rm model.npz

# workers: the session goes on by itself; saves show when it is at work
FEDSH_MPIRUN=${mpirun[*]} "$fedsh" --mpi-workers 2 --autosave 3 "$here/long.fedsh" >output 2>errors </dev/null &
job=$!
kill_rank 2
wait "$job" || fail "the session ended with its workers"
grep -q 'the ranks have ended' output errors || fail "the session did not say so"
cmp right.npz model.npz

# idle: at the prompt; what then runs, runs here
mkfifo typed
FEDSH_MPIRUN=${mpirun[*]} "$fedsh" --mpi-workers 2 <typed >output 2>errors &
job=$!
exec 3>typed
until_true rank_pid 2 >there || fail "no rank has started"
until_true grep -q '3 ranks' errors || fail "the workers did not join"
kill -9 "$(rank_pid 2)"
began=$SECONDS
ended() {
	echo ranks >&3
	sleep 0.1
	grep -q 'the ranks have ended.*restore FILE' output
}
until_true ended || fail "\`ranks\` does not say that they have ended"
((SECONDS - began <= 5)) || fail "\`ranks\` took $((SECONDS - began)) s to say so"
echo 'dataset blobs; add-client 3; round 1; expect version==1' >&3
exec 3>&-
wait "$job" || fail "the session ended with its idle workers"
