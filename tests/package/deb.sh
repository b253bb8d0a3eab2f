#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
# deb.sh BUILD-FOLDER: cpack makes a Debian package; unpacked elsewhere it runs, and has what people
# and plugins need.  Exits with 77 where packages cannot be made.
set -eu
command -v dpkg-deb >/dev/null && command -v dpkg-shlibdeps >/dev/null || {
	echo "skipped: dpkg-dev is not installed"
	exit 77
}
root=$(mktemp -d)
trap 'rm -rf "$root"' EXIT
fail() {
	echo "$*" >&2
	exit 1
}

cpack --config "$1/CPackConfig.cmake" -G DEB -B "$root/made" >"$root/log" 2>&1 || {
	cat "$root/log"
	exit 1
}
dpkg-deb -x "$root"/made/*.deb "$root/tree"
dpkg-deb -f "$root"/made/*.deb >"$root/control"

for library in libc6 libncursesw6 libopenblas libreadline8 libutf8proc libyajl libzip zlib1g; do
	grep -q "^Depends:.*\b$library" "$root/control" || fail "does not depend on $library"
done
for file in bin/fedsh include/fedsh/plugin.h lib/fedsh/plugins/fedavg.so lib/pkgconfig/fedsh.pc \
	lib/cmake/fedsh/fedshConfig.cmake share/fedsh/sessions/01-average.fedsh share/man/man1/fedsh.1; do
	[ -f "$root/tree/usr/$file" ] || fail "has no $file"
done

# As somebody would use it, and by nothing of the build.
cd "$root"
env -i PATH="$PATH" HOME="$root" TERM=dumb tree/usr/bin/fedsh -c \
	'dataset blobs; model softmax; add-client 3; round 1' >said 2>&1 || fail "does not run: $(cat said)"
grep -q '^round 1 .*accuracy' said || fail "makes no round: $(cat said)"
env -i PATH="$PATH" HOME="$root" TERM=dumb tree/usr/bin/fedsh -c 'info fedavg' |
	grep -q "$root/tree/usr/lib/fedsh/plugins/fedavg.so" || fail "takes plugins from elsewhere"
flags=$(PKG_CONFIG_PATH=tree/usr/lib/pkgconfig pkg-config --cflags fedsh)
printf '#include <fedsh/aggregator.h>\n' | cc $flags -fsyntax-only -xc - || fail "headers do not compile"
