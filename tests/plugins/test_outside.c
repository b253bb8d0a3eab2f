/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Plugins outside the tree: what a student types against the build tree and against an installed
 * tree that was moved, by pkg-config and by CMake.
 */
#include <math.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "drive.h"
#include "support/suite.h"

#define SOURCE FED_SOURCE_DIR "/tests/outside/stale_avg.c"

static struct fed_temp temp;

static void set_up(void)
{
	fed_temp_make(&temp);
}

static void tear_down(void)
{
	fed_temp_remove(&temp);
}

/* Run a shell command in the temporary folder, where `tree` is the build's; it must succeed.  Its
 * own name may hold blanks, which the shell would part in $(pkg-config ...). */
__attribute__((format(printf, 1, 2))) static void run(const char *fmt, ...)
{
	char command[2048], line[2560];
	va_list ap;

	va_start(ap, fmt);
	const int n = vsnprintf(command, sizeof command, fmt, ap);
	va_end(ap);
	ck_assert_int_lt(n, (int)sizeof command);
	snprintf(line, sizeof line,
	         "set -e; cd '%s'; [ -e tree ] || ln -s '" FED_BUILD_DIR "' tree; %s", temp.dir,
	         command);
	ck_assert_msg(system(line) == 0, "failed: %s", command);
}

/* A round of the compiled plugin: with fade=1 a client of staleness 1 counts half. */
static void try_plugin(const char *file)
{
	struct drive d;
	struct updates s;
	struct fed_error err;
	float out[DIM];
	double want[DIM];

	drive_file(&d, fed_temp_file(&temp, file), "fade=1");
	updates_random(&s, 2, 5);
	s.u[0].weight = s.u[1].weight = 6;
	s.u[1].staleness = 1;
	fed_assert_ok(drive_round(&d, &s, out, NULL, &err), &err);
	for (size_t j = 0; j < DIM; j++)
		want[j] = (s.delta[0][j] + s.delta[1][j] / 2.0) / 1.5;
	assert_close(out, want, 1e-6, file);
	drive_close(&d);
}

/* Every plugin of ours is a file of C11 that needs the public headers alone. */
START_TEST(ours_compile_alone)
{
	run("export PKG_CONFIG_PATH=$PWD/tree\n"
	    "for cc in gcc clang; do\n"
	    "    command -v $cc >/dev/null || continue\n"
	    "    for file in '%s'/plugins/*/*.c; do\n"
	    "        $cc -std=c11 -Wall -Wextra -Wpedantic -Werror -fsyntax-only -fPIC \\\n"
	    "            $(pkg-config --cflags fedsh) \"$file\"\n"
	    "    done\n"
	    "done",
	    FED_SOURCE_DIR);
}
END_TEST

/* fedavg.c is what a student copies first: the copy needs no header beside it. */
START_TEST(a_copy_of_fedavg_compiles)
{
	struct drive d;
	struct updates s;
	struct fed_error err;
	float out[DIM];
	double want[DIM];

	run("mkdir copy include\n"
	    "ln -s '%s'/core/fedsh include/fedsh\n"
	    "cp '%s'/plugins/aggregators/fedavg.c copy/mine.c\n"
	    "cd copy\n"
	    "cc -std=c11 -Wall -Wextra -Werror -shared -fPIC -I ../include -o ../mine.so mine.c -lm",
	    FED_SOURCE_DIR, FED_SOURCE_DIR);
	drive_file(&d, fed_temp_file(&temp, "mine.so"), "");
	updates_random(&s, 2, 6);
	s.u[0].weight = 1;
	s.u[1].weight = 3;
	fed_assert_ok(drive_round(&d, &s, out, NULL, &err), &err);
	for (size_t j = 0; j < DIM; j++)
		want[j] = (s.delta[0][j] + 3.0 * s.delta[1][j]) / 4;
	assert_close(out, want, 1e-6, "the copy of fedavg");
	drive_close(&d);
}
END_TEST

