/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * shell/serving/key_files.c - where key pairs are, and the file of known servers: a line
 * "HOST:PORT KEY" each.
 */
#include "shell/serving/key_files.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <unistd.h>

#include "base/file.h"
#include "base/mem.h"
#include "shell/language/state_folder.h"

bool fed__key_path(struct fed_text *path, const char *name)
{
	struct fed_text file = {0};

	/* letters, digits, - and _ as they are; others by their number */
	fed_text_add(&file, "keys/");
	for (const char *c = name; *c; c++) {
		const unsigned char x = (unsigned char)*c;
		const bool plain =
			(x >= '0' && x <= '9') || ((x | 32) >= 'a' && (x | 32) <= 'z') || x == '-' || x == '_';

		fed_text_add(&file, plain ? "%c" : "%%%02x", x);
	}
	fed_text_add(&file, ".key");
	const bool found = !file.failed && fed__state_path(path, fed_text_str(&file));
	fed_text_release(&file);
	return found;
}

/* Known servers -------------------------------------------------------------------------- */

static bool known_path(struct fed_text *path)
{
	return fed__state_path(path, "known-servers");
}

/* Read the file's lines but those of this server; *key: what it had, or "". */
static void read_others(const char *path, const char *server, struct fed_text *others,
                        char key[FED_KEY_TEXT])
{
	char line[512];
	FILE *f = fopen(path, "re");

	key[0] = '\0';
	while (f && fgets(line, sizeof line, f)) {
		const size_t n = strcspn(line, " \n");

		if (n != strlen(server) || strncmp(line, server, n) != 0)
			fed_text_add(others, "%s", line);
		else if (line[n] == ' ')
			snprintf(key, FED_KEY_TEXT, "%.*s", (int)strcspn(line + n + 1, " \n"), line + n + 1);
	}
	if (f)
		fclose(f);
}

static int write_lines(const char *path, const struct fed_text *lines, struct fed_error *err)
{
	struct fed_file_writer w;

	if (lines->failed)
		return fed_fail_memory(err, lines->len, "the file of known servers");
	if (fed_file_open(&w, path, err))
		return FED_FAIL;
	fed_file_write(&w, fed_text_str(lines), lines->len);
	return fed_file_commit(&w, err);
}

/* Programs that join at the same time write one after the other; below 0: without. */
static int lock_file(const char *path)
{
	struct fed_text name = {0};

	fed_text_add(&name, "%s.lock", path);
	const int fd = name.failed ? -1 : open(name.s, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
	fed_text_release(&name);
	if (fd >= 0)
		(void)flock(fd, LOCK_EX);
	return fd;
}

bool fed__known_server(const char *host, uint16_t port, char key[FED_KEY_TEXT])
{
	struct fed_text path = {0}, others = {0};

	key[0] = '\0';
	if (known_path(&path))
		read_others(fed_text_str(&path), fed_network_host_port(host, port).s, &others, key);
	fed_text_release(&path);
	fed_text_release(&others);
	return strlen(key) == FED_KEY_TEXT - 1;
}

/* The other lines, and one of this server; key NULL: none. */
static int rewrite(const char *host, uint16_t port, const char *key, bool *was,
                   struct fed_error *err)
{
	struct fed_text path = {0}, lines = {0};
	const struct fed_host_port server = fed_network_host_port(host, port);
	char before[FED_KEY_TEXT];

	if (!known_path(&path)) {
		fed_text_release(&path);
		return fed_fail(err, "there is no home folder for the file of known servers; set HOME");
	}
	const int lock = lock_file(fed_text_str(&path));
	read_others(fed_text_str(&path), server.s, &lines, before);
	*was = *before;
	if (key)
		fed_text_add(&lines, "%s %s\n", server.s, key);
	const int rc = write_lines(fed_text_str(&path), &lines, err);
	if (lock >= 0)
		close(lock);
	fed_text_release(&path);
	fed_text_release(&lines);
	return rc;
}

int fed__known_server_add(const char *host, uint16_t port, const char *key, struct fed_error *err)
{
	bool unused;

	return rewrite(host, port, key, &unused, err);
}

int fed__known_server_forget(const char *host, uint16_t port, bool *was, struct fed_error *err)
{
	return rewrite(host, port, NULL, was, err);
}

int fed__known_server_check(const char *host, uint16_t port, const char *key, struct fed_error *err)
{
	const struct fed_host_port server = fed_network_host_port(host, port);
	char known[FED_KEY_TEXT], now[20];

	if (!fed__known_server(host, port, known) || strcmp(known, key) == 0)
		return FED_OK;
	fed_key_fingerprint(key, now);
	return fed_fail(err,
	                "%s has another key than when you joined it first; if the lecturer's screen "
	                "shows %s, `fedsh join --forget %s` forgets the old one",
	                fed_show(server.s).s, now, fed_show(server.s).s);
}
