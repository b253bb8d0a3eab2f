/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * plug/elf/dynamic.c - the dynamic segment of an ELF object, which the loader follows without a
 * look, held against the section headers, which say the same once more.
 */
#include "plug/elf/image.h"

#ifndef SHT_RELR
#define SHT_RELR 19
#endif
#ifndef DT_RELR
#define DT_RELRSZ 35
#define DT_RELR 36
#define DT_RELRENT 37
#endif

enum { ENTRIES_MOST = 256 }; /* of a dynamic segment: some 30 are usual */

/* The present check. */
struct check {
	const struct image *f;
	const elf_header *h;
	elf_dynamic entry[ENTRIES_MOST]; /* [n], before the one that ends them */
	size_t n;
	struct fed_error *err;
};

/* How many entries have this tag; *value: of the last. */
static unsigned find(const struct check *c, int64_t tag, uint64_t *value)
{
	unsigned n = 0;

	for (size_t i = 0; i < c->n; i++) {
		if (c->entry[i].d_tag == tag) {
			*value = c->entry[i].d_un.d_val;
			n++;
		}
	}
	return n;
}

static int refuse(const struct check *c, int64_t tag, const char *what)
{
	return fed_reject(c->err, "is damaged: entry 0x%llx of its dynamic segment %s",
	                  (unsigned long long)tag, what);
}

/* The loaded section of this type (0: any) at this address; false: there is none. */
static bool section_of(const struct check *c, uint32_t type, uint64_t address, elf_section *out)
{
	for (unsigned i = 0; i < c->h->e_shnum; i++) {
		*out = section_at(c->f, c->h, i);
		if ((out->sh_flags & SHF_ALLOC) && (type == 0 || out->sh_type == type) &&
		    out->sh_addr == address && out->sh_size > 0)
			return true;
	}
	return false;
}

/* Whether sections of this type fill these bytes without a gap. */
static bool is_filled(const struct check *c, uint32_t type, uint64_t from, uint64_t n)
{
	elf_section s;

	while (n > 0) {
		if (!section_of(c, type, from, &s) || s.sh_size > n)
			return false;
		from += s.sh_size;
		n -= s.sh_size;
	}
	return true;
}

/* A table: the entry with its address, its sections, the entries with its bytes and those of a
 * row. */
struct elf_table {
	int64_t tag;
	uint32_t type;
	int64_t bytes, row_bytes; /* tags; 0: there is none */
	uint64_t row;             /* what row_bytes must say */
	bool plt;                 /* of the procedure linkage: a table of its own beside another */
};
static const struct elf_table tables[] = {
	{DT_HASH, SHT_HASH, 0, 0, 0, false},
	{DT_GNU_HASH, SHT_GNU_HASH, 0, 0, 0, false},
	{DT_SYMTAB, SHT_DYNSYM, 0, DT_SYMENT, sizeof(elf_symbol), false},
	{DT_STRTAB, SHT_STRTAB, DT_STRSZ, 0, 0, false},
	{DT_VERSYM, SHT_GNU_versym, 0, 0, 0, false},
	{DT_VERNEED, SHT_GNU_verneed, 0, 0, 0, false},
	{DT_VERDEF, SHT_GNU_verdef, 0, 0, 0, false},
	{DT_INIT_ARRAY, SHT_INIT_ARRAY, DT_INIT_ARRAYSZ, 0, 0, false},
	{DT_FINI_ARRAY, SHT_FINI_ARRAY, DT_FINI_ARRAYSZ, 0, 0, false},
	{DT_RELA, SHT_RELA, DT_RELASZ, DT_RELAENT, sizeof(ElfW(Rela)), false},
	{DT_REL, SHT_REL, DT_RELSZ, DT_RELENT, sizeof(ElfW(Rel)), false},
	{DT_RELR, SHT_RELR, DT_RELRSZ, DT_RELRENT, sizeof(ElfW(Addr)), false},
	{DT_JMPREL, SHT_RELA, DT_PLTRELSZ, 0, 0, true},
	{DT_JMPREL, SHT_REL, DT_PLTRELSZ, 0, 0, true},
};
#define TABLES (sizeof tables / sizeof *tables)

