/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * shell/language/plugin_files.h - the files of a plugin by its name.
 *
 * A plugin has a folder: NAME/NAME.c is its source and NAME/NAME.so is built from it.  Files of the
 * same names without the folder, and paths, are found too.
 */
#ifndef FED_SHELL_LANGUAGE_PLUGIN_FILES_H
#define FED_SHELL_LANGUAGE_PLUGIN_FILES_H

#include "plug/registry.h"
#include "shell/shell.h"

/* Append the path of the source: of NAME/NAME.c and NAME.c, NAME with or without its ending, the
 * first that exists; else what lies beside the file of the loaded plugin NAME.  Refuses C++. */
int fed__plugin_source(const struct fed_shell *, const char *name, struct fed_text *path,
                       struct fed_error *);
/* Append the path of the source beside a plugin's file; false: there is none. */
bool fed__plugin_source_beside(const struct fed_entry *, struct fed_text *path);
/* Append the path of the object to load: NAME itself if it is a file, else NAME/NAME.so or NAME.so,
 * NAME with or without its ending. */
int fed__plugin_object(const char *name, struct fed_text *path, struct fed_error *);
/* Append the path of the object that `build` makes from a source. */
void fed__plugin_object_of(const char *source, struct fed_text *path);
/* The plugin that was loaded from a file, or NULL. */
const struct fed_entry *fed__plugin_of(const struct fed_shell *, const char *object);
/* The k-th plugin of a name, over all kinds; NULL past the last. */
const struct fed_entry *fed__plugin_named(const struct fed_shell *, const char *name, size_t k);
/* The first plugin of the name; NULL: err has the nearest name. */
const struct fed_entry *fed__plugin_find(const struct fed_shell *, const char *name,
                                         struct fed_error *);

#endif
