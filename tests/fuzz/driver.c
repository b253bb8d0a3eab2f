/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Seeds, the loop that makes and runs inputs, and what is left behind by one that fails. */
#include "fuzz/fuzz.h"

#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/time.h>
#include <unistd.h>

#include "base/cpu.h"
#include "base/mem.h"
#include "base/text.h"
#include "fedsh/plugin.h"

enum {
	HANG_SECONDS = 20,   /* of processor time for one input, sanitizers included */
	SLEEP_SECONDS = 300, /* of wall time, for one that waits for what does not come */
	CORPUS_MOST = 2048,
	MESSAGE_WORDS = 1024,
	ROOM_LEAST = 4096, /* inputs grow to this, or to twice the longest seed */
};

static struct fed_input corpus[CORPUS_MOST];
static size_t corpus_n;
static size_t capacity = ROOM_LEAST;
static uint64_t messages[MESSAGE_WORDS]; /* a bit for each hash of a message */
static bool new_message;
static char folder[64], path[256];
static struct fed_input present; /* being run */

/* What targets call ---------------------------------------------------------- */

static void *or_die(void *block)
{
	if (!block) {
		fputs("fuzz: out of memory\n", stderr);
		exit(2);
	}
	return block;
}

static void keep(const void *bytes, size_t n)
{
	if (corpus_n == CORPUS_MOST)
		return;
	corpus[corpus_n] = (struct fed_input){or_die(malloc(n + 1)), n};
	memcpy(corpus[corpus_n++].bytes, bytes, n);
}

void fed_fuzz_seed(const void *bytes, size_t n)
{
	keep(bytes, n);
	capacity = 2 * n > capacity ? 2 * n : capacity;
}

static bool ends_word(char c)
{
	return !isalnum((unsigned char)c) && !strchr("_-/.", c);
}

/* The first words of the message name the place in the code: words of letters alone (no numbers, no
 * paths) that are not the input's own. */
void fed_fuzz_outcome(const char *text)
{
	uint64_t hash = 0;

	for (int words = 0; *text && words < 5;) {
		size_t n = 0, letters = 0;
		for (; text[n] && !ends_word(text[n]); n++)
			letters += isalpha((unsigned char)text[n]) != 0;
		const bool hexadecimal = strspn(text, "abcdef") >= n;
		if (n >= 3 && letters == n && !hexadecimal && !memmem(present.bytes, present.n, text, n)) {
			words++;
			for (size_t i = 0; i < n; i++)
				hash = fed_random(hash, (uint64_t)text[i]);
		}
		text += n > 0 ? n : 1;
	}
	const uint64_t bit = 1ull << (hash % 64);
	uint64_t *word = &messages[hash / 64 % MESSAGE_WORDS];
	new_message = new_message || !(*word & bit);
	*word |= bit;
}

char *fed_fuzz_string(const uint8_t *bytes, size_t n)
{
	char *s = or_die(malloc(n + 1));
	if (n > 0)
		memcpy(s, bytes, n);
	s[n] = '\0';
	return s;
}

const char *fed_fuzz_path(const char *name)
{
	snprintf(path, sizeof path, "%s/%s", folder, name);
	return path;
}

const char *fed_fuzz_file(const char *name, const void *bytes, size_t n)
{
	FILE *f = or_die(fopen(fed_fuzz_path(name), "wb"));
	if (fwrite(bytes, 1, n, f) != n || fclose(f) != 0) {
		perror(path);
		exit(2);
	}
	return path;
}

/* Checksums would stop nearly all changed inputs at the door: targets are linked with
 * --wrap=fed_crc32, so that writers and readers agree on 0. */
uint32_t __wrap_fed_crc32(uint32_t crc, const void *bytes, size_t n);
uint32_t __wrap_fed_crc32(uint32_t crc, const void *bytes, size_t n)
{
	(void)crc;
	(void)bytes;
	(void)n;
	return 0;
}

/* In memory where the system has such a place: a target writes thousands of files a second. */
static void make_folder(void)
{
	static const char *const places[] = {"/dev/shm", "/tmp"};
	for (size_t i = 0; i < sizeof places / sizeof *places; i++) {
		snprintf(folder, sizeof folder, "%s/fedsh-fuzz-XXXXXX", places[i]);
		if (mkdtemp(folder))
			return;
	}
	perror("fuzz: a temporary folder");
	exit(2);
}

/* Also when a target died and left files. */
static void remove_folder(void)
{
	DIR *dir = opendir(folder);
	if (!dir)
		return;
	for (const struct dirent *entry; (entry = readdir(dir)) != NULL;)
		unlinkat(dirfd(dir), entry->d_name, 0);
	closedir(dir);
	rmdir(folder);
}

/* When something goes wrong --------------------------------------------------- */

void fed_fuzz_broken(const char *claim, const char *file, int line)
{
	fprintf(stderr, "%s:%d: does not hold: %s\n", file, line, claim);
	abort();
}

#ifndef FED_LIBFUZZER
static char crash_name[256];

static void leave_input(void)
{
	remove_folder();
	FILE *f = fopen(crash_name, "wb");
	if (!f)
		return;
	fwrite(present.bytes, 1, present.n, f);
	fclose(f);
	fprintf(stderr, "fuzz: the input is in %s\n", crash_name);
}

/* The sanitizers call this before they end the process. */
void __sanitizer_set_death_callback(void (*)(void)) __attribute__((weak));

