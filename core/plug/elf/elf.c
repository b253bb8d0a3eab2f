/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * plug/elf/elf.c - the headers of an ELF object, read as untrusted bytes.
 *
 * dlopen maps what the headers announce and crashes by SIGBUS or SIGSEGV where the file is shorter,
 * so all offsets are checked against the file's size first.  Tables are copied byte by byte, since
 * a damaged file may be misaligned.
 */
#include "plug/elf/elf.h"

#include <string.h>
#include <unistd.h>

#include "plug/elf/image.h"

#if UINTPTR_MAX > 0xffffffffu
#define HOST_CLASS ELFCLASS64
#define HOST_BITS 64
#else
#define HOST_CLASS ELFCLASS32
#define HOST_BITS 32
#endif
#if __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__
#define HOST_ORDER ELFDATA2LSB
#else
#define HOST_ORDER ELFDATA2MSB
#endif

#if defined __x86_64__
#define HOST_MACHINE EM_X86_64
#elif defined __aarch64__
#define HOST_MACHINE EM_AARCH64
#elif defined __riscv
#define HOST_MACHINE EM_RISCV
#elif defined __i386__
#define HOST_MACHINE EM_386
#elif defined __arm__
#define HOST_MACHINE EM_ARM
#elif defined __powerpc64__
#define HOST_MACHINE EM_PPC64
#elif defined __s390x__
#define HOST_MACHINE EM_S390
#else
#error "name this machine's ELF number here"
#endif

/* Start of a sanitizer's runtime, where this program has one. */
__attribute__((weak)) void __asan_init(void);
__attribute__((weak)) void __tsan_init(void);

bool fed__elf_has_runtime(const char *sanitizer)
{
	return strcmp(sanitizer, "address") == 0 ? __asan_init != NULL : __tsan_init != NULL;
}

static const char *machine_name(unsigned machine, char buffer[24])
{
	static const struct {
		unsigned machine;
		const char *name;
	} known[] = {{EM_X86_64, "x86_64"}, {EM_AARCH64, "aarch64"}, {EM_386, "i386"},
	             {EM_ARM, "arm"},       {EM_RISCV, "riscv"},     {EM_PPC64, "ppc64"},
	             {EM_S390, "s390x"},    {EM_MIPS, "mips"},       {EM_LOONGARCH, "loongarch"}};

	for (size_t i = 0; i < sizeof known / sizeof *known; i++)
		if (known[i].machine == machine)
			return known[i].name;
	snprintf(buffer, 24, "machine %u", machine);
	return buffer;
}

/* Check the identification: the kind of file, class, machine. */
static int check_ident(const struct image *f, elf_header *h, struct fed_error *err)
{
	char theirs[24], ours[24];

	if (f->size == 0)
		return fed_reject(err, "is empty");
	if (f->size < SELFMAG || memcmp(f->bytes, ELFMAG, SELFMAG) != 0)
		return fed_reject(err, "is not a shared object (no ELF header); build it with cc -shared "
		                       "-fPIC");
	if (f->size < EI_NIDENT)
		return fed_reject(err, "is truncated: it ends within its ELF header");
	if (f->bytes[EI_CLASS] != HOST_CLASS)
		return fed_reject(err, "is not a %d-bit object", HOST_BITS);
	if (f->bytes[EI_DATA] != HOST_ORDER)
		return fed_reject(err, "is for a machine with the other byte order");
	if (f->size < sizeof *h)
		return fed_reject(err, "is truncated: it ends within its ELF header");
	memcpy(h, f->bytes, sizeof *h);
	if (h->e_machine != HOST_MACHINE)
		return fed_reject(err, "is for %s, this is %s", machine_name(h->e_machine, theirs),
		                  machine_name(HOST_MACHINE, ours));
	if (h->e_ident[EI_VERSION] != EV_CURRENT || h->e_version != EV_CURRENT)
		return fed_reject(err, "has an unknown version of ELF");
	if (h->e_type == ET_REL)
		return fed_reject(err, "is an object file that is not linked yet; link it with cc -shared");
	if (h->e_type != ET_DYN)
		return fed_reject(err, "is not a shared object; link it with cc -shared");
	return FED_OK;
}

static int truncated(const struct image *f, uint64_t needed, struct fed_error *err)
{
	return fed_reject(err, "is truncated: its headers promise %llu bytes, it has %zu",
	                  (unsigned long long)needed, f->size);
}

