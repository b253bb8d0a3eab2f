/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * data/readers/leaf/json.c - JSON by yajl, and runs of numbers in arrays beside it.
 *
 * yajl takes a call for each token, which is slow for files that are numbers and little else.  It
 * gets the text up to the `[` of an array and says whether that is one; the numbers behind are read
 * here, as far as nothing but numbers and commas come.  Then it goes on as if they were not there:
 * before a `]` an array without elements is as good; behind a comma it is shown one number.
 *
 * yajl does not expect that memory runs out: its allocations are counted in a list, and one that
 * fails leaves it by longjmp().
 */
#include "data/readers/leaf/json.h"

#include <setjmp.h>
#include <math.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>
#include <yajl/yajl_parse.h>

#include "base/file.h"
#include "base/mem.h"
#include "data/readers/leaf/decimal.h"

enum {
	BUFFER = 1 << 20,
	RUN = 512,               /* numbers given at once */
	DEPTH_MAX = 64,          /* of arrays and objects in one another */
	TOKEN_MAX = 16 * BUFFER, /* bytes without an event, which yajl collects */
};

/* A block of yajl's in a list. */
struct json_block {
	struct json_block *next, *before;
	size_t n;
	max_align_t data[];
};

struct json_parser {
	const struct fed_json_sink *sink;
	struct fed_error *err;
	int rc;
	struct fed_shown name;
	struct fed_reader *reader;
	char *buffer;
	size_t at, n;    /* of the buffer: the next byte, behind the last one */
	uint64_t before; /* bytes of the file before the buffer */
	bool ended;      /* the buffer has the last byte of the file */
	bool muted;      /* a number that yajl reports is one shown to it */
	bool opened;     /* the last event is an array that begins */
	int depth;
	uint64_t event; /* place of the last event in the file */
	double run[RUN];
	size_t runs;
	yajl_handle yajl;
	struct json_block *blocks;
	jmp_buf out_of_memory;
};

/* Errors ---------------------------------------------------------------------------------- */

/* "NAME, byte 123: user f1, row 2 of x: WHY" */
__attribute__((format(printf, 3, 4))) static int fail_at(struct json_parser *p, uint64_t byte,
                                                         const char *fmt, ...)
{
	struct fed_text place = {0}, why = {0};
	va_list ap;

	va_start(ap, fmt);
	fed_text_vadd(&why, fmt, ap);
	va_end(ap);
	p->sink->place(p->sink->ctx, &place);
	p->rc = fed_fail(p->err, "%.60s, byte %s: %.100s%s%s", p->name.s, fed_count((double)byte).s,
	                 fed_text_str(&place), place.len ? ": " : "", fed_text_str(&why));
	fed_text_release(&place);
	fed_text_release(&why);
	return p->rc;
}

/* A failure of the sink, behind the file's name; one that was cancelled is no fault of the file. */
static int fail_sink(struct json_parser *p, int rc)
{
	if (rc == FED_FAIL) {
		const struct fed_error why = *p->err;

		fed_error_set(p->err, rc, "%.60s: %.290s", p->name.s, why.text);
	}
	return p->rc = rc;
}

/* Memory of yajl -------------------------------------------------------------------------- */

static void *yajl_take(void *ctx, size_t n)
{
	struct json_parser *const p = ctx;
	struct json_block *const block = fed_alloc(sizeof *block + n);

	if (!block)
		longjmp(p->out_of_memory, 1);
	block->n = n;
	block->next = p->blocks;
	if (block->next)
		block->next->before = block;
	return (p->blocks = block)->data;
}

static void yajl_give(void *ctx, void *data)
{
	struct json_parser *const p = ctx;

	if (!data)
		return;

	struct json_block *const block =
		(struct json_block *)((char *)data - offsetof(struct json_block, data));

	*(block->before ? &block->before->next : &p->blocks) = block->next;
	if (block->next)
		block->next->before = block->before;
	fed_free(block);
}

