#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-3.0-or-later
# How a job may be started wrongly, and what is said: started.sh FEDSH LIBRARY.  Processes of srun that do not
# know of each other are refused; ranks that are bound to a processor are told, with what to type.
set -euo pipefail
here=$(dirname -- "$(readlink -f -- "${BASH_SOURCE[0]}")")
# shellcheck source=job.bash
. "$here/job.bash"
cd "$work"
echo 'dataset glyphs; model mlp; add-client 4 samples=20; inject byzantine 3 attack=alie; aggregator krum f=1; ranks' >look.fedsh

# says STATUS TEXT COMMAND...: `not: TEXT` must not be said.
says() {
	local expected=$1 text=$2 rc=0
	shift 2
	timeout 60 "$@" >output 2>errors </dev/null || rc=$?
	((rc == expected)) || {
		echo "$*: status $rc in place of $expected"
		tail -n 3 output errors
		failed=1
	}
	if [[ $text == "not: "* ]]; then
		! grep -qF -e "${text#not: }" errors || failed=1
	else
		grep -qF -e "$text" errors || failed=1
	fi
	((failed == 0)) || {
		echo "$*: expected: $text"
		cat errors
		exit 1
	}
}

# srun's variables, without a launcher, and with one whose job this process is not in
slurm=(env SLURM_JOB_ID=1 SLURM_NTASKS=4 SLURM_PROCID=0)
alone='Slurm has 4 tasks here, and this process knows of none but itself'
says 2 "$alone" "${slurm[@]}" "$fedsh" --mpi look.fedsh
says 2 'srun --mpi=pmix' "${slurm[@]}" SLURM_STEP_NUM_TASKS=4 "$fedsh" --mpi look.fedsh
case $library in
openmpi) says 2 "$alone" "${slurm[@]}" PMIX_RANK=0 "$fedsh" --mpi look.fedsh ;;
mpich) says 2 "$alone" "${slurm[@]}" PMI_RANK=0 "$fedsh" --mpi look.fedsh ;;
esac
says 2 'no MPI launcher' env SLURM_JOB_ID=1 SLURM_NTASKS=1 SLURM_PROCID=0 "$fedsh" --mpi look.fedsh
# in a batch script one rank may be meant
says 0 "not: $alone" "${slurm[@]}" "${mpirun[@]}" -n 1 "$fedsh" --mpi look.fedsh

# what cannot be divided is told
grep -q 'rank 0 alone computes the comparison of all updates of krum, attack alie' output || {
	cat output
	exit 1
}

(($(nproc) > 1)) || exit 0
says 0 '`mpirun --map-by node --bind-to none` does not, and Slurm gives a task more with --cpus-per-task' \
	taskset -c 0 env SLURM_JOB_ID=1 "${mpirun[@]}" -n 1 "$fedsh" --mpi look.fedsh
[[ $library != openmpi ]] || mpirun+=(--bind-to none)
says 0 'not: may use one processor' "${mpirun[@]}" -n 1 "$fedsh" --mpi look.fedsh
