/* SPDX-License-Identifier: GPL-3.0-or-later */
/* plug/test_damaged.c - a plugin of whose bytes one bit is flipped is refused, or loads: nothing
 * that the loader follows may crash it, and what constructors do ends another process first. */
#include <elf.h>
#include <fcntl.h>
#include <link.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/file.h"
#include "plug/elf/elf.h"
#include "plug/registry.h"
#include "support/suite.h"

static struct fed_temp temp;

static void set_up(void)
{
	fed_temp_make(&temp);
}

static void tear_down(void)
{
	fed_temp_remove(&temp);
}

/* The parts that are flipped: the header, the program headers, the dynamic section. */
struct part {
	size_t from, to; /* bytes */
};

static void find_parts(const struct fed_text *plugin, struct part part[3])
{
	ElfW(Ehdr) header;

	memcpy(&header, plugin->s, sizeof header);
	part[0] = (struct part){0, sizeof header};
	part[1] = (struct part){header.e_phoff, header.e_phoff + header.e_phnum * sizeof(ElfW(Phdr))};
	for (unsigned i = 0; i < header.e_phnum; i++) {
		ElfW(Phdr) segment;

		memcpy(&segment, plugin->s + header.e_phoff + i * sizeof segment, sizeof segment);
		if (segment.p_type == PT_DYNAMIC)
			part[2] = (struct part){segment.p_offset, segment.p_offset + segment.p_filesz};
	}
	ck_assert_uint_gt(part[2].to, part[2].from);
}

/* Sanitizers own the memory that a damaged object may want; they see that none is read outside. */
#if defined __has_feature
#define SANITIZED (__has_feature(address_sanitizer) || __has_feature(thread_sanitizer))
#elif defined __SANITIZE_ADDRESS__ || defined __SANITIZE_THREAD__
#define SANITIZED true
#else
#define SANITIZED false
#endif

static void check_bytes(const char *path)
{
	struct fed_text bytes = {0};
	struct fed_error err;

	if (fed_file_read(path, 1 << 24, &bytes, &err))
		_exit(2);
	(void)fed__elf_check(bytes.s, bytes.len, "fed_plugin", &(const char *){NULL}, &err);
	fed_text_release(&bytes);
}

/* In a child: load the plugin with each of its bits from *at on flipped, one at a time. */
static void load_each(const struct fed_text *plugin, const struct part *part, volatile size_t *at)
{
	const char *path = fed_temp_write(&temp, "mine.so", plugin->s, plugin->len);
	const int fd = open(path, O_WRONLY);

	for (; *at < 8 * (part->to - part->from); ++*at) {
		const off_t where = (off_t)(part->from + *at / 8);
		const char good = plugin->s[where], bad = (char)(good ^ 1 << *at % 8);
		struct fed_registry *registry;
		const struct fed_entry *entry;
		struct fed_error err;

		if (pwrite(fd, &bad, 1, where) != 1 || fed_registry_init(&registry, &err))
			_exit(2);
		alarm(20);
		if (SANITIZED)
			check_bytes(path);
		else
			(void)fed_registry_load(registry, path, &entry, &err);
		fed_registry_free(registry);
		if (pwrite(fd, &good, 1, where) != 1)
			_exit(2);
	}
	_exit(0);
}

/* Anywhere in the file ---------------------------------------------------- */

#define FLIPS (SANITIZED ? 6 : 30)

/* In a child: load the plugin into this process with one bit after another flipped, drawn from a
 * seed; half of them where the loader looks for symbols, relocations and versions. */