static void *yajl_enlarge(void *ctx, void *data, size_t n)
{
	void *const grown = yajl_take(ctx, n);

	if (data) {
		const struct json_block *const old =
			(struct json_block *)((char *)data - offsetof(struct json_block, data));

		memcpy(grown, data, old->n < n ? old->n : n);
		yajl_give(ctx, data);
	}
	return grown;
}

/* Events of yajl -------------------------------------------------------------------------- */

static int on_word(struct json_parser *p, const char *word)
{
	p->event = p->before + p->at;
	p->opened = false;
	return fail_sink(p, p->sink->word(p->sink->ctx, word, p->err)) == FED_OK;
}

static int on_null(void *ctx)
{
	return on_word(ctx, "null");
}

static int on_boolean(void *ctx, int yes)
{
	return on_word(ctx, yes ? "true" : "false");
}

static int give_numbers(struct json_parser *p)
{
	const size_t n = p->runs;

	p->runs = 0;
	return n ? fail_sink(p, p->sink->numbers(p->sink->ctx, p->run, n, p->err)) : FED_OK;
}

static int add_number(struct json_parser *p, double x, uint64_t byte)
{
	if (!isfinite(x)) {
		return give_numbers(p) ? p->rc
		                       : fail_at(p, byte, "a number is too large; at most 1.8e308 is read");
	}
	p->run[p->runs++] = x;
	return p->runs == RUN ? give_numbers(p) : FED_OK;
}

static int on_number(void *ctx, const char *s, size_t n)
{
	struct json_parser *const p = ctx;
	char copy[FED_DECIMAL_MAX + 2];
	double x;

	p->event = p->before + p->at;
	p->opened = false;
	if (p->muted)
		return 1;
	if (n > FED_DECIMAL_MAX)
		return fail_at(p, p->event, "a number has more than %d characters", FED_DECIMAL_MAX) ==
		       FED_OK;
	memcpy(copy, s, n);
	copy[n] = ' ';
	if (fed__decimal(copy, copy + n + 1, &x) != n)
		return fail_at(p, p->event, "a number is damaged") == FED_OK;
	return add_number(p, x, p->event) == FED_OK && give_numbers(p) == FED_OK;
}

static int on_string(void *ctx, const unsigned char *s, size_t n)
{
	struct json_parser *const p = ctx;

	p->event = p->before + p->at;
	p->opened = false;
	return fail_sink(p, p->sink->string(p->sink->ctx, (const char *)s, n, p->err)) == FED_OK;
}

static int on_key(void *ctx, const unsigned char *s, size_t n)
{
	struct json_parser *const p = ctx;

	p->event = p->before + p->at;
	return fail_sink(p, p->sink->key(p->sink->ctx, (const char *)s, n, p->err)) == FED_OK;
}

static int on_open(struct json_parser *p, bool array)
{
	p->event = p->before + p->at;
	p->opened = array;
	if (++p->depth > DEPTH_MAX)
		return fail_at(p, p->event, "more than %d lists lie in one another", DEPTH_MAX) == FED_OK;
	return fail_sink(p, p->sink->open(p->sink->ctx, array, p->err)) == FED_OK;
}

static int on_open_map(void *ctx)
{
	return on_open(ctx, false);
}

static int on_open_array(void *ctx)
{
	return on_open(ctx, true);
}

static int on_close(void *ctx)
{
	struct json_parser *const p = ctx;

	p->event = p->before + p->at;
	p->opened = false;
	p->depth--;
	return fail_sink(p, p->sink->close(p->sink->ctx, p->err)) == FED_OK;
}

static const yajl_callbacks callbacks = {
	.yajl_null = on_null,
	.yajl_boolean = on_boolean,
	.yajl_number = on_number,
	.yajl_string = on_string,
	.yajl_start_map = on_open_map,
	.yajl_map_key = on_key,
	.yajl_end_map = on_close,
	.yajl_start_array = on_open_array,
	.yajl_end_array = on_close,
};

