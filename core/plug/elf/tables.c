/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * plug/elf/tables.c - contents of the tables that the loader follows while it links an object:
 * symbols, their names and versions, hash tables, relocations.
 *
 * Every index and every chain must end inside its table, every address inside a loadable segment.
 * What only running the object would show (a constructor's address that is another function's) is
 * for the process that loads it first (plug/registry.c).
 */
#include "plug/elf/image.h"

#if defined __x86_64__
enum { RELATIVE = R_X86_64_RELATIVE, INDIRECT = R_X86_64_IRELATIVE, COPY = R_X86_64_COPY };
#elif defined __aarch64__
enum { RELATIVE = R_AARCH64_RELATIVE, INDIRECT = R_AARCH64_IRELATIVE, COPY = R_AARCH64_COPY };
#else
enum { RELATIVE = -1, INDIRECT = -2, COPY = -3 }; /* not looked at */
#endif

enum { VERSION_MASK = 0x7fff }; /* the bit above hides a symbol */

enum { LOADS_KEPT = 8 }; /* a linker makes four or five */

/* The present check. */
struct table_check {
	const struct image *f;
	const elf_header *h;
	elf_section symbols, strings;
	uint64_t n;                   /* symbols */
	elf_segment load[LOADS_KEPT]; /* the first loadable segments, which most addresses are in */
	unsigned n_loads, loads_end;  /* the row of the program headers behind them */
	struct fed_error *err;
};

static int refuse(const struct table_check *c, const char *what, uint64_t i, const char *why)
{
	return fed_reject(c->err, "is damaged: %s %llu %s", what, (unsigned long long)i, why);
}

static void keep_loads(struct table_check *c)
{
	for (; c->loads_end < c->h->e_phnum && c->n_loads < LOADS_KEPT; c->loads_end++) {
		c->load[c->n_loads] = segment_at(c->f, c->h, c->loads_end);
		c->n_loads += c->load[c->n_loads].p_type == PT_LOAD;
	}
}

static bool loads(const elf_segment *s, uint64_t address, uint64_t n, uint32_t rights)
{
	return (s->p_flags & rights) == rights && address >= s->p_vaddr &&
	       address - s->p_vaddr <= s->p_memsz && n <= s->p_memsz - (address - s->p_vaddr);
}

/* Whether a loadable segment has these bytes of memory, with these rights. */
static bool is_loaded(const struct table_check *c, uint64_t address, uint64_t n, uint32_t rights)
{
	for (unsigned i = 0; i < c->n_loads; i++)
		if (loads(&c->load[i], address, n, rights))
			return true;
	for (unsigned i = c->loads_end; i < c->h->e_phnum; i++) {
		const elf_segment s = segment_at(c->f, c->h, i);
		if (s.p_type == PT_LOAD && loads(&s, address, n, rights))
			return true;
	}
	return false;
}

static bool is_thread_local(const struct table_check *c, uint64_t offset, uint64_t n)
{
	for (unsigned i = 0; i < c->h->e_phnum; i++) {
		const elf_segment s = segment_at(c->f, c->h, i);
		if (s.p_type == PT_TLS)
			return offset <= s.p_memsz && n <= s.p_memsz - offset;
	}
	return false;
}

static uint32_t word_at(const struct table_check *c, const elf_section *s, uint64_t i)
{
	uint32_t word;

	memcpy(&word, c->f->bytes + s->sh_offset + i * sizeof word, sizeof word);
	return word;
}

/* Symbols ---------------------------------------------------------------- */

static elf_symbol symbol_at(const struct table_check *c, uint64_t i)
{
	elf_symbol symbol;

	memcpy(&symbol, c->f->bytes + c->symbols.sh_offset + i * sizeof symbol, sizeof symbol);
	return symbol;
}

