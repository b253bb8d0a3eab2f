/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * network/keys.c - key pairs in files, fingerprints, class codes and boxes, by libsodium.
 */
#include "network/keys.h"

#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/text.h"
#include "network/network.h"
#include "network/sockets.h"

enum {
	CODE_SYMBOLS = 12,
	CODE_RANDOM = 4,
	KEY_FILE_BYTES = 512, /* at most */
};
/* Crockford's base 32. */
static const char symbols[] = "0123456789ABCDEFGHJKMNPQRSTVWXYZ";
static const char file_head[] =
	"# fedsh key pair: it is who you are to a server; keep it to yourself\n";

void fed__keys_begin(void)
{
	if (sodium_init() < 0)
		return; /* randombytes_buf() ends the program where the system has no random numbers */
}

uint32_t fed__keys_life(void)
{
	uint32_t life;

	do
		randombytes_buf(&life, sizeof life);
	while (life == 0);
	return life;
}

/* Key pairs --------------------------------------------------------------------- */

void fed_key_pair_forget(struct fed_key_pair *keys)
{
	sodium_memzero(keys, sizeof *keys);
}

static void make_pair(struct fed_key_pair *keys)
{
	uint8_t open[crypto_box_PUBLICKEYBYTES], secret[crypto_box_SECRETKEYBYTES];

	crypto_box_keypair(open, secret);
	fed__key_text(open, keys->open);
	fed__key_text(secret, keys->secret);
	sodium_memzero(secret, sizeof secret);
}

/* Whether the public key is that of the secret one. */
static bool fit(const struct fed_key_pair *keys)
{
	uint8_t open[crypto_box_PUBLICKEYBYTES], secret[crypto_box_SECRETKEYBYTES];
	uint8_t derived[crypto_box_PUBLICKEYBYTES];

	const bool fits = fed__key_bytes(keys->open, open) && fed__key_bytes(keys->secret, secret) &&
	                  crypto_scalarmult_base(derived, secret) == 0 &&
	                  sodium_memcmp(open, derived, sizeof open) == 0;
	sodium_memzero(secret, sizeof secret);
	return fits;
}

/* The word behind `name` at the beginning of a line. */
static bool find_key(const char *text, const char *name, char out[FED_KEY_TEXT])
{
	const size_t n = strlen(name);

	for (const char *line = text; line; line = strchr(line, '\n'), line += line ? 1 : 0) {
		if (strncmp(line, name, n) != 0 || line[n] != ' ')
			continue;
		if (strcspn(line + n + 1, "\n") != FED_KEY_TEXT - 1)
			return false;
		memcpy(out, line + n + 1, FED_KEY_TEXT - 1);
		out[FED_KEY_TEXT - 1] = '\0';
		return true;
	}
	return false;
}

static int read_pair(int fd, const char *path, struct fed_key_pair *keys, struct fed_error *err)
{
	char text[KEY_FILE_BYTES + 1];
	struct stat st;

	if (fstat(fd, &st))
		return fed_fail(err, "%s: %s", fed_show(path).s, strerror(errno));
	if (!S_ISREG(st.st_mode))
		return fed_fail(err, "%s: is no regular file", fed_show(path).s);
	if (st.st_uid != geteuid())
		return fed_fail(err, "%s: belongs to another user", fed_show(path).s);
	if (st.st_mode & 077)
		return fed_fail(err,
		                "%s: others may read this key (mode %03o); run chmod 600, or remove it",
		                fed_show(path).s, (unsigned)(st.st_mode & 0777));
	const ssize_t n = read(fd, text, KEY_FILE_BYTES);
	if (n < 0)
		return fed_fail(err, "%s: %s", fed_show(path).s, strerror(errno));
	text[n] = '\0';
	const bool found =
		find_key(text, "public", keys->open) && find_key(text, "secret", keys->secret) && fit(keys);
	sodium_memzero(text, sizeof text);
	if (found)
		return FED_OK;
	fed_key_pair_forget(keys);
	return fed_fail(err, "%s: has no key pair; remove it, and a new one is made", fed_show(path).s);
}