/* What Python's json writes for numbers that JSON has not. */
static bool is_not_finite(const char *s, size_t n)
{
	static const char *const words[] = {"NaN", "Infinity", "-Infinity", "nan", "inf", "-inf"};

	for (size_t i = 0; i < sizeof words / sizeof *words; i++)
		if (n >= strlen(words[i]) && !memcmp(s, words[i], strlen(words[i])))
			return true;
	return false;
}

/* FED_FAIL in words, from yajl's own of its error in these bytes. */
static int fail_grammar(struct json_parser *p, const char *s, size_t n)
{
	const size_t used = yajl_get_bytes_consumed(p->yajl);
	const size_t wrong = used > 0 && used <= n ? used - 1 : 0;
	const uint64_t byte = p->before + (uint64_t)(s - p->buffer) + wrong;
	unsigned char *const words = yajl_get_error(p->yajl, 0, NULL, 0);
	const char *colon = words ? strchr((const char *)words, ':') : NULL;
	char why[120];

	snprintf(why, sizeof why, "%.100s", colon ? colon + 2 : "it is damaged");
	why[strcspn(why, ".\n")] = '\0';
	if (words)
		yajl_free_error(p->yajl, words);
	for (size_t i = wrong > 1 ? wrong - 1 : 0; i <= wrong; i++)
		if (is_not_finite(s + i, n - i))
			return fail_at(p, byte,
			               "stands %.*s for a number, which JSON has not; replace such values "
			               "before the file is written",
			               (int)strcspn(s + i, ",]} \n"), s + i);
	if (strstr(why, "UTF8"))
		return fail_at(p, byte, "a text is no UTF-8; convert the file to UTF-8");
	return fail_at(p, byte, "no JSON: %s; convert or fetch the file again", why);
}

/* Let yajl parse bytes of the buffer, or others that are shown to it. */
static int feed(struct json_parser *p, const char *s, size_t n)
{
	if (setjmp(p->out_of_memory))
		return p->rc = fed_fail_memory(p->err, n, "JSON");

	const yajl_status status = yajl_parse(p->yajl, (const unsigned char *)s, n);

	if (status == yajl_status_ok)
		return FED_OK;
	if (status == yajl_status_client_canceled && p->rc != FED_OK)
		return p->rc;
	return fail_grammar(p, s, n);
}

/* A number and a comma for those that were read without yajl. */
static int feed_number(struct json_parser *p)
{
	p->muted = true;
	const int rc = feed(p, "0,", 2);
	p->muted = false;
	return rc;
}

/* Bytes of the buffer up to `to`. */
static int feed_to(struct json_parser *p, size_t to)
{
	const size_t from = p->at;

	if (p->before + from - p->event > TOKEN_MAX)
		return fail_at(p, p->event, "a text is longer than %d MB", TOKEN_MAX >> 20);
	p->at = to;
	return to > from ? feed(p, p->buffer + from, to - from) : FED_OK;
}

/* Numbers --------------------------------------------------------------------------------- */

/* Move what is left to the begin of the buffer, and fill it. */
static int refill(struct json_parser *p)
{
	struct fed_error why;
	size_t got = 0;

	memmove(p->buffer, p->buffer + p->at, p->n - p->at);
	p->before += p->at;
	p->n -= p->at;
	p->at = 0;
	if (fed_reader_some(p->reader, p->buffer + p->n, BUFFER - p->n, &got, &why))
		return p->rc = fed_fail(p->err, "%s", why.text);
	p->ended = got < BUFFER - p->n;
	p->n += got;
	return FED_OK;
}

static inline size_t behind_blanks(const struct json_parser *p, size_t at)
{
	while (at < p->n && (p->buffer[at] == ' ' || p->buffer[at] == '\n' || p->buffer[at] == '\t' ||
	                     p->buffer[at] == '\r'))
		at++;
	return at;
}

enum { MORE = 1, ALL = 2 }; /* results of scan() beside failures, which are below 0 */