static int check_symbol(const struct table_check *c, uint64_t i)
{
	const elf_symbol s = symbol_at(c, i);
	const unsigned type = s.st_info & 0xf;

	if (s.st_name >= c->strings.sh_size)
		return refuse(c, "symbol", i, "has no name");
	if (s.st_shndx == SHN_UNDEF || s.st_shndx >= SHN_LORESERVE)
		return FED_OK;
	const bool fits = type == STT_TLS ? is_thread_local(c, s.st_value, s.st_size)
	                                  : is_loaded(c, s.st_value, s.st_size,
	                                              type == STT_GNU_IFUNC ? PF_R | PF_X : PF_R);
	return fits ? FED_OK : refuse(c, "symbol", i, "is outside of what is loaded");
}

static int check_symbols(const struct table_check *c)
{
	const char *strings = (const char *)c->f->bytes + c->strings.sh_offset;

	if (c->strings.sh_size == 0 || strings[c->strings.sh_size - 1] != '\0')
		return fed_reject(c->err, "is damaged: the names of its symbols have no end");
	for (uint64_t i = 0; i < c->n; i++)
		if (check_symbol(c, i))
			return FED_REJECT;
	return FED_OK;
}

/* Hash tables ------------------------------------------------------------ */

/* Chains of indices: each must end after as many steps as there are symbols. */
static int check_hash(const struct table_check *c, const elf_section *s)
{
	const uint64_t words = s->sh_size / sizeof(uint32_t);
	const uint64_t buckets = words >= 2 ? word_at(c, s, 0) : 0;

	if (buckets == 0 || word_at(c, s, 1) != c->n || words < 2 + buckets + c->n)
		return fed_reject(c->err, "is damaged: its hash table is not one of its symbols");
	for (uint64_t i = 2; i < 2 + buckets + c->n; i++)
		if (word_at(c, s, i) >= c->n)
			return refuse(c, "word", i, "of its hash table is no symbol");
	for (uint64_t i = 0; i < buckets; i++) {
		uint64_t steps = 0;

		for (uint32_t at = word_at(c, s, 2 + i); at; at = word_at(c, s, 2 + buckets + at))
			if (steps++ > c->n)
				return refuse(c, "chain", i, "of its hash table has no end");
	}
	return FED_OK;
}

/* The layout of GNU's: header of four words, Bloom filter, buckets, a word for each symbol from
 * `first` on, whose lowest bit ends a chain. */
static int check_gnu_hash(const struct table_check *c, const elf_section *s)
{
	static const char why[] = "is damaged: its hash table is not one of its symbols";
	const uint64_t words = s->sh_size / sizeof(uint32_t);

	if (words < 4)
		return fed_reject(c->err, why);
	const uint64_t buckets = word_at(c, s, 0), first = word_at(c, s, 1), bloom = word_at(c, s, 2);
	const uint64_t begin = 4 + bloom * (sizeof(ElfW(Addr)) / sizeof(uint32_t));
	const uint64_t hashed = c->n > first ? c->n - first : 0;

	if (buckets == 0 || bloom == 0 || (bloom & (bloom - 1)) != 0 || word_at(c, s, 3) >= 64 ||
	    first > c->n || words < begin + buckets + hashed)
		return fed_reject(c->err, why);
	for (uint64_t i = begin; i < begin + buckets; i++) {
		const uint32_t at = word_at(c, s, i);
		if (at != 0 && (at < first || at >= c->n))
			return refuse(c, "word", i, "of its hash table is no symbol");
	}
	if (hashed && !(word_at(c, s, begin + buckets + hashed - 1) & 1))
		return fed_reject(c->err, "is damaged: the last chain of its hash table has no end");
	return FED_OK;
}

/* Versions --------------------------------------------------------------- */

/* Whether the object needs a library of this name. */
static bool needs(const struct table_check *c, const char *name)
{
	for (unsigned i = 0; i < c->h->e_shnum; i++) {
		const elf_section s = section_at(c->f, c->h, i);
		if (s.sh_type != SHT_DYNAMIC)
			continue;
		for (uint64_t k = 0; k < s.sh_size / sizeof(elf_dynamic); k++) {
			elf_dynamic d;
			memcpy(&d, c->f->bytes + s.sh_offset + k * sizeof d, sizeof d);
			if (d.d_tag == DT_NEEDED &&
			    strcmp(string_at(c->f, &c->strings, d.d_un.d_val), name) == 0)
				return true;
		}
	}
	return false;
}