/* The examples of plugins/README.md, each a whole plugin. */
START_TEST(examples_of_the_readme_load)
{
	static const char *const name[] = {"vote",  "median-norm", "shrink",      "narrow",
	                                   "leaky", "postman",     "least-often", "no-zeroes"};
	struct drive d;

	run("awk '/^```c$/ { on = 1; n++; next } /^```$/ { on = 0 } on { print > (\"ex\" n \".c\") }' "
	    "\\\n"
	    "    '%s'/plugins/README.md\n"
	    "for i in 1 2 3 4 5 6 7 8; do\n"
	    "    cc -std=c11 -Wall -Wextra -Werror -shared -fPIC -I tree/include -o ex$i.so ex$i.c "
	    "-lm\n"
	    "done\n"
	    "test ! -e ex9.c",
	    FED_SOURCE_DIR);
	for (int i = 0; i < 8; i++) {
		char file[16];

		snprintf(file, sizeof file, "ex%d.so", i + 1);
		drive_file(&d, fed_temp_file(&temp, file), "");
		ck_assert_str_eq(d.instance.entry->head->name, name[i]);
		drive_close(&d);
	}
}
END_TEST

START_TEST(against_the_build_tree)
{
	run("export PKG_CONFIG_PATH=$PWD/tree\n"
	    "for cc in cc gcc clang; do\n"
	    "    command -v $cc >/dev/null || continue\n"
	    "    $cc -shared -fPIC $(pkg-config --cflags fedsh) -o $cc.so '%s'\n"
	    "done\n"
	    "test -e \"$(pkg-config --variable=plugindir fedsh)/fedavg.so\"",
	    SOURCE);
	static const char *const files[] = {"cc.so", "gcc.so", "clang.so"};
	for (size_t i = 0; i < 3; i++)
		if (access(fed_temp_file(&temp, files[i]), F_OK) == 0)
			try_plugin(files[i]);
}
END_TEST

static const char project[] = "cmake_minimum_required(VERSION 3.22)\n"
							  "project(mine C)\n"
							  "find_package(fedsh REQUIRED)\n"
							  "add_library(mine MODULE stale_avg.c)\n"
							  "target_link_libraries(mine PRIVATE fedsh::plugin m)\n"
							  "message(STATUS \"plugins in ${fedsh_PLUGIN_DIR}\")\n";

START_TEST(against_an_installed_tree_that_moved)
{
	run("cmake --install '%s' --prefix \"$PWD/first\" >install.log || { cat install.log; false; }\n"
	    "mv first second",
	    FED_BUILD_DIR);
	run("test -e second/include/fedsh/plugin.h\n"
	    "test -e second/share/man/man7/fedsh-plugin.7\n"
	    "test -e second/share/fedsh/sessions/01-average.fedsh\n"
	    "test $(find second -path '*/fedsh/plugins/*.so' | wc -l) -ge 15\n"
	    "if grep -rIl -e \"$PWD/first\" -e '%s' second; then exit 1; fi",
	    FED_BUILD_DIR);
	run("pc=$(dirname $(find second -name fedsh.pc))\n"
	    "export PKG_CONFIG_PATH=\"$PWD/$pc\"\n"
	    "test -e \"$(pkg-config --variable=plugindir fedsh)/fedavg.so\"\n"
	    "cc -shared -fPIC $(pkg-config --cflags fedsh) -o packaged.so '%s'",
	    SOURCE);
	try_plugin("packaged.so");

	fed_temp_write(&temp, "CMakeLists.txt", project, sizeof project - 1);
	run("cp '%s' .\n"
	    "command -v ninja >/dev/null && generator=-GNinja || generator=\n"
	    "cmake $generator -S . -B out -DCMAKE_PREFIX_PATH=\"$PWD/second\" >out.log\n"
	    "grep -q \"plugins in $PWD/second/\" out.log\n"
	    "cmake --build out >>out.log",
	    SOURCE);
	try_plugin("out/libmine.so");
}
END_TEST

FED_SUITE(outside)
{
	Suite *suite = suite_create("outside");
	TCase *tests = tcase_create("outside");

	tcase_add_checked_fixture(tests, set_up, tear_down);
	tcase_add_test(tests, ours_compile_alone);
	tcase_add_test(tests, a_copy_of_fedavg_compiles);
	tcase_add_test(tests, examples_of_the_readme_load);
	tcase_add_test(tests, against_the_build_tree);
	tcase_add_test(tests, against_an_installed_tree_that_moved);
	suite_add_tcase(suite, tests);
	return suite;
}