/* Numbers that are whole in the buffer, up to what is none; *comma: one stands before it. */
static int scan(struct json_parser *p, bool *any, bool *comma)
{
	const char *const end = p->buffer + p->n;
	double x;

	for (;;) {
		const size_t begin = behind_blanks(p, p->at);
		const size_t used = begin < p->n ? fed__decimal(p->buffer + begin, end, &x) : 0;
		const size_t behind = behind_blanks(p, begin + used);

		if (begin == p->n || (used && behind == p->n))
			return MORE;
		if (!used || (*any && !*comma) || (p->buffer[behind] != ',' && p->buffer[behind] != ']'))
			return ALL;
		if (add_number(p, x, p->before + begin))
			return -1;
		*any = true;
		*comma = p->buffer[behind] == ',';
		p->at = behind + *comma;
	}
}

/* The numbers behind a `[`. */
static int read_numbers(struct json_parser *p)
{
	bool any = false, comma = false;
	int state;

	while ((state = scan(p, &any, &comma)) == MORE && !p->ended && p->at > 0)
		if (refill(p))
			return p->rc;
	if (state < 0 || give_numbers(p))
		return p->rc;
	p->event = p->before + p->at;
	return comma ? feed_number(p) : FED_OK;
}

/* The file -------------------------------------------------------------------------------- */

static int skip_mark(struct json_parser *p)
{
	if (p->n >= 3 && !memcmp(p->buffer, "\xef\xbb\xbf", 3))
		p->at = 3;
	if (p->n >= 2 && (!memcmp(p->buffer, "\xff\xfe", 2) || !memcmp(p->buffer, "\xfe\xff", 2)))
		return fail_at(p, 0, "is UTF-16; convert the file to UTF-8");
	return FED_OK;
}

static int fail_end(struct json_parser *p)
{
	return fail_at(p, p->before + p->n, "the file ends too early; fetch or write it again");
}

static int parse(struct json_parser *p)
{
	if (refill(p) || skip_mark(p))
		return p->rc;
	while (p->at < p->n) {
		const char *const array = memchr(p->buffer + p->at, '[', p->n - p->at);

		p->opened = false;
		if (feed_to(p, array ? (size_t)(array - p->buffer) + 1 : p->n))
			return p->rc;
		if (p->opened && read_numbers(p))
			return p->rc;
		if (p->at == p->n && !p->ended && refill(p))
			return p->rc;
	}
	if (p->depth > 0 || p->before + p->n == 0)
		return fail_end(p);
	if (setjmp(p->out_of_memory))
		return p->rc = fed_fail_memory(p->err, 1, "JSON");
	return yajl_complete_parse(p->yajl) == yajl_status_ok ? FED_OK : fail_end(p);
}

static int start_yajl(struct json_parser *p)
{
	yajl_alloc_funcs memory = {
		.malloc = yajl_take, .realloc = yajl_enlarge, .free = yajl_give, .ctx = p};

	if (setjmp(p->out_of_memory))
		return p->rc = fed_fail_memory(p->err, 1, "JSON");
	p->yajl = yajl_alloc(&callbacks, &memory, p);
	return FED_OK;
}

int fed__json_read(const char *path, const struct fed_json_sink *sink, struct fed_error *err)
{
	const char *const slash = strrchr(path, '/');
	struct json_parser *const p = fed_alloc(sizeof *p);
	int rc;

	if (!p)
		return fed_fail_memory(err, sizeof *p, "JSON");
	p->sink = sink;
	p->err = err;
	p->name = fed_show(slash ? slash + 1 : path);
	p->buffer = fed_alloc(BUFFER);
	if (!p->buffer)
		rc = fed_fail_memory(err, BUFFER, "JSON");
	else
		rc = fed_reader_open(&p->reader, path, err);
	if (rc == FED_OK) {
		rc = start_yajl(p);
		if (rc == FED_OK)
			rc = parse(p);
		fed_reader_free(p->reader);
	}
	while (p->blocks)
		yajl_give(p, p->blocks->data);
	fed_free(p->buffer);
	fed_free(p);
	return rc;
}