/* The versions that one library must have; *most: the highest index. */
static int check_needed_file(const struct table_check *c, const elf_section *s, uint64_t at,
                             const ElfW(Verneed) * need, unsigned *most)
{
	uint64_t aux = at + need->vn_aux;
	ElfW(Vernaux) v;

	if (!needs(c, string_at(c->f, &c->strings, need->vn_file)))
		return refuse(c, "byte", at,
		              "of its needed versions names a library that it does not "
		              "need");
	for (unsigned i = 0; i < need->vn_cnt; i++) {
		if (aux > s->sh_size || sizeof v > s->sh_size - aux)
			return refuse(c, "byte", aux, "of its needed versions is not there");
		memcpy(&v, c->f->bytes + s->sh_offset + aux, sizeof v);
		if (v.vna_name >= c->strings.sh_size || (v.vna_next == 0) != (i + 1 == need->vn_cnt))
			return refuse(c, "byte", aux, "of its needed versions is no version");
		*most = (v.vna_other & VERSION_MASK) > *most ? v.vna_other & VERSION_MASK : *most;
		aux += v.vna_next;
	}
	return need->vn_cnt > 0 ? FED_OK : refuse(c, "byte", at, "of its needed versions has none");
}

static int check_needed(const struct table_check *c, const elf_section *s, unsigned *most)
{
	uint64_t at = 0;
	ElfW(Verneed) need;

	for (unsigned i = 0; i < s->sh_info; i++) {
		if (at > s->sh_size || sizeof need > s->sh_size - at)
			return refuse(c, "byte", at, "of its needed versions is not there");
		memcpy(&need, c->f->bytes + s->sh_offset + at, sizeof need);
		if (need.vn_version != VER_NEED_CURRENT || (need.vn_next == 0) != (i + 1 == s->sh_info))
			return refuse(c, "byte", at, "of its needed versions is no library");
		if (check_needed_file(c, s, at, &need, most))
			return FED_REJECT;
		at += need.vn_next;
	}
	return FED_OK;
}

static int check_defined(const struct table_check *c, const elf_section *s, unsigned *most)
{
	uint64_t at = 0;
	ElfW(Verdef) def;

	for (unsigned i = 0; i < s->sh_info; i++) {
		ElfW(Verdaux) name;
		if (at > s->sh_size || sizeof def > s->sh_size - at)
			return refuse(c, "byte", at, "of its defined versions is not there");
		memcpy(&def, c->f->bytes + s->sh_offset + at, sizeof def);
		const uint64_t aux = at + def.vd_aux;
		if (def.vd_version != VER_DEF_CURRENT || aux > s->sh_size ||
		    sizeof name > s->sh_size - aux || (def.vd_next == 0) != (i + 1 == s->sh_info))
			return refuse(c, "byte", at, "of its defined versions is no version");
		memcpy(&name, c->f->bytes + s->sh_offset + aux, sizeof name);
		if (name.vda_name >= c->strings.sh_size)
			return refuse(c, "byte", aux, "of its defined versions has no name");
		*most = (def.vd_ndx & VERSION_MASK) > *most ? def.vd_ndx & VERSION_MASK : *most;
		at += def.vd_next;
	}
	return FED_OK;
}

/* Each symbol has the index of a version; 0 and 1 are none. */
static int check_version_of_symbols(const struct table_check *c, const elf_section *s,
                                    unsigned most)
{
	if (s->sh_size != c->n * sizeof(uint16_t))
		return fed_reject(c->err, "is damaged: its versions are not those of its symbols");
	for (uint64_t i = 0; i < c->n; i++) {
		uint16_t index;
		memcpy(&index, c->f->bytes + s->sh_offset + i * sizeof index, sizeof index);
		if ((index & VERSION_MASK) > most)
			return refuse(c, "symbol", i, "has a version that is not there");
	}
	return FED_OK;
}