/* Folders on the way to the file that are missing. */
static int make_folders(const char *path, struct fed_error *err)
{
	struct fed_text folder = {0};
	int rc = FED_OK;

	for (const char *slash = strchr(path + 1, '/'); slash && rc == FED_OK;
	     slash = strchr(slash + 1, '/')) {
		fed_text_clear(&folder);
		fed_text_put(&folder, path, (size_t)(slash - path));
		if (folder.failed)
			rc = fed_fail(err, "out of memory (a path)");
		else if (mkdir(folder.s, 0700) && errno != EEXIST)
			rc = fed_fail(err, "%s: %s", fed_show(folder.s).s, strerror(errno));
	}
	fed_text_release(&folder);
	return rc;
}

static bool write_pair(int fd, const struct fed_key_pair *keys)
{
	char text[KEY_FILE_BYTES];
	const int n = snprintf(text, sizeof text, "%spublic %s\nsecret %s\n", file_head, keys->open,
	                       keys->secret);
	const bool written = write(fd, text, (size_t)n) == n && fsync(fd) == 0;

	sodium_memzero(text, sizeof text);
	return written;
}

/* Written beside the path, and linked to it unless another process was faster. */
static int write_new(const char *path, struct fed_error *err)
{
	struct fed_text temporary = {0};
	struct fed_key_pair keys;
	int rc = FED_OK;

	fed_text_add(&temporary, "%s.XXXXXX", path);
	if (temporary.failed)
		return fed_fail(err, "out of memory (a path)");
	const int fd = mkostemp(temporary.s, O_CLOEXEC); /* mode 0600 */
	if (fd < 0) {
		rc = fed_fail(err, "%s: %s", fed_show(path).s, strerror(errno));
		fed_text_release(&temporary);
		return rc;
	}
	make_pair(&keys);
	if (!write_pair(fd, &keys) || (link(temporary.s, path) && errno != EEXIST))
		rc = fed_fail(err, "%s: %s", fed_show(path).s, strerror(errno));
	fed_key_pair_forget(&keys);
	close(fd);
	unlink(temporary.s);
	fed_text_release(&temporary);
	return rc;
}

int fed_key_pair_of(const char *path, struct fed_key_pair *keys, struct fed_error *err)
{
	*keys = (struct fed_key_pair){.open = ""};
	fed__keys_begin();
	for (int turn = 0;; turn++) {
		const int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
		if (fd >= 0) {
			const int rc = read_pair(fd, path, keys, err);
			close(fd);
			return rc;
		}
		if (errno != ENOENT || turn > 0)
			return fed_fail(err, "%s: %s", fed_show(path).s, strerror(errno));
		if (make_folders(path, err) || write_new(path, err))
			return FED_FAIL;
	}
}

/* What people read ---------------------------------------------------------------- */

/* The first 5 * n bits as n symbols. */
static void put_symbols(char *out, const uint8_t *bytes, unsigned n)
{
	for (unsigned i = 0; i < n; i++) {
		const unsigned bit = 5 * i;
		const unsigned pair = (unsigned)bytes[bit / 8] << 8 | bytes[bit / 8 + 1];
		out[i] = symbols[pair >> (11 - bit % 8) & 31];
	}
}

/* In groups of four. */
static void put_groups(char *out, const char *typed, unsigned n)
{
	for (unsigned i = 0; i < n; i++) {
		if (i > 0 && i % 4 == 0)
			*out++ = '-';
		*out++ = typed[i];
	}
	*out = '\0';
}

void fed_key_fingerprint(const char *open, char out[20])
{
	uint8_t key[32] = {0}, digest[32];
	char text[16];

	fed__keys_begin();
	fed__key_bytes(open, key);
	crypto_generichash(digest, sizeof digest, key, sizeof key, NULL, 0);
	put_symbols(text, digest, sizeof text);
	put_groups(out, text, sizeof text);
}

void fed__keys_word(const char *text, size_t n, char out[10])
{
	uint8_t digest[FED_SEAL_DIGEST];
	char word[8];

	fed__keys_digest((const uint8_t *)text, n, digest);
	put_symbols(word, digest, sizeof word);
	put_groups(out, word, sizeof word);
}

/* Boxes --------------------------------------------------------------------------- */

void fed__keys_random(uint8_t *out, size_t n)
{
	fed__keys_begin();
	randombytes_buf(out, n);
}

void fed__keys_forget(void *bytes, size_t n)
{
	sodium_memzero(bytes, n);
}

