/* SPDX-License-Identifier: GPL-3.0-or-later */
/* shell/language/test_plural.c - one of each thing: no line says "1 clients". */
#include <ctype.h>
#include <string.h>
#include <unistd.h>

#include "shell/lab.h"
#include "support/suite.h"

/* Words that end in s and follow a 1: not plurals, or the 1 counts another thing ("1 has ..."). */
static const char *const singular[] = {"is", "was", "has", "does", "loss", "class", "begins", NULL};

/* Words between the number and what it counts. */
static const char *const between[] = {"test", "training", "public", "more", "invited", NULL};

static bool is_one_of(const char *const *list, const char *word, size_t n)
{
	for (; *list; list++)
		if (strlen(*list) == n && strncmp(word, *list, n) == 0)
			return true;
	return false;
}

/* The first "1 clients" or "1 test examples" of the text, or NULL.  Behind two blanks begins
 * another column of a table. */
static const char *wrong_plural(const char *text)
{
	for (const char *at = strchr(text, '1'); at; at = strchr(at + 1, '1')) {
		const char *word = at + 1;

		if (at > text && strchr("0123456789.,-+:x=", at[-1]))
			continue;
		if (at > text + 1 && at[-2] == '+') /* f + 1 updates */
			continue;
		for (bool more = true; more && word[0] == ' ' && isalpha((unsigned char)word[1]);) {
			size_t n = 1;

			while (isalpha((unsigned char)word[1 + n]))
				n++;
			if (n > 2 && word[n] == 's' && !is_one_of(singular, word + 1, n))
				return at;
			more = is_one_of(between, word + 1, n);
			word += 1 + n;
		}
	}
	return NULL;
}

/* Sessions of one client, one example, one round; lines may be refused. */
static const char *const lines[] = {
	"dataset blobs train=40 test=1",
	"dataset",
	"model mlp hidden=1",
	"add-client 1 samples=1",
	"clients",
	"clients where loss>2",
	"status",
	"step",
	"step",
	"step",
	"status",
	"continue",
	"updates",
	"updates map",
	"updates matrix",
	"explain fedavg",
	"client 0",
	"client 0 n=1",
	"timeline",
	"log",
	"log n=1",
	"costs",
	"costs n=1",
	"histogram staleness",
	"histogram loss",
	"history",
	"keep one",
	"history",
	"plot accuracy",
	"plot accuracy one",
	"leakage examples=8",
	"reconstruct 0 steps=1",
	"sweep lr 0.1 rounds=1",
	"sweep clients 1 rounds=1",
	"tournament byzantine=100% rounds=1 attacks=zero aggregators=fedavg",
	"costs against=split rounds=1",
	"inject byzantine 0 attack=zero",
	"inject crash 0 for=1",
	"faults",
	"round 1",
	"status",
	"heal",
	"inject late 0 versions=1",
	"faults",
	"round 1",
	"heal",
	"step",
	"save plural.fed",
	"restore plural.fed",
	"abort",
	"break accuracy>=2",
	"break",
	"pause",
	"restart",
	"aggregator median",
	"round 1",
	"explain median",
	"aggregator trimmed-mean",
	"round 1",
	"explain trimmed-mean",
	"aggregator geometric-median",
	"round 1",
	"explain geometric-median",
	"aggregator norm-clip",
	"round 1",
	"explain norm-clip",
	"aggregator centered-clip",
	"round 1",
	"explain centered-clip",
	"aggregator bgd groups=1",
	"round 1",
	"explain bgd",
	"aggregator bgd groups=2",
	"round 1",
	"aggregator krum",
	"round 1",
	"explain krum",
	"aggregator multi-krum m=2",
	"round 1",
	"aggregator bulyan f=1",
	"round 1",
	"aggregator median after=bucketing s=1",
	"round 1",
	"explain bucketing",
	"aggregator median after=bucketing s=2",
	"round 1",
	"aggregator median after=nnm",
	"round 1",
	"explain nnm",
	"aggregator fedavg",
	"restart",
	"scheme async concurrency=1",
	"aggregator fedbuff buffer=1",
	"round 1",
	"explain fedbuff",
	"step",
	"step",
	"status",
	"save plural.fed",
	"set lr 0.2",
	"restart",
	"aggregator fedavg",
	"scheme sync quorum=0.5",
	"round 1",
	"scheme split",
	"round 1",
	"status",
	"explain split",
	"client 0",
	"costs",
	"scheme split relay=peer",
	"round 1",
	"remove-client 0",
	"scheme sync",
	"add-client 38 samples=1",
	"add-client 1 samples=1",
	"add-client 1 samples=1",
	"add-client 3 samples=1",
	"set seed 2",
	"reset",
	"dataset linear train=10 test=1 d=1",
	"dataset linear",
	"status",
	"model linear",
	"add-client 1 samples=1",
	"round 1",
	"status",
	"model softmax",
	"reset",
	"dataset markov users=1 length=100",
	"status",
	"add-client 1 natural",
	"add-client 2 natural",
	"dataset markov users=1 length=1",
	"remove-client all",
	"add-client 1 natural",
	"clients",
	"model gru units=1 embedding=1",
	"round 1",
	"reset",
	"dataset blobs train=40 test=1",
	"aggregator fedavg",
	"transport local",
	"add-client 1 samples=1",
	"step",
	"step",
	"status",
	"set lr 0.1",
	"restart",
	"scheme async concurrency=1 max-staleness=0",
	"round 2",
	"set lr 0.2",
	"status",
	"inject late 0 versions=1",
	"round 1",
	"timeline 0",
	"export one.csv",
	"explain staleness",
	"heal",
	"remove-client 0",
	"add-client 1 samples=41",
	"add-client 1 samples=2",
	"set participants 2",
	"history 1",
	"plugins aggregator",
	"scheme sync",
	"restart",
	"set participants 1",
	"select power-of-choice",
	"select",
	"round 1",
	"status",
	"costs",
	"select oort",
	"round 2",
	"info oort",
	"select round-robin",
	"round 1",
	"log",
};

