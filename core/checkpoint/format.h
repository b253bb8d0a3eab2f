/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * checkpoint/format.h - magic number, format version and header lengths of a saved file.
 */
#ifndef FED_CHECKPOINT_FORMAT_H
#define FED_CHECKPOINT_FORMAT_H

#include <endian.h>

#include "checkpoint/sections.h"

#define FED_FILE_MAGIC "FEDSHSAV"
#define FED_FILE_VERSION 1u
#define FED_FILE_HEAD 12                        /* magic and version; then their CRC-32 */
#define FED_SECTION_HEAD (FED_SECTION_NAME + 8) /* name and length; then their CRC-32 */

/* Whether numbers lie in memory in another order than in a file. */
static const bool fed__order_differs = __BYTE_ORDER != __LITTLE_ENDIAN;

#endif
