/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * What the loader refuses, and in which words: plugins that describe themselves wrongly, files that
 * are no plugins, files that are damaged.
 */
#include "plug/plugins.h"

#include <elf.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/file.h"
#include "base/random.h"
#include "plug/elf/elf.h"

static const struct {
	const char *fixture, *words;
} refused[] = {
	{"bad_magic", "begins with 12345678 instead of"},
	{"bad_abi", "is built for plugin ABI 42, this fedsh has 1"},
	{"kind_unknown", "is of kind 77, which this fedsh does not load"},
	{"tiny_struct", "its plugin struct has 8 bytes"},
	{"long_struct", "fed_plugin has 65000 bytes by its own word"},
	{"field_size", "its field rows have 4 bytes"},
	{"huge_state", "its state has 17825792 bytes"},
	{"bad_name", "its name must match"},
	{"long_name", "its name must match"},
	{"wild_name", "its name must match"},
	{"no_help", "its help must be one line"},
	{"two_line_help", "its help must be one line"},
	{"bad_version", "its version must be 1 to 63 printable"},
	{"wild_rows", "its field table has no FED_END"},
	{"wild_row", "field row 0 points outside the file"},
	{"wild_choice", "field row 0 points outside the file"},
	{"bad_row", "bad field row: field k"},
	{"bad_type", "bad field row"},
	{"row_outside_state", "bad field row: field k"},
	{"row_flags", "field row k has flags 1"},
	{"vector_in_model", "field row v is a vector; only aggregators have vectors"},
	{"no_symbol", "exports no fed_plugin"},
	{"two_forms", "offers 2 of the forms"},
	{"no_form", "offers 0 of the forms"},
	{"add_alone", "has add() but no finish()"},
	{"finish_alone", "has finish() but no add()"},
	{"weigh_alone", "has weigh(), but no columns()"},
	{"many_vectors", "asks for 17 client vectors"},
	{"attack_no_form", "offers 0 of the forms craft, collude and poison"},
	{"attack_two_forms", "offers 2 of the forms craft, collude and poison"},
	{"attack_remembers", "remembers, but has no craft()"},
	{"attack_targeted", "is targeted, but has no poison()"},
	{"attack_suits", "has suits() but no poison()"},
	{"vector_in_attack", "field row v is a vector; only aggregators have vectors"},
	{"select_missing", "has no select()"},
	{"select_ask_alone", "has ask() but no asks()"},
	{"select_knows", "asks to know 100000; this fedsh knows 1f"},
	{"codec_half", "has no decode(); a codec needs bound, encode and decode"},
	{"no_send", "has no send()"},
	{"no_build", "has no build()"},
	{"undefined_symbol", "cannot be loaded: undefined symbol: fed_nobody_has_this"},
};

START_TEST(refuses_wrong_descriptions)
{
	struct fed_registry *registry = make_registry();
	const struct fed_entry *entry = NULL;
	struct fed_text path = {0};
	struct fed_error err;

	fed_text_add(&path, FED_BUILD_DIR "/fixtures/%s.so", refused[_i].fixture);
	ck_assert_int_eq(fed_registry_load(registry, path.s, &entry, &err), FED_FAIL);
	ck_says(err.text, refused[_i].words);
	ck_assert_int_eq(err.text[0], '/'); /* the file's path comes first */
	ck_assert_ptr_null(fed_registry_at(registry, FED_KIND_AGGREGATOR, 0));
	fed_text_release(&path);
	fed_registry_free(registry);
}
END_TEST