static int check_segments(const struct image *f, const elf_header *h, struct fed_error *err)
{
	const uint64_t end = (uint64_t)h->e_phoff + (uint64_t)h->e_phnum * sizeof(elf_segment);
	bool loads = false, dynamic = false;

	if (h->e_phentsize != sizeof(elf_segment) || h->e_phnum == 0)
		return fed_reject(err, "is damaged: it has no program headers");
	if (!inside(f, h->e_phoff, (uint64_t)h->e_phnum * sizeof(elf_segment)))
		return truncated(f, end, err);
	for (unsigned i = 0; i < h->e_phnum; i++) {
		const elf_segment s = segment_at(f, h, i);
		if (s.p_type == PT_INTERP)
			return fed_reject(err, "is a program, not a shared object; link it with cc -shared");
		if (s.p_type != PT_LOAD && s.p_type != PT_DYNAMIC)
			continue;
		if (!inside(f, s.p_offset, s.p_filesz))
			return truncated(f, (uint64_t)s.p_offset + s.p_filesz, err);
		if (s.p_memsz < s.p_filesz || s.p_vaddr + s.p_memsz < s.p_vaddr)
			return fed_reject(err, "is damaged: segment %u has an impossible size", i);
		loads |= s.p_type == PT_LOAD;
		dynamic |= s.p_type == PT_DYNAMIC;
	}
	if (!loads || !dynamic)
		return fed_reject(err, "is damaged: it has no %s segment", loads ? "dynamic" : "loadable");
	return FED_OK;
}

/* Whether a segment maps n bytes at this offset to this address, with these rights at least. */
static bool maps(const elf_segment *s, uint64_t offset, uint64_t address, uint64_t n, bool in_file,
                 uint32_t rights)
{
	const uint64_t most = in_file ? s->p_filesz : s->p_memsz;

	return s->p_type == PT_LOAD && (s->p_flags & rights) == rights && address >= s->p_vaddr &&
	       address - s->p_vaddr <= most && n <= most - (address - s->p_vaddr) &&
	       (!in_file || offset - s->p_offset == address - s->p_vaddr);
}

static bool is_mapped(const struct image *f, const elf_header *h, uint64_t offset, uint64_t address,
                      uint64_t n, bool in_file, uint32_t rights)
{
	for (unsigned i = 0; i < h->e_phnum; i++) {
		const elf_segment s = segment_at(f, h, i);
		if (maps(&s, offset, address, n, in_file, rights))
			return true;
	}
	return false;
}

/* Loadable segments come in the order of their addresses, each on pages of its own. */
static int check_order(const struct image *f, const elf_header *h, struct fed_error *err)
{
	const uint64_t page = (uint64_t)sysconf(_SC_PAGESIZE);
	uint64_t end = 0;

	for (unsigned i = 0; i < h->e_phnum; i++) {
		const elf_segment s = segment_at(f, h, i);
		if (s.p_type != PT_LOAD)
			continue;
		if (s.p_vaddr - s.p_vaddr % page < end)
			return fed_reject(err, "is damaged: segment %u overlaps the one before", i);
		end = s.p_vaddr + s.p_memsz;
		end += (page - end % page) % page;
	}
	return FED_OK;
}

/* Whether data that change while the plugin runs begin in this range. */
static bool holds_data(const struct image *f, const elf_header *h, uint64_t from, uint64_t n)
{
	for (unsigned i = 0; i < h->e_shnum; i++) {
		const elf_section s = section_at(f, h, i);
		const bool data = (s.sh_type == SHT_NOBITS && !(s.sh_flags & SHF_TLS)) ||
		                  strcmp(section_name(f, h, &s), ".data") == 0;
		if ((s.sh_flags & SHF_WRITE) && data && s.sh_addr >= from && s.sh_addr - from < n)
			return true;
	}
	return false;
}

/* The other segments that the loader uses: inside the loadable ones, and each for its purpose. */
static int check_use(const struct image *f, const elf_header *h, unsigned i, struct fed_error *err)
{
	const elf_segment s = segment_at(f, h, i);
	bool fits = true;

	switch (s.p_type) {
	case PT_DYNAMIC:
		fits = is_mapped(f, h, s.p_offset, s.p_vaddr, s.p_filesz, true, PF_R | PF_W) ||
		       is_mapped(f, h, s.p_offset, s.p_vaddr, s.p_filesz, true, PF_R);
		break;
	case PT_PHDR:
		fits = s.p_offset == h->e_phoff &&
		       is_mapped(f, h, s.p_offset, s.p_vaddr, s.p_filesz, true, PF_R);
		break;
	case PT_NOTE:
	case PT_GNU_PROPERTY:
	case PT_GNU_EH_FRAME:
		fits = s.p_memsz <= s.p_filesz &&
		       is_mapped(f, h, s.p_offset, s.p_vaddr, s.p_filesz, true, PF_R);
		break;
	case PT_TLS:
		fits = s.p_filesz <= s.p_memsz && s.p_align > 0 && (s.p_align & (s.p_align - 1)) == 0 &&
		       s.p_align <= 1 << 16 && s.p_memsz <= 1 << 20 &&
		       is_mapped(f, h, s.p_offset, s.p_vaddr, s.p_filesz, true, PF_R);
		break;
	case PT_GNU_RELRO: /* becomes read-only once it is loaded */
		fits = is_mapped(f, h, s.p_offset, s.p_vaddr, s.p_memsz, false, PF_R | PF_W) &&
		       !holds_data(f, h, s.p_vaddr, s.p_memsz);
		break;
	default:
		break;
	}
	return fits ? FED_OK
	            : fed_reject(err, "is damaged: segment %u does not fit the loadable ones", i);
}