START_TEST(one_of_each)
{
	const size_t n = sizeof lines / sizeof *lines;
	struct fed_temp temp;
	struct shell_lab lab;

	fed_temp_make(&temp);
	ck_assert_int_eq(chdir(temp.dir), 0);
	shell_lab_open(&lab, FED_PLUGIN_DIR);
	unsigned done = 0;
	for (size_t i = 0; i < n; i++) {
		const size_t before = strlen(shell_lab_said(&lab));

		done += shell_lab_run(&lab, lines[i]) == FED_EXIT_OK;
		const char *wrong = wrong_plural(shell_lab_said(&lab) + before);
		ck_assert_msg(!wrong, "%s: %.40s\n%s", lines[i], wrong, shell_lab_said(&lab) + before);
	}
	ck_assert_uint_ge(done, n * 3 / 4); /* most are not refused */
	shell_lab_close(&lab);
	ck_assert_int_eq(chdir("/"), 0);
	fed_temp_remove(&temp);
}
END_TEST

START_TEST(wrong_plurals_are_found)
{
	ck_assert_ptr_null(
		wrong_plural("1 client, 11 clients, 0.1 rounds, 1  images, a1=1 is, 1 loss"));
	ck_assert_ptr_nonnull(wrong_plural("the 1 versions"));
	ck_assert_ptr_nonnull(wrong_plural("1 test examples"));
}
END_TEST

FED_SUITE(plural)
{
	Suite *suite = suite_create("plural");
	TCase *tests = tcase_create("plural");

	tcase_add_test(tests, one_of_each);
	tcase_add_test(tests, wrong_plurals_are_found);
	suite_add_tcase(suite, tests);
	return suite;
}