START_TEST(accepts_older_newer_and_bare)
{
	static const char *const paths[] = {FIXTURE("older"), FIXTURE("newer"), FIXTURE("bare")};
	struct fed_registry *registry = make_registry();
	const struct fed_entry *entry;
	struct fed_error err;

	for (size_t i = 0; i < COUNT(paths); i++) {
		ck_ok(fed_registry_load(registry, paths[i], &entry, &err));
		ck_assert_ptr_nonnull(entry->copy.aggregator.finish);
		ck_assert_ptr_null(entry->copy.aggregator.columns);
		ck_assert_ptr_null(entry->copy.aggregator.local_end);
		ck_assert_ptr_null(entry->copy.aggregator.tell);
		ck_assert_uint_eq(entry->copy.aggregator.client_vectors, 0);
		ck_assert_ptr_nonnull(entry->head->doc);
		ck_assert_int_eq(entry->head->fields[0].type, FED_TYPE_END);
	}
	fed_registry_free(registry);
}
END_TEST

/* Rows are read at the plugin's own stride; what it does not have is zero, what is unknown here is
 * left out. */
START_TEST(reads_rows_of_other_lengths)
{
	static const char *const paths[] = {FIXTURE("rows_long"), FIXTURE("rows_short")};
	static const char *const versions[] = {"1.2-rows", NULL};
	const struct state {
		int64_t k;
		double rate;
		double *sum;
	} * state;
	struct fed_registry *registry = make_registry();
	const struct fed_entry *entry;
	struct fed_instance instance;
	struct fed_assign rate = {"rate", "0.75"}, wrong = {"k", "10"};
	struct fed_error err;

	for (size_t i = 0; i < COUNT(paths); i++) {
		ck_ok(fed_registry_load(registry, paths[i], &entry, &err));
		const struct fed_field *rows = entry->head->fields;
		ck_assert_str_eq(rows[0].name, "k");
		ck_assert_str_eq(rows[1].help, "a share");
		ck_assert_int_eq(rows[2].type, FED_TYPE_SCRATCH);
		ck_assert_int_eq(rows[3].type, FED_TYPE_END);
		for (size_t k = 0; k < 3; k++)
			ck_assert(!rows[k].choice && !rows[k].text && !rows[k].hint);
		ck_assert_pstr_eq(entry->head->version, versions[i]);

		ck_ok(fed_instance_init(&instance, entry, &rate, 1, &err));
		ck_ok(fed_instance_size(&instance, 5, &err));
		state = instance.state;
		ck_assert_int_eq(state->k, 3);
		ck_assert_double_eq(state->rate, 0.75);
		ck_assert_double_eq(state->sum[4], 0);
		fed_instance_release(&instance);
		ck_assert_int_eq(fed_instance_init(&instance, entry, &wrong, 1, &err), FED_FAIL);
		ck_says(err.text, "from 1 to 9");
	}
	fed_registry_free(registry);
}
END_TEST

static struct fed_temp temp;
static const char *file; /* in it */

static void make_folder(void)
{
	fed_temp_make(&temp);
	file = fed_temp_file(&temp, "odd.so");
}

static void remove_folder(void)
{
	fed_temp_remove(&temp);
}

static void write_file(const void *bytes, size_t n)
{
	fed_temp_write(&temp, "odd.so", bytes, n);
}

static struct fed_text read_fixture(const char *path)
{
	struct fed_text bytes = {0};
	struct fed_error err;

	ck_ok(fed_file_read(path, 1 << 26, &bytes, &err));
	return bytes;
}

/* The file must be refused with these words, or with any when NULL. */
static void check_refused(const char *words)
{
	struct fed_registry *registry = make_registry();
	const struct fed_entry *entry;
	struct fed_error err;

	ck_assert_int_eq(fed_registry_load(registry, file, &entry, &err), FED_FAIL);
	ck_says(err.text, words ? words : "");
	fed_registry_free(registry);
}

START_TEST(refuses_what_is_no_object)
{
	static const char text[] = "int main(void) { return 0; }\n";

	check_refused("No such file");
	write_file("", 0);
	check_refused("is empty");
	write_file(text, sizeof text);
	check_refused("is not a shared object (no ELF header)");
	write_file("\x7f", 1);
	check_refused("is not a shared object (no ELF header)");
	unlink(file);
	ck_assert_int_eq(mkdir(file, 0700), 0);
	check_refused("is a directory");
	ck_assert_int_eq(rmdir(file), 0);
	ck_assert_int_eq(mkfifo(file, 0600), 0);
	check_refused("not a file"); /* and does not wait for a writer */
	file = "/dev/zero";
	check_refused("is a device");
}
END_TEST

