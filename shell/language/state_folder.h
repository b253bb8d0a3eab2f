/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * shell/language/state_folder.h - the folders of what the program keeps from one session to the
 * next: the history of lines, and what autosave wrote; studies.
 */
#ifndef FED_SHELL_LANGUAGE_STATE_FOLDER_H
#define FED_SHELL_LANGUAGE_STATE_FOLDER_H

#include "base/text.h"

/* Append $XDG_STATE_HOME/fedsh/NAME, or ~/.local/state/fedsh/NAME, and make the folders above it,
 * for the user alone; a failure of that shows when the file is written.  False: there is no home,
 * or no memory. */
bool fed__state_path(struct fed_text *, const char *name);

/* The same of $XDG_DATA_HOME/fedsh/NAME, or ~/.local/share/fedsh/NAME: what the user made. */
bool fed__data_path(struct fed_text *, const char *name);

#endif