/* Thread-local data are in a segment of their own: code that uses them would find none without. */
static bool is_thread_local(const struct image *f, const elf_header *h, const elf_section *section)
{
	for (unsigned i = 0; i < h->e_phnum; i++) {
		const elf_segment s = segment_at(f, h, i);
		if (s.p_type == PT_TLS && section->sh_addr >= s.p_vaddr &&
		    section->sh_addr - s.p_vaddr <= s.p_memsz &&
		    section->sh_size <= s.p_memsz - (section->sh_addr - s.p_vaddr))
			return true;
	}
	return false;
}

/* Loadable segments hold what is used of the file, with the rights that it needs; damaged headers
 * leave parts of it out. */
static int check_loaded(const struct image *f, const elf_header *h, struct fed_error *err)
{
	if (check_order(f, h, err))
		return FED_REJECT;
	for (unsigned i = 0; i < h->e_phnum; i++)
		if (check_use(f, h, i, err))
			return FED_REJECT;
	for (unsigned i = 0; i < h->e_shnum; i++) {
		const elf_section s = section_at(f, h, i);
		const bool in_file = s.sh_type != SHT_NOBITS;
		const uint32_t rights =
			PF_R | (s.sh_flags & SHF_WRITE ? PF_W : 0) | (s.sh_flags & SHF_EXECINSTR ? PF_X : 0);

		if (!(s.sh_flags & SHF_ALLOC) || s.sh_size == 0)
			continue;
		if ((s.sh_flags & SHF_TLS) && !is_thread_local(f, h, &s))
			return fed_reject(err, "is damaged: section %u is in no thread-local segment", i);
		if (!in_file && (s.sh_flags & SHF_TLS)) /* thread-local zeros take no place */
			continue;
		if (!is_mapped(f, h, s.sh_offset, s.sh_addr, s.sh_size, in_file, rights))
			return fed_reject(err, "is damaged: section %u is in no loadable segment", i);
	}
	return FED_OK;
}

/* Linkers write sections last: a copy that was cut short misses them first. */
static int check_sections(const struct image *f, const elf_header *h, struct fed_error *err)
{
	const uint64_t all = (uint64_t)h->e_shnum * sizeof(elf_section);

	if (h->e_shnum == 0)
		return fed_reject(err, "has no section headers, without which it cannot be checked; build "
		                       "it without stripping them");
	if (h->e_shentsize != sizeof(elf_section))
		return fed_reject(err, "is damaged: its section headers have %u bytes", h->e_shentsize);
	if (!inside(f, h->e_shoff, all))
		return truncated(f, (uint64_t)h->e_shoff + all, err);
	for (unsigned i = 0; i < h->e_shnum; i++) {
		const elf_section s = section_at(f, h, i);
		if (s.sh_type != SHT_NOBITS && s.sh_type != SHT_NULL && !inside(f, s.sh_offset, s.sh_size))
			return truncated(f, (uint64_t)s.sh_offset + s.sh_size, err);
	}
	return FED_OK;
}

/* Check the dynamic symbols: the export, and the sanitizer whose runtime the object needs. */
static int check_symbols(const struct image *f, const elf_header *h, const elf_section *table,
                         const char *wanted, const char **sanitizer, struct fed_error *err)
{
	bool found = false;

	if (table->sh_link >= h->e_shnum)
		return fed_reject(err, "is damaged: its symbols have no names");
	const elf_section strings = section_at(f, h, table->sh_link);
	if (strings.sh_type != SHT_STRTAB)
		return fed_reject(err, "is damaged: its symbols have no names");
	for (uint64_t i = 0; i < table->sh_size / sizeof(elf_symbol); i++) {
		elf_symbol symbol;
		memcpy(&symbol, f->bytes + table->sh_offset + i * sizeof symbol, sizeof symbol);
		const char *name = string_at(f, &strings, symbol.st_name);
		if (symbol.st_shndx != SHN_UNDEF) {
			found |= strcmp(name, wanted) == 0;
			continue;
		}
		if (strcmp(name, "__asan_init") == 0)
			*sanitizer = "address";
		if (strcmp(name, "__tsan_init") == 0)
			*sanitizer = "thread";
	}
	return found ? FED_OK
	             : fed_reject(err,
	                          "exports no %s; declare it as FED_PLUGIN struct fed_aggregator "
	                          "%s = { ... }",
	                          wanted, wanted);
}

int fed__elf_check(const void *bytes, size_t size, const char *symbol, const char **sanitizer,
                   struct fed_error *err)
{
	const struct image f = {bytes, size};
	elf_header h;

	*sanitizer = NULL;
	if (check_ident(&f, &h, err) || check_segments(&f, &h, err) || check_sections(&f, &h, err) ||
	    check_loaded(&f, &h, err) || fed__elf_check_dynamic(&f, &h, err) ||
	    fed__elf_check_tables(&f, &h, err))
		return FED_REJECT;
	for (unsigned i = 0; i < h.e_shnum; i++) {
		const elf_section s = section_at(&f, &h, i);
		if (s.sh_type == SHT_DYNSYM)
			return check_symbols(&f, &h, &s, symbol, sanitizer, err);
	}
	return FED_OK;
}
