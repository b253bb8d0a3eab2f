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

# in_dealing: the ranks have joined, and have the dataset and the first trainings to come.
in_dealing() {
	until_true grep -q '^3 ranks' errors || fail "the ranks did not join"
}

# in_training, in_evaluation: what takes most of the time of their scripts, some versions later.
in_training() {
	until_true test -f training.fedsh.resume || fail "no version was saved"
}

in_evaluation() {
	until_true test -f evaluation.fedsh.resume || fail "no version was saved"
}

# in_saving: a file is being written; without a pause, for it is for milliseconds only.
in_saving() {
	in_training
	local end=$((SECONDS + 30))
	until compgen -G '*.fedsh.tmp*' >/dev/null; do
		((SECONDS < end)) || fail "nothing was being saved"
	done
}

# kill_job PHASE RANK: a job loses a rank then, and another number of ranks goes on to the same bits.
kill_job() {
	local script=training.fedsh saved=0 job began pid options=(--mpi --autosave $(($1_every)))
	[[ $1 != evaluation ]] || script=evaluation.fedsh
	[[ -f right-$script.npz ]] || go_alone "$script"
	"${mpirun[@]}" -n 3 "$fedsh" "${options[@]}" "$script" >output 2>errors </dev/null &
	job=$!
	# the process first, while the ranks join: to look for it takes as long as some phases
	until_true rank_pid "$2" >pid || fail "$1: rank $2 is not there"
	pid=$(<pid)
	"in_$1"
	kill -9 "$pid"
	began=$SECONDS
	! wait "$job" || fail "$1: the job ended well without rank $2"
	((SECONDS - began <= 5)) || fail "$1: the job took $((SECONDS - began)) s to end"
	grep -qiE 'signal|killed|terminat' output errors || fail "$1: the job ended without a word"
	[[ ! -f $script.resume ]] || saved=1
	((saved)) || [[ $1 == dealing ]] || fail "$1: no save is left"
	"${mpirun[@]}" -n $((2 + 2 * $2)) "$fedsh" "${options[@]}" --resume "$script" \
		>output 2>errors </dev/null || fail "$1: the job did not go on"
	((!saved)) || grep -q 'goes on at line' output || fail "$1: the job began anew"
	cmp "right-$script.npz" model.npz || fail "$1: another model"
	[[ ! -e $script.resume ]] || fail "$1: saves are left"
	rm model.npz
}

# go_alone SCRIPT: its model by one process.  Two scripts: one that trains for most of its time, and one that evaluates
cp "$here/long.fedsh" training.fedsh
sed 's/test=100/test=20000/; s/add-client 20/add-client 6/; s/^round 24/round 12/; s/round >= 50/round >= 36/' \
	training.fedsh >evaluation.fedsh
go_alone() {
	"$fedsh" "$1" >output 2>errors || fail "$1: one process failed"
	mv model.npz "right-$1.npz"
}
go_alone training.fedsh

rank=$3
# shellcheck disable=SC2034 # named by their phases
dealing_every=3 training_every=3 evaluation_every=1 saving_every=3
# a phase for each of the two tests; FED_KILLS=N goes through all of them N times
if [[ ${FED_KILLS:-} ]]; then
	for ((i = 0; i < FED_KILLS; i++)); do
		for phase in dealing training evaluation saving; do
			kill_job "$phase" $(((rank + i) % 2))
		done
	done
elif ((rank)); then
	kill_job evaluation "$rank"
else
	kill_job saving "$rank"
fi

# workers: the session goes on by itself; saves show when it is at work
FEDSH_MPIRUN=${mpirun[*]} "$fedsh" --mpi-workers 2 --autosave 3 "$here/long.fedsh" >output 2>errors </dev/null &
job=$!
kill_rank 2
wait "$job" || fail "the session ended with its workers"
grep -q 'the ranks have ended' output errors || fail "the session did not say so"
cmp right-training.fedsh.npz model.npz

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