/* Relocations ------------------------------------------------------------ */

static int check_relocation(const struct table_check *c, uint64_t i, uint64_t offset, uint64_t info,
                            uint64_t addend)
{
	const int type = (int)RELOCATION_TYPE(info);

	if (RELOCATION_SYMBOL(info) >= c->n)
		return refuse(c, "relocation", i, "is for no symbol");
	if (type == COPY || !is_loaded(c, offset, sizeof(ElfW(Addr)), PF_R | PF_W))
		return refuse(c, "relocation", i, "writes where nothing may be written");
	if ((type == RELATIVE && !is_loaded(c, addend, 0, PF_R)) ||
	    (type == INDIRECT && !is_loaded(c, addend, 1, PF_R | PF_X)))
		return refuse(c, "relocation", i, "leads out of what is loaded");
	return FED_OK;
}

static int check_relocations(const struct table_check *c, const elf_section *s)
{
	const bool addends = s->sh_type == SHT_RELA;
	const size_t row = addends ? sizeof(ElfW(Rela)) : sizeof(ElfW(Rel));

	for (uint64_t i = 0; i < s->sh_size / row; i++) {
		ElfW(Rela) r = {0};
		memcpy(&r, c->f->bytes + s->sh_offset + i * row, row);
		/* without an addend the value is where it will be written: unknown here */
		const bool known = addends || ((int)RELOCATION_TYPE(r.r_info) != RELATIVE &&
		                               (int)RELOCATION_TYPE(r.r_info) != INDIRECT);
		if (known && check_relocation(c, i, r.r_offset, r.r_info, (uint64_t)r.r_addend))
			return FED_REJECT;
	}
	return FED_OK;
}

/* All of them ------------------------------------------------------------ */

static int check_section(const struct table_check *c, const elf_section *s, unsigned versions)
{
	if (!(s->sh_flags & SHF_ALLOC))
		return FED_OK;
	switch (s->sh_type) {
	case SHT_HASH:
		return check_hash(c, s);
	case SHT_GNU_HASH:
		return check_gnu_hash(c, s);
	case SHT_GNU_versym:
		return check_version_of_symbols(c, s, versions);
	case SHT_RELA:
	case SHT_REL:
		return check_relocations(c, s);
	default:
		return FED_OK;
	}
}

int fed__elf_check_tables(const struct image *f, const elf_header *h, struct fed_error *err)
{
	struct table_check c = {.f = f, .h = h, .err = err};
	unsigned versions = 1;

	keep_loads(&c);
	for (unsigned i = 0; i < h->e_shnum && c.n == 0; i++) {
		c.symbols = section_at(f, h, i);
		if (c.symbols.sh_type == SHT_DYNSYM && c.symbols.sh_link < h->e_shnum) {
			c.strings = section_at(f, h, c.symbols.sh_link);
			c.n = c.symbols.sh_size / sizeof(elf_symbol);
		}
	}
	if (c.n == 0 || c.strings.sh_type != SHT_STRTAB || !(c.strings.sh_flags & SHF_ALLOC))
		return fed_reject(err, "is damaged: its symbols have no names");
	if (check_symbols(&c))
		return FED_REJECT;
	for (unsigned i = 0; i < h->e_shnum; i++) {
		const elf_section s = section_at(f, h, i);
		if ((s.sh_type == SHT_GNU_verneed && check_needed(&c, &s, &versions)) ||
		    (s.sh_type == SHT_GNU_verdef && check_defined(&c, &s, &versions)))
			return FED_REJECT;
	}
	for (unsigned i = 0; i < h->e_shnum; i++) {
		const elf_section s = section_at(f, h, i);
		if (check_section(&c, &s, versions))
			return FED_REJECT;
	}
	return FED_OK;
}
