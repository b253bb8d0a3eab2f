/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * data/readers/pictures/cifar_files.h - the files of CIFAR-10 or CIFAR-100, binary version, from a
 * folder or an archive; for core/data alone.
 */
#ifndef FED_DATA_READERS_PICTURES_CIFAR_FILES_H
#define FED_DATA_READERS_PICTURES_CIFAR_FILES_H

#include "data/dataset.h"

enum fed_cifar_role {
	FED_CIFAR_TRAIN,
	FED_CIFAR_TEST,
	FED_CIFAR_NAMES,  /* of the (fine) classes, a line each */
	FED_CIFAR_COARSE, /* of CIFAR-100's coarse classes */
};

struct fed_cifar_file {
	char name[32];
	enum fed_cifar_role role;
	int set;    /* 10 or 100 */
	int number; /* of a batch */
	uint8_t *bytes;
	size_t n;
};

struct fed_cifar_files {
	struct fed_cifar_file *file; /* [n]: training by number, test, names */
	size_t n;
	char *place; /* path of the folder or archive that they are in, with folders below looked in */
};

/* Whether a folder, one below it or an archive holds such files. */
bool fed__cifar_found(const char *path, bool folder);
/* Read them all.  FED_FAIL: files are missing or cannot be read; FED_REJECT: stopped. */
int fed__cifar_read(struct fed_cifar_files *, const char *path, const struct fed_generation *,
                    struct fed_error *);
void fed__cifar_release(struct fed_cifar_files *);

#endif
