/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * torturing/torture.h - parts of the torture: each tries one thing, drawn from a seed.
 */
#ifndef FED_TEST_TORTURE_H
#define FED_TEST_TORTURE_H

#include <stdbool.h>

#include "base/random.h"
#include "base/text.h"
#include "session/session.h"
#include "shell/lab.h"
#include "support/suite.h"

/* What a part draws from, and the folder where it runs, which is empty at first. */
struct torture {
	struct fed_stream random;
	uint64_t seed;
	const char *folder;
};

struct torture_part {
	const char *name, *help;
	void (*try_one)(struct torture *); /* fails by Check's assertions */
};

void torture_memory(struct torture *);
void torture_every(struct torture *);
void torture_files(struct torture *);
void torture_writes(struct torture *);
void torture_shared(struct torture *);
void torture_frames(struct torture *);
void torture_kill(struct torture *);
void torture_flips(struct torture *);
void torture_commands(struct torture *);
void torture_watch(struct torture *);

/* scripts.c */
extern const char *const *const torture_scripts[];
uint32_t torture_below(struct torture *, uint32_t n);
/* A snapshot of the session; false: none can be taken (over real connections). */
bool torture_snapshot(const struct fed_session *, struct fed_text *);
bool torture_same(const struct fed_text *, const struct fed_text *);
/* What fails of a command: its k-th allocation, file operation, piece of shared memory; 0: none. */
struct torture_failure {
	uint64_t memory, file, shared;
	int error; /* of the file operation */
};
/* Run a command while something fails; it must fail with a sentence and change nothing, or
 * succeed.  Returns whether all that was to fail is still ahead: it does not go that far. */
bool torture_run(struct shell_lab *, const char *line, struct torture_failure);
unsigned torture_temporaries(const char *folder); /* how many files of writers are in it */
/* The try's own folder for the program's state. */
void torture_own_state(const struct torture *);
/* A number from 1 on, each order of magnitude as probable as the others. */
uint64_t torture_position(struct torture *, uint32_t most);

#endif
