/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * plug/elf/image.h - the bytes of an ELF object and access to its tables, which are copied byte by
 * byte, since a damaged file may be misaligned (private to plug/elf*.c).
 */
#ifndef FED_PLUG_ELF_IMAGE_H
#define FED_PLUG_ELF_IMAGE_H

#include <elf.h>
#include <link.h>
#include <string.h>

#include "fedsh/plugin.h"

typedef ElfW(Ehdr) elf_header;
typedef ElfW(Phdr) elf_segment;
typedef ElfW(Shdr) elf_section;
typedef ElfW(Dyn) elf_dynamic;
typedef ElfW(Sym) elf_symbol;

#if UINTPTR_MAX > 0xffffffffu
#define RELOCATION_TYPE ELF64_R_TYPE
#define RELOCATION_SYMBOL ELF64_R_SYM
#else
#define RELOCATION_TYPE ELF32_R_TYPE
#define RELOCATION_SYMBOL ELF32_R_SYM
#endif

struct image {
	const unsigned char *bytes;
	size_t size;
};

static inline bool inside(const struct image *f, uint64_t offset, uint64_t n)
{
	return offset <= f->size && n <= f->size - offset;
}

/* Row i of the section headers, which are inside the bytes. */
static inline elf_section section_at(const struct image *f, const elf_header *h, unsigned i)
{
	elf_section s;

	memcpy(&s, f->bytes + h->e_shoff + i * sizeof s, sizeof s);
	return s;
}

/* Likewise of the program headers. */
static inline elf_segment segment_at(const struct image *f, const elf_header *h, unsigned i)
{
	elf_segment s;

	memcpy(&s, f->bytes + h->e_phoff + i * sizeof s, sizeof s);
	return s;
}

/* Text number `at` of a string table, or "" when it is outside. */
static inline const char *string_at(const struct image *f, const elf_section *strings, uint64_t at)
{
	const char *text = (const char *)f->bytes + strings->sh_offset;

	if (at >= strings->sh_size || !memchr(text + at, '\0', strings->sh_size - at))
		return "";
	return text + at;
}

/* The name of a section, or "". */
static inline const char *section_name(const struct image *f, const elf_header *h,
                                       const elf_section *section)
{
	if (h->e_shstrndx >= h->e_shnum)
		return "";
	const elf_section strings = section_at(f, h, h->e_shstrndx);
	return strings.sh_type == SHT_STRTAB ? string_at(f, &strings, section->sh_name) : "";
}

/* Check the dynamic segment against the sections; all tables must be inside the bytes. */
int fed__elf_check_dynamic(const struct image *, const elf_header *, struct fed_error *);
/* Check what the tables hold, after that. */
int fed__elf_check_tables(const struct image *, const elf_header *, struct fed_error *);

#endif