static void load_anywhere(const struct fed_text *plugin, volatile size_t *at)
{
	const char *path = fed_temp_write(&temp, "mine.so", plugin->s, plugin->len);
	const int fd = open(path, O_WRONLY);
	ElfW(Ehdr) header;
	struct part loaded = {0};

	memcpy(&header, plugin->s, sizeof header);
	for (unsigned i = 0; i < header.e_phnum && !loaded.to; i++) {
		ElfW(Phdr) segment;

		memcpy(&segment, plugin->s + header.e_phoff + i * sizeof segment, sizeof segment);
		if (segment.p_type == PT_LOAD) /* the first one: what the loader reads */
			loaded = (struct part){segment.p_offset, segment.p_offset + segment.p_filesz};
	}
	for (; *at < FLIPS; ++*at) {
		const size_t bytes = *at % 2 ? plugin->len : loaded.to;
		const uint64_t bit = fed_random(plugin->len, *at) % (8 * bytes);
		const off_t where = (off_t)(bit / 8);
		const char good = plugin->s[where], bad = (char)(good ^ 1 << bit % 8);
		struct fed_registry *registry;
		const struct fed_entry *entry;
		struct fed_error err;

		if (pwrite(fd, &bad, 1, where) != 1 || fed_registry_init(&registry, &err) ||
		    fed_registry_guard(registry, FED_BUILD_DIR "/fedsh-worker", &err))
			_exit(2);
		alarm(60);
		(void)fed_registry_load_trusted(registry, path, &entry, &err);
		/* what a destructor does is the user's, who trusts it */
		alarm(0);
		if (pwrite(fd, &good, 1, where) != 1)
			_exit(2);
	}
	_exit(0);
}

static const char *const plugins[] = {FED_PLUGIN_DIR "/fedavg.so", FED_PLUGIN_DIR "/lossy.so",
                                      FED_PLUGIN_DIR "/krum.so",
                                      FED_BUILD_DIR "/fixtures/thread_local.so"};

START_TEST(no_flipped_bit_ends_the_program)
{
	static const char *const names[] = {"header", "program headers", "dynamic section"};
	const struct rlimit no_core = {0, 0};
	struct fed_text plugin = {0}, crashes = {0};
	struct part part[3] = {0};
	struct fed_error err;
	size_t n = 0,
		   *at = mmap(NULL, sizeof *at, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);

	ck_assert_ptr_ne(at, MAP_FAILED);
	fed_assert_ok(fed_file_read(plugins[_i], 1 << 24, &plugin, &err), &err);
	find_parts(&plugin, part);
	setrlimit(RLIMIT_CORE, &no_core);
	for (size_t k = 0; k < 3; k++) {
		for (*at = 0; *at < 8 * (part[k].to - part[k].from);) {
			int status;
			const pid_t child = fork();

			ck_assert_int_ge(child, 0);
			if (child == 0)
				load_each(&plugin, &part[k], at);
			ck_assert_int_eq(waitpid(child, &status, 0), child);
			if (status == 0)
				break;
			if (n++ < 40)
				fed_text_add(&crashes, "\n%s, byte %zu, bit %zu: status %d", names[k], *at / 8,
				             *at % 8, status);
			++*at;
		}
	}
	ck_assert_msg(n == 0, "%zu flips in %s crash:%s", n, plugins[_i], fed_text_str(&crashes));
	fed_text_release(&plugin);
	fed_text_release(&crashes);
	munmap(at, sizeof *at);
}
END_TEST

START_TEST(no_flipped_bit_of_a_trusted_plugin_ends_the_program)
{
	const struct rlimit no_core = {0, 0};
	struct fed_text plugin = {0};
	struct fed_error err;
	size_t *at = mmap(NULL, sizeof *at, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	int status;

	ck_assert_ptr_ne(at, MAP_FAILED);
	fed_assert_ok(fed_file_read(plugins[_i], 1 << 24, &plugin, &err), &err);
	setrlimit(RLIMIT_CORE, &no_core);
	const pid_t child = fork();
	ck_assert_int_ge(child, 0);
	if (child == 0)
		load_anywhere(&plugin, at);
	ck_assert_int_eq(waitpid(child, &status, 0), child);
	ck_assert_msg(status == 0, "flip %zu in %s ends it: status %d", *at, plugins[_i], status);
	fed_text_release(&plugin);
	munmap(at, sizeof *at);
}
END_TEST

FED_SUITE(damaged)
{
	Suite *suite = suite_create("damaged");
	TCase *tests = tcase_create("damaged");

	tcase_add_checked_fixture(tests, set_up, tear_down);
	tcase_add_loop_test(tests, no_flipped_bit_ends_the_program, 0,
	                    (int)(sizeof plugins / sizeof *plugins));
	tcase_add_loop_test(tests, no_flipped_bit_of_a_trusted_plugin_ends_the_program, 0,
	                    (int)(sizeof plugins / sizeof *plugins));
	tcase_set_timeout(tests, 300);
	suite_add_tcase(suite, tests);
	return suite;
}