static void on_signal(int signal)
{
	static const char hang[] = "fuzz: the input took too long\n";
	const bool late = signal == SIGALRM || signal == SIGPROF;
	if (late && write(STDERR_FILENO, hang, sizeof hang - 1) < 0)
		_exit(1);
	leave_input();
	_exit(1);
}

static void watch_for_death(const char *name)
{
	snprintf(crash_name, sizeof crash_name, "crash-%s", name);
	signal(SIGALRM, on_signal);
	signal(SIGPROF, on_signal);
	signal(SIGABRT, on_signal);
	if (__sanitizer_set_death_callback)
		__sanitizer_set_death_callback(leave_input);
	else
		signal(SIGSEGV, on_signal);
}

/* The loop ---------------------------------------------------------------------- */

/* Begin to count the time of an input, or end it.  A loaded machine makes no input slow: it is the
 * processor's time that says whether one hangs. */
static void limit_time(bool begin)
{
	const struct itimerval most = {.it_value.tv_sec = begin ? HANG_SECONDS : 0};

	setitimer(ITIMER_PROF, &most, NULL);
	alarm(begin ? SLEEP_SECONDS : 0);
}

static void run_input(const uint8_t *bytes, size_t n)
{
	const int64_t live = fed__mem_live();

	/* A block of its exact size: reading beyond it is seen. */
	present = (struct fed_input){or_die(malloc(n > 0 ? n : 1)), n};
	memcpy(present.bytes, bytes, n);
	new_message = false;
	limit_time(true);
	LLVMFuzzerTestOneInput(present.bytes, n);
	limit_time(false);
	if (fed__mem_live() != live) {
		fprintf(stderr, "fuzz: %lld blocks are left\n", (long long)(fed__mem_live() - live));
		abort();
	}
	if (new_message)
		keep(bytes, n);
	free(present.bytes);
	present = (struct fed_input){0};
}

static uint64_t run_for(double seconds, uint64_t seed)
{
	const double end = fed_wall_seconds() + seconds;
	const size_t seeds = corpus_n;
	struct fed_input input = {or_die(malloc(capacity)), 0};
	uint64_t i = 0;

	for (size_t k = 0; k < seeds; k++)
		run_input(corpus[k].bytes, corpus[k].n);
	for (; fed_wall_seconds() < end; i++) {
		const uint64_t key = fed_random(seed, i);
		const struct fed_input *from = &corpus[fed_random(key, 0) % corpus_n];
		input.n = from->n < capacity ? from->n : capacity;
		memcpy(input.bytes, from->bytes, input.n);
		fed_fuzz_mutate(&input, capacity, &corpus[fed_random(key, 1) % corpus_n],
		                fed_random(key, 2));
		run_input(input.bytes, input.n);
	}
	free(input.bytes);
	return i;
}

static int run_file(const char *name)
{
	FILE *f = fopen(name, "rb");
	if (!f) {
		fprintf(stderr, "%s: %s\n", name, strerror(errno));
		return 2;
	}
	uint8_t *bytes = or_die(malloc(1 << 24));
	const size_t n = fread(bytes, 1, 1 << 24, f);
	fclose(f);
	run_input(bytes, n);
	free(bytes);
	printf("%s: fine\n", name);
	return 0;
}

static int run(int argc, char **argv)
{
	long long seconds = 5, seed = 1;

	if (argc > 1 && !fed_parse_int(argv[1], &seconds)) {
		int rc = 0;
		for (int i = 1; i < argc; i++)
			rc |= run_file(argv[i]);
		return rc;
	}
	if (argc > 3 || (argc > 2 && !fed_parse_int(argv[2], &seed))) {
		fprintf(stderr, "usage: %s [SECONDS [SEED]] or %s FILE...\n", argv[0], argv[0]);
		return 2;
	}
	const size_t seeds = corpus_n;
	const uint64_t inputs = run_for((double)seconds, (uint64_t)seed);
	printf("%llu inputs from %zu seeds, %zu new messages, seed %lld\n", (unsigned long long)inputs,
	       seeds, corpus_n - seeds, seed);
	return 0;
}

int main(int argc, char **argv)
{
	const char *slash = strrchr(argv[0], '/');

	watch_for_death(slash ? slash + 1 : argv[0]);
	make_folder();
	fed_fuzz_begin();
	const int rc = run(argc, argv);
	fed_fuzz_end();
	while (corpus_n > 0)
		free(corpus[--corpus_n].bytes);
	remove_folder();
	return rc;
}

#else
/* libFuzzer has its own loop; our seeds come in through its mutator. */
size_t LLVMFuzzerMutate(uint8_t *bytes, size_t n, size_t most);
size_t LLVMFuzzerCustomMutator(uint8_t *bytes, size_t n, size_t most, unsigned int key);
int LLVMFuzzerInitialize(int *argc, char ***argv);

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
	(void)argc;
	(void)argv;
	make_folder();
	atexit(remove_folder);
	fed_fuzz_begin();
	return 0;
}

size_t LLVMFuzzerCustomMutator(uint8_t *bytes, size_t n, size_t most, unsigned int key)
{
	const uint64_t choice = fed_random(key, 0);
	const struct fed_input *seed = &corpus[fed_random(key, 1) % corpus_n];
	struct fed_input input = {bytes, n};

	if (choice % 32 == 0 && seed->n <= most) {
		memcpy(bytes, seed->bytes, seed->n);
		return seed->n;
	}
	if (choice % 2)
		return LLVMFuzzerMutate(bytes, n, most);
	fed_fuzz_mutate(&input, most, seed, fed_random(key, 2));
	return input.n;
}
#endif
