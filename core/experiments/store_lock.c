/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * experiments/store_lock.c - locks of studies that are being run.
 */
#include "experiments/store_lock.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>

/* The byte of the lock file that stands for a study. */
static struct flock byte_of(const struct fed_stored_study *study, short type)
{
	return (struct flock){
		.l_type = type, .l_whence = SEEK_SET, .l_start = (off_t)study->id, .l_len = 1};
}

int fed__study_lock(int *file, const char *path, const struct fed_stored_study *study,
                    struct fed_error *err)
{
	struct flock byte = byte_of(study, F_WRLCK);
	struct fed_text name = {0};

	fed_text_add(&name, "%s.lock", path);
	if (*file < 0 && !name.failed)
		*file = open(name.s, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
	const int error = errno;
	fed_text_release(&name);
	if (*file < 0)
		return fed_fail(err, "%s.lock: %s", path, strerror(error));
	if (fcntl(*file, F_OFD_SETLK, &byte) == 0)
		return FED_OK;
	if (errno == EAGAIN || errno == EACCES)
		return fed_reject(
			err, "study %s is being run by another program; `study %s` shows how far it is",
			study->name, study->name);
	return fed_fail(err, "%s.lock: %s", path, strerror(errno));
}

void fed__study_unlock(int file, const struct fed_stored_study *study)
{
	struct flock byte = byte_of(study, F_UNLCK);

	if (file >= 0)
		fcntl(file, F_OFD_SETLK, &byte);
}