START_TEST(refuses_truncated_copies)
{
	struct fed_text bytes = read_fixture(FIXTURE("mean_stream"));
	const size_t step = bytes.len / 150 + 1;

	for (size_t n = 0; n < bytes.len; n += n < 80 ? 1 : step) {
		write_file(bytes.s, n);
		check_refused(NULL);
	}
	write_file(bytes.s, bytes.len - 1);
	check_refused("is truncated: its headers promise");
	fed_text_release(&bytes);
}
END_TEST

/* One member of the ELF header, changed. */
static const struct {
	size_t at, size;
	uint64_t value;
	const char *words;
} patches[] = {
	{offsetof(Elf64_Ehdr, e_machine), 2, EM_AARCH64, "is for aarch64, this is "},
	{offsetof(Elf64_Ehdr, e_machine), 2, 4711, "is for machine 4711, this is "},
	{EI_CLASS, 1, ELFCLASS32, "is not a 64-bit object"},
	{EI_DATA, 1, ELFDATA2MSB, "is for a machine with the other byte order"},
	{EI_VERSION, 1, 9, "unknown version of ELF"},
	{offsetof(Elf64_Ehdr, e_type), 2, ET_REL, "is not linked yet"},
	{offsetof(Elf64_Ehdr, e_type), 2, ET_EXEC, "is not a shared object"},
	{offsetof(Elf64_Ehdr, e_phoff), 8, UINT64_MAX - 7, "is truncated"},
	{offsetof(Elf64_Ehdr, e_phnum), 2, 0, "no program headers"},
	{offsetof(Elf64_Ehdr, e_phentsize), 2, 3, "no program headers"},
	{offsetof(Elf64_Ehdr, e_shoff), 8, UINT64_MAX - 63, "is truncated"},
	{offsetof(Elf64_Ehdr, e_shentsize), 2, 7, "section headers have 7 bytes"},
};

START_TEST(refuses_patched_headers)
{
	struct fed_text bytes = read_fixture(FIXTURE("mean_stream"));

	for (size_t k = 0; k < patches[_i].size; k++)
		bytes.s[patches[_i].at + k] = (char)(patches[_i].value >> (8 * k));
	write_file(bytes.s, bytes.len);
	check_refused(patches[_i].words);
	fed_text_release(&bytes);
}
END_TEST

/* Each of the program headers gone, and each with a segment that is elsewhere. */
START_TEST(refuses_damaged_program_headers)
{
	struct fed_text bytes = read_fixture(FIXTURE("keeper"));
	Elf64_Ehdr header;
	Elf64_Phdr segment, changed;
	unsigned tried = 0;

	memcpy(&header, bytes.s, sizeof header);
	for (unsigned i = 0; i < header.e_phnum; i++) {
		char *at = bytes.s + header.e_phoff + i * sizeof segment;

		memcpy(&segment, at, sizeof segment);
		if (segment.p_type != PT_LOAD && segment.p_type != PT_DYNAMIC)
			continue;
		memset(at, 0, sizeof segment);
		write_file(bytes.s, bytes.len);
		check_refused("is damaged");
		changed = segment;
		changed.p_vaddr += (uint64_t)1 << 30;
		memcpy(at, &changed, sizeof changed);
		write_file(bytes.s, bytes.len);
		check_refused("is damaged");
		memcpy(at, &segment, sizeof segment);
		tried++;
	}
	ck_assert_uint_ge(tried, 3);
	write_file(bytes.s, bytes.len);
	struct fed_registry *registry = make_registry();
	const struct fed_entry *entry;
	struct fed_error err;
	fed_assert_ok(fed_registry_load(registry, file, &entry, &err), &err);
	fed_registry_free(registry);
	fed_text_release(&bytes);
}
END_TEST

