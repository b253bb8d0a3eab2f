/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * checkpoint/format.h - the fixed bytes of a saved file, for saver.c and loader.c.
 */
#ifndef FED_CHECKPOINT_FORMAT_H
#define FED_CHECKPOINT_FORMAT_H

#include "checkpoint/sections.h"

#define FED_FILE_MAGIC "FEDSHSAV"
/* 1: no links; 2: no books; 3: no faults; 4: no open round; 5: no changes in it;
 * 6: nothing under way; 7: no rest; 8: no breakpoints, no numbers of kept runs */
#define FED_FILE_VERSION 9u
#define FED_FILE_HEAD 12                        /* magic and version; then their CRC-32 */
#define FED_SECTION_HEAD (FED_SECTION_NAME + 8) /* name and length; then their CRC-32 */

#endif
