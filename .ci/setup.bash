# SPDX-License-Identifier: GPL-3.0-or-later
# What ./start and ./check share: packages and building.  Sourced by bash, with `here` set to the
# folder of the sources.  Everything is said on standard error; standard input is left alone.

say() {
	printf 'fedsh: %s\n' "$*" >&2
}

# Debian's names.
packages_to_build() {
	echo gcc libc6-dev cmake ninja-build pkg-config libopenblas-dev libreadline-dev \
		libncurses-dev zlib1g-dev libutf8proc-dev libzip-dev libjansson-dev \
		libpng-dev libjpeg-dev libyajl-dev libcairo2-dev libsqlite3-dev \
		libzstd-dev libxxhash-dev libzmq3-dev libsodium-dev
}
packages_wanted() {
	echo dataset-fashion-mnist libdeflate-dev
	[[ $(uname -m) != x86_64 ]] || echo libxsmm-dev
}
# For --mpi and --mpi-workers; fedsh works without.
packages_for_ranks() {
	echo libopenmpi-dev openmpi-bin
}
packages_to_check() {
	echo check clang clang-format dpkg-dev libvterm-dev librsvg2-bin poppler-utils \
		$(packages_for_ranks) libmpich-dev mpich \
		python3-numpy python3-zmq
}

# Those of the packages that are not there.  A program on the path counts as its package: people
# bring their own compilers.
missing_packages() {
	local name program
	for name in "$@"; do
		case $name in
		gcc) program=cc ;;
		ninja-build) program=ninja ;;
		cmake | pkg-config | clang | clang-format) program=$name ;;
		*) program= ;;
		esac
		[[ -z $program ]] || ! command -v "$program" >/dev/null || continue
		dpkg-query -W -f '${db:Status-Status}\n' "$name" 2>/dev/null | grep -qx installed ||
			echo "$name"
	done
}

as_root() {
	if ((EUID == 0)); then
		env DEBIAN_FRONTEND=noninteractive "$@"
	else
		sudo env DEBIAN_FRONTEND=noninteractive "$@"
	fi
}

apt_install() {
	as_root apt-get install -y -q --no-install-recommends "$@"
}

# install_packages NAME...: what is missing of them; false when something stays missing.
install_packages() {
	local missing
	if ! command -v dpkg-query >/dev/null || ! command -v apt-get >/dev/null; then
		say "this is not Debian; needed are (by Debian's names): $*"
		return 1
	fi
	mapfile -t missing < <(missing_packages "$@")
	((${#missing[@]})) || return 0
	if ((EUID != 0)) && ! command -v sudo >/dev/null; then
		say "missing packages; as root: apt-get install ${missing[*]}"
		return 1
	fi
	say "installing ${missing[*]} with apt-get"
	# The lists may be absent or old: they are fetched when the first try fails.
	if ! apt_install "${missing[@]}" </dev/null &>"$log"; then
		as_root apt-get update -q </dev/null &>>"$log" || :
		apt_install "${missing[@]}" </dev/null &>>"$log" || {
			say "apt-get could not install ${missing[*]}; its last words, all of them in $log:"
			tail -n 5 "$log" >&2
			return 1
		}
	fi
}

# One at a time: no release has to have all of them.
install_wanted() {
	local name
	for name in $(packages_wanted); do
		install_packages "$name" || say "going on: fedsh works without $name"
	done
}

# Whether a build folder belongs to these sources (a copied one names the old place).
configured() {
	[[ -f $here/$1/build.ninja || -f $here/$1/Makefile ]] &&
		grep -qxF "CMAKE_HOME_DIRECTORY:INTERNAL=$here" "$here/$1/CMakeCache.txt"
}

# configure PRESET FOLDER [CMAKE-ARGUMENT...]
configure() {
	local preset=$1 folder=$2
	shift 2
	configured "$folder" || rm -rf "${here:?}/$folder/CMakeCache.txt" "$here/$folder/CMakeFiles"
	command -v ninja >/dev/null || set -- -G "Unix Makefiles" "$@"
	(cd -- "$here" && cmake --preset "$preset" "$@") </dev/null >"$log" 2>&1 || {
		say "cmake could not configure $folder:"
		tail -n 20 "$log" >&2
		return 1
	}
}

# build FOLDER TARGET: quiet, but for a word when it takes more than two seconds, unless it fails.
build() {
	local make=(cmake --build "$here/$1" -j "$(nproc)" --target "$2") rc=0
	timeout 2 "${make[@]}" </dev/null >"$log" 2>&1 || rc=$?
	if ((rc == 124)); then
		say "compiling into $1/"
		rc=0
		"${make[@]}" </dev/null >>"$log" 2>&1 || rc=$?
	fi
	((rc)) || return 0
	say "building $1 failed:"
	grep -E -A 3 'error|undefined reference|No rule|FAILED' "$log" | head -n 40 >&2
	say "all of it is in $log"
	return 1
}
