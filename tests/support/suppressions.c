/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * support/suppressions.c - what libraries do that the sanitizers take for a defect: in test
 * executables, and in the programs that suites start.
 */
#define SEEN __attribute__((visibility("default"))) /* by the sanitizer's runtime */

SEEN const char *__lsan_default_suppressions(void);
SEEN const char *__tsan_default_suppressions(void);

/* What fontconfig, with which cairo finds fonts, keeps until the program ends. */
const char *__lsan_default_suppressions(void)
{
	return "leak:libfontconfig\n";
}

/* libzmq passes messages from thread to thread by atomic operations that are not watched, since it
 * was not built for that: what it writes, and all that follows, looks like a race. */
const char *__tsan_default_suppressions(void)
{
	return "race:libzmq.so\nrace:libstdc++.so\nrace:libsodium.so\n";
}