bool fed__keys_box(const struct fed_key_pair *keys, const char *to, const uint8_t *nonce,
                   const uint8_t *in, size_t n, uint8_t *out)
{
	uint8_t open[crypto_box_PUBLICKEYBYTES], secret[crypto_box_SECRETKEYBYTES];

	const bool made = fed__key_bytes(to, open) && fed__key_bytes(keys->secret, secret) &&
	                  crypto_box_easy(out, in, n, nonce, open, secret) == 0;
	sodium_memzero(secret, sizeof secret);
	return made;
}

bool fed__keys_open_box(const struct fed_key_pair *keys, const char *from, const uint8_t *nonce,
                        const uint8_t *box, size_t n, uint8_t *out)
{
	uint8_t open[crypto_box_PUBLICKEYBYTES], secret[crypto_box_SECRETKEYBYTES];

	const bool opens = fed__key_bytes(from, open) && fed__key_bytes(keys->secret, secret) &&
	                   crypto_box_open_easy(out, box, n + FED_SEAL_MAC, nonce, open, secret) == 0;
	sodium_memzero(secret, sizeof secret);
	return opens;
}

void fed__keys_encrypt(const uint8_t *key, const uint8_t *nonce, const void *in, size_t n,
                       uint8_t *out)
{
	crypto_secretbox_easy(out, in, n, nonce, key);
}

bool fed__keys_decrypt(const uint8_t *key, const uint8_t *nonce, const uint8_t *in, size_t n,
                       void *out)
{
	return crypto_secretbox_open_easy(out, in, n, nonce, key) == 0;
}

void fed__keys_digest(const uint8_t *bytes, size_t n, uint8_t out[FED_SEAL_DIGEST])
{
	fed__keys_begin();
	crypto_generichash(out, FED_SEAL_DIGEST, bytes, n, NULL, 0);
}

/* A class code ---------------------------------------------------------------------- */

/* The eight symbols that belong to the four at the beginning of `code`. */
static void digest_code(const char *open, const char *code, char out[CODE_SYMBOLS - CODE_RANDOM])
{
	uint8_t key[32] = {0}, digest[32];

	fed__keys_begin();
	fed__key_bytes(open, key);
	crypto_generichash(digest, sizeof digest, key, sizeof key, (const uint8_t *)code, CODE_RANDOM);
	put_symbols(out, digest, CODE_SYMBOLS - CODE_RANDOM);
}

void fed_class_code_make(const char *open, char out[FED_CODE_TEXT])
{
	uint8_t random[CODE_RANDOM];
	char code[CODE_SYMBOLS];

	fed__keys_begin();
	randombytes_buf(random, sizeof random);
	for (int i = 0; i < CODE_RANDOM; i++)
		code[i] = symbols[random[i] & 31];
	digest_code(open, code, code + CODE_RANDOM);
	put_groups(out, code, CODE_SYMBOLS);
}

/* A typed code as its symbols; false: it is none. */
static bool read_code(const char *typed, char out[CODE_SYMBOLS])
{
	unsigned n = 0;

	for (; *typed; typed++) {
		if (*typed == '-' || *typed == ' ')
			continue;
		const int c = toupper((unsigned char)*typed);
		const char symbol = (char)(c == 'O' ? '0' : c == 'I' || c == 'L' ? '1' : c);
		if (n == CODE_SYMBOLS || !strchr(symbols, symbol))
			return false;
		out[n++] = symbol;
	}
	return n == CODE_SYMBOLS;
}

bool fed_class_code_is_of(const char *code, const char *open)
{
	char read[CODE_SYMBOLS], digest[CODE_SYMBOLS - CODE_RANDOM];
	uint8_t key[32];

	if (!read_code(code, read) || !fed__key_bytes(open, key))
		return false;
	digest_code(open, read, digest);
	return sodium_memcmp(read + CODE_RANDOM, digest, sizeof digest) == 0;
}

bool fed_class_code_equal(const char *a, const char *b)
{
	char first[CODE_SYMBOLS] = {0}, second[CODE_SYMBOLS] = {1};
	const int codes = read_code(a, first) + read_code(b, second);
	const int differ = sodium_memcmp(first, second, CODE_SYMBOLS) != 0;

	return codes - differ == 2;
}