#if defined __has_feature
#define SANITIZED __has_feature(address_sanitizer)
#elif defined __SANITIZE_ADDRESS__
#define SANITIZED 1
#else
#define SANITIZED 0
#endif

/* An undefined symbol renamed to the sanitizer's entry point. */
START_TEST(knows_the_runtime_that_an_object_needs)
{
	static const char from[] = "fed_nobody_has_this", to[] = "__asan_init";
	struct fed_text bytes = read_fixture(FIXTURE("undefined_symbol"));
	struct fed_error err = {{0}};

	for (size_t i = 0; i + sizeof from <= bytes.len; i++)
		if (memcmp(bytes.s + i, from, sizeof from) == 0)
			memcpy(bytes.s + i, to, sizeof to);
	const char *sanitizer = NULL;
	ck_ok(fed__elf_check(bytes.s, bytes.len, "fed_plugin", &sanitizer, &err));
	ck_assert_str_eq(sanitizer, "address");
	ck_assert_int_eq(fed__elf_has_runtime(sanitizer), SANITIZED);
	fed_text_release(&bytes);
}
END_TEST

/* Any damage is refused or harmless: nothing outside the bytes is read (sanitizers watch). */
START_TEST(survives_damaged_bytes)
{
	struct fed_text good = read_fixture(FIXTURE("keeper"));
	struct fed_stream random = fed_stream_open(1, FED_FOR_DATA, 0, 0);
	char *bytes = malloc(good.len);
	struct fed_error err;

	for (int round = 0; round < 3000; round++) {
		memcpy(bytes, good.s, good.len);
		const uint32_t headers = 64 + 56 * 12;
		for (uint32_t k = 0; k < 1 + fed_stream_below(&random, 4); k++) {
			const bool front = fed_stream_below(&random, 2);
			const uint32_t at = fed_stream_below(&random, front ? headers : (uint32_t)good.len);
			bytes[at] = (char)fed_stream_below(&random, 256);
		}
		fed__elf_check(bytes, good.len, "fed_plugin", &(const char *){NULL}, &err);
	}
	free(bytes);
	fed_text_release(&good);
}
END_TEST

static int load_keeper(void *ctx, struct fed_error *err)
{
	const struct fed_entry *entry;

	(void)ctx;
	struct fed_registry *registry;
	int rc = fed_registry_init(&registry, err);
	if (rc == FED_OK) {
		rc = fed_registry_load(registry, FIXTURE("keeper"), &entry, err);
		fed_registry_free(registry);
	}
	return rc;
}

START_TEST(survives_lack_of_memory)
{
	ck_assert_uint_gt(fed_each_allocation(load_keeper, NULL), 4);
}
END_TEST

FED_SUITE(loader)
{
	Suite *suite = suite_create("loader");
	TCase *words = tcase_create("descriptions"), *files = tcase_create("files");

	tcase_add_loop_test(words, refuses_wrong_descriptions, 0, COUNT(refused));
	tcase_add_test(words, accepts_older_newer_and_bare);
	tcase_add_test(words, reads_rows_of_other_lengths);
	tcase_add_test(words, survives_lack_of_memory);
	tcase_add_checked_fixture(files, make_folder, remove_folder);
	tcase_add_test(files, refuses_what_is_no_object);
	tcase_add_test(files, refuses_truncated_copies);
	tcase_add_test(files, refuses_damaged_program_headers);
	tcase_add_loop_test(files, refuses_patched_headers, 0, COUNT(patches));
	tcase_add_test(files, knows_the_runtime_that_an_object_needs);
	tcase_add_test(files, survives_damaged_bytes);
	suite_add_tcase(suite, words);
	suite_add_tcase(suite, files);
	return suite;
}