/* Whether a table of the dynamic segment has this section. */
static bool is_covered(const struct check *c, const elf_section *s)
{
	for (size_t i = 0; i < TABLES; i++) {
		uint64_t address, bytes = s->sh_size;

		if (tables[i].type != s->sh_type || find(c, tables[i].tag, &address) != 1)
			continue;
		if (tables[i].bytes && find(c, tables[i].bytes, &bytes) != 1)
			continue;
		if (s->sh_addr >= address && s->sh_addr - address < bytes)
			return true;
	}
	return false;
}

static bool has_table(uint32_t type)
{
	for (size_t i = 0; i < TABLES; i++)
		if (tables[i].type == type)
			return true;
	return false;
}

static int check_table(const struct check *c, const struct elf_table *t)
{
	uint64_t address = 0, bytes = 0, row = 0;
	const unsigned n = find(c, t->tag, &address);
	elf_section s;

	if (n == 0) {
		if ((t->bytes && find(c, t->bytes, &bytes)) ||
		    (t->row_bytes && find(c, t->row_bytes, &row)))
			return refuse(c, t->tag, "is missing");
		return FED_OK;
	}
	if (t->plt && !section_of(c, t->type, address, &s))
		return FED_OK; /* its other kind */
	if (n > 1 || !section_of(c, t->type, address, &s))
		return refuse(c, t->tag, "does not lead to its section");
	if (t->bytes && (find(c, t->bytes, &bytes) != 1 || !is_filled(c, t->type, address, bytes)))
		return refuse(c, t->bytes, "is not the size of its section");
	if (t->row_bytes && (find(c, t->row_bytes, &row) != 1 || row != t->row))
		return refuse(c, t->row_bytes, "is not the size of a row");
	return FED_OK;
}

/* The procedure linkage: its table is of one of two kinds, and says of which. */
static int check_linkage(const struct check *c)
{
	uint64_t address = 0, kind = 0, bytes;
	const unsigned n = find(c, DT_JMPREL, &address);
	elf_section s;

	if (n == 0)
		return find(c, DT_PLTRELSZ, &bytes) ? refuse(c, DT_JMPREL, "is missing") : FED_OK;
	const bool with_addends = section_of(c, SHT_RELA, address, &s);
	if (n > 1 || (!with_addends && !section_of(c, SHT_REL, address, &s)))
		return refuse(c, DT_JMPREL, "does not lead to its section");
	if (find(c, DT_PLTREL, &kind) != 1 || kind != (uint64_t)(with_addends ? DT_RELA : DT_REL))
		return refuse(c, DT_PLTREL, "is not the kind of its section");
	return FED_OK;
}

/* The count of relative relocations, which come first and are all alike. */
static int check_relative(const struct check *c)
{
	uint64_t count = 0, address = 0, i = 0;
	elf_section s;

	if (find(c, DT_RELACOUNT, &count) == 0)
		return FED_OK;
	if (find(c, DT_RELA, &address) == 0 || !section_of(c, SHT_RELA, address, &s))
		return refuse(c, DT_RELACOUNT, "counts nothing");
	ElfW(Rela) first = {0}, r;
	for (; i < count && i < s.sh_size / sizeof r; i++) {
		memcpy(&r, c->f->bytes + s.sh_offset + i * sizeof r, sizeof r);
		first = i == 0 ? r : first;
		if (RELOCATION_SYMBOL(r.r_info) != 0 || r.r_info != first.r_info)
			break;
	}
	return i == count ? FED_OK : refuse(c, DT_RELACOUNT, "counts too many");
}

/* How many versions of symbols are needed and defined: their sections know it, too. */
static int check_versions(const struct check *c)
{
	static const int64_t tags[][2] = {{DT_VERNEED, DT_VERNEEDNUM}, {DT_VERDEF, DT_VERDEFNUM}};

	for (size_t i = 0; i < sizeof tags / sizeof *tags; i++) {
		uint64_t address, count = 0;
		elf_section s;
		const bool has = find(c, tags[i][0], &address) > 0 && section_of(c, 0, address, &s);

		if (find(c, tags[i][1], &count) != has || (has && count != s.sh_info))
			return refuse(c, tags[i][1], "is not the number of its section");
	}
	return FED_OK;
}

/* Code that runs when the object is loaded and unloaded, and the table of addresses. */
static int check_code(const struct check *c)
{
	static const struct {
		int64_t tag;
		const char *name; /* NULL: any section */
	} rows[] = {{DT_INIT, ".init"}, {DT_FINI, ".fini"}, {DT_PLTGOT, NULL}};

	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		uint64_t address;
		elf_section s;
		const unsigned n = find(c, rows[i].tag, &address);

		if (n == 0)
			continue;
		if (n > 1 || !section_of(c, SHT_PROGBITS, address, &s) ||
		    (rows[i].name && strcmp(section_name(c->f, c->h, &s), rows[i].name) != 0))
			return refuse(c, rows[i].tag, "does not lead to its section");
	}
	return FED_OK;
}

/* Names are in the table of strings. */
static int check_names(const struct check *c)
{
	static const int64_t tags[] = {DT_NEEDED,    DT_SONAME, DT_RPATH,    DT_RUNPATH,
	                               DT_AUXILIARY, DT_FILTER, DT_DEPAUDIT, DT_AUDIT};
	uint64_t bytes = 0;

	find(c, DT_STRSZ, &bytes);
	for (size_t i = 0; i < c->n; i++) {
		const elf_dynamic d = c->entry[i];
		for (size_t k = 0; k < sizeof tags / sizeof *tags; k++)
			if (d.d_tag == tags[k] && d.d_un.d_val >= bytes)
				return refuse(c, d.d_tag, "has no name");
	}
	return FED_OK;
}

static int check_sections(const struct check *c)
{
	for (size_t i = 0; i < TABLES; i++)
		if (check_table(c, &tables[i]))
			return FED_REJECT;
	for (unsigned i = 0; i < c->h->e_shnum; i++) {
		const elf_section s = section_at(c->f, c->h, i);
		if ((s.sh_flags & SHF_ALLOC) && s.sh_size > 0 && has_table(s.sh_type) && !is_covered(c, &s))
			return fed_reject(c->err, "is damaged: its dynamic segment does not name section %u",
			                  i);
	}
	return check_linkage(c) || check_relative(c) || check_versions(c) || check_code(c) ? FED_REJECT
	                                                                                   : FED_OK;
}

/* The dynamic segment is the section of that type. */
static bool is_section(const struct check *c, const elf_segment *dynamic)
{
	elf_section s;

	return section_of(c, SHT_DYNAMIC, dynamic->p_vaddr, &s) && s.sh_offset == dynamic->p_offset &&
	       s.sh_size == dynamic->p_filesz && s.sh_size == dynamic->p_memsz;
}

/* Copy the entries of the segment up to the one that ends them. */
static int copy_entries(struct check *c, const elf_segment *dynamic)
{
	const size_t n = dynamic->p_filesz / sizeof(elf_dynamic);

	memcpy(c->entry, c->f->bytes + dynamic->p_offset,
	       (n < ENTRIES_MOST ? n : ENTRIES_MOST) * sizeof(elf_dynamic));
	while (c->n < n && c->n < ENTRIES_MOST && c->entry[c->n].d_tag != DT_NULL)
		c->n++;
	if (c->n == n)
		return fed_reject(c->err, "is damaged: its dynamic segment has no end");
	if (c->n == ENTRIES_MOST)
		return fed_reject(c->err, "has %d entries in its dynamic segment, or more", ENTRIES_MOST);
	return FED_OK;
}

int fed__elf_check_dynamic(const struct image *f, const elf_header *h, struct fed_error *err)
{
	struct check c;
	elf_segment dynamic = {0};
	unsigned segments = 0;

	c.f = f;
	c.h = h;
	c.err = err;
	c.n = 0; /* entries are copied below */
	for (unsigned i = 0; i < h->e_phnum; i++) {
		const elf_segment s = segment_at(f, h, i);
		if (s.p_type == PT_DYNAMIC) {
			dynamic = s;
			segments++;
		}
	}
	if (segments != 1 || !is_section(&c, &dynamic))
		return fed_reject(err, "is damaged: its dynamic segment is not its dynamic section");
	if (copy_entries(&c, &dynamic))
		return FED_REJECT;
	return check_names(&c) ? FED_REJECT : check_sections(&c);
}
