/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * cluster/link.c - bytes that several messages share, and the link over MPI.
 */
#include "cluster/link.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/mem.h"
#include "cluster/mpi/table.h"
#include "plug/loader.h"

struct fed_bytes *fed__bytes_new(struct fed_text *text)
{
	struct fed_bytes *b = text->failed ? NULL : fed_alloc(sizeof *b);

	if (!b) {
		fed_text_release(text);
		return NULL;
	}
	atomic_init(&b->references, 1);
	b->text = *text;
	*text = (struct fed_text){0};
	return b;
}

struct fed_bytes *fed__bytes_ref(struct fed_bytes *b)
{
	atomic_fetch_add(&b->references, 1);
	return b;
}

void fed__bytes_unref(struct fed_bytes *b)
{
	if (!b || atomic_fetch_sub(&b->references, 1) > 1)
		return;
	fed_text_release(&b->text);
	fed_shared_vectors_unref(b->body);
	fed_free(b);
}

struct fed_bytes *fed__bytes_with(struct fed_text *text, struct fed_shared_vectors *body,
                                  uint32_t first)
{
	struct fed_bytes *b = fed__bytes_new(text);

	if (!b) {
		fed_shared_vectors_unref(body);
		return NULL;
	}
	b->body = body;
	b->first = first;
	return b;
}

size_t fed__bytes_length(const struct fed_bytes *b)
{
	const struct fed_shared_vectors *v = b->body;

	return b->text.len + (v ? (v->n - b->first) * v->dim * sizeof(float) : 0);
}

static int next_vector(void *ctx, void *to, struct fed_error *err)
{
	struct fed_rank_link *link = ctx;

	link->vectors--;
	return link->row->receive(link, to, err);
}

struct fed_far_body fed__link_body(struct fed_rank_link *link)
{
	return (struct fed_far_body){
		.vectors = link->vectors, .bytes = link->vector_bytes, .next = next_vector, .ctx = link};
}

int fed__link_rest(struct fed_rank_link *link, struct fed_text *text, struct fed_error *err)
{
	while (link->vectors) {
		char *at = fed_text_reserve(text, link->vector_bytes);

		if (!at)
			return fed_fail_memory(err, link->vector_bytes, "a message of a rank");
		if (next_vector(link, at, err))
			return FED_FAIL;
		text->len += link->vector_bytes;
	}
	return FED_OK;
}

/* Packets and pauses ------------------------------------------------------- */

#define PAUSE_IDLE 50e-6  /* the longest pause while a thread waits, */
#define PAUSE_FOR 50e-3   /* for so long; then it seems that others have the time */
#define PAUSE_QUIET 20e-3 /* the longest while nothing is waited for */

double fed__link_pause(struct fed_link_pause *p, bool moved, enum fed_link_wait wait)
{
	double most = wait == FED_WAIT_QUIET ? PAUSE_QUIET : FED_PAUSE_MOST;

	if (moved) {
		*p = (struct fed_link_pause){0};
		return 0;
	}
	if (wait == FED_WAIT_IDLE && p->since < PAUSE_FOR)
		most = PAUSE_IDLE;
	p->seconds = fmin(p->seconds > 0 ? p->seconds * 1.5 : 20e-6, most);
	p->since += p->seconds;
	return p->seconds;
}

int fed__send_packet(struct fed_rank_link *link, int to, struct fed_packet *p,
                     struct fed_error *err)
{
	const size_t n = p->bytes.len;
	struct fed_bytes *b = fed__bytes_new(&p->bytes);

	return b ? link->row->send(link, to, b, err) : fed_fail_memory(err, n, "a message");
}

/* MPI ---------------------------------------------------------------------- */

struct mpi_link {
	struct fed_rank_link face;
	const struct fed_mpi *mpi;
};

static const struct fed_mpi *mpi_of(const struct fed_rank_link *link)
{
	return ((const struct mpi_link *)link)->mpi;
}

static void drop_bytes(void *ctx)
{
	fed__bytes_unref(ctx);
}

static int mpi_send(struct fed_rank_link *link, int to, struct fed_bytes *b, struct fed_error *err)
{
	const struct fed_shared_vectors *v = b->body;
	const struct fed_mpi_message m = {
		.head = b->text.s,
		.bytes = b->text.len,
		.part = v ? (const void *const *)(v->vector + b->first) : NULL,
		.parts = v ? v->n - b->first : 0,
		.part_bytes = v ? v->dim * sizeof(float) : 0,
	};
	char why[FED_MPI_WHY];

	if (!mpi_of(link)->send(to, &m, drop_bytes, b, why))
		return FED_OK;
	fed__bytes_unref(b);
	return fed_fail(err, "rank %d cannot be reached: %s", to, why);
}

static int mpi_poll(struct fed_rank_link *link, int *from, struct fed_text *out,
                    struct fed_error *err)
{
	struct fed_mpi_message m = {.bytes = 0};
	char why[FED_MPI_WHY];

	if (mpi_of(link)->probe(from, &m, why))
		return fed_fail(err, "%s", why);
	if (*from < 0)
		return FED_OK;
	fed_text_clear(out);
	char *at = fed_text_reserve(out, m.bytes);
	if (!at)
		return fed_fail_memory(err, m.bytes, "a message of a rank");
	if (mpi_of(link)->receive(at, why))
		return fed_fail(err, "%s", why);
	out->len = m.bytes;
	link->vectors = (uint32_t)m.parts;
	link->vector_bytes = m.part_bytes;
	return FED_OK;
}

static int mpi_receive(struct fed_rank_link *link, void *to, struct fed_error *err)
{
	char why[FED_MPI_WHY];

	return mpi_of(link)->receive(to, why) ? fed_fail(err, "%s", why) : FED_OK;
}

static bool mpi_idle(struct fed_rank_link *link)
{
	return mpi_of(link)->pending() == 0;
}

static void mpi_close(struct fed_rank_link *link)
{
	mpi_of(link)->finish();
	fed_free(link);
}

static const struct fed_rank_link_row over_mpi = {mpi_send, mpi_poll, mpi_receive, mpi_idle,
                                                  mpi_close};

/* An MPI library that fedsh may have a module for. */
struct mpi_library {
	const char *name, *file, *package;
	const char *started[4]; /* variables of its launchers */
};

static const struct mpi_library libraries[] = {
	{"Open MPI", "fedsh-mpi-openmpi.so", "libopenmpi-dev", {"OMPI_COMM_WORLD_SIZE"}},
	{"MPICH", "fedsh-mpi-mpich.so", "libmpich-dev", {"PMI_RANK", "PMI_FD", "PMI_SIZE"}},
	/* Slurm's plugin pmix starts either; Open MPI is the one that needs it */
	{"Open MPI", "fedsh-mpi-openmpi.so", "libopenmpi-dev", {"PMIX_RANK"}},
};

static const struct mpi_library *library_of_launcher(void)
{
	for (size_t i = 0; i < sizeof libraries / sizeof *libraries; i++)
		for (size_t k = 0; k < 4 && libraries[i].started[k]; k++)
			if (getenv(libraries[i].started[k]))
				return &libraries[i];
	return NULL;
}

static int slurm_tasks(void)
{
	const char *tasks = getenv("SLURM_STEP_NUM_TASKS");

	if (!tasks)
		tasks = getenv("SLURM_NTASKS");
	return tasks && getenv("SLURM_PROCID") ? atoi(tasks) : 0;
}

static int refuse_singletons(struct fed_error *err)
{
	return fed_reject(
		err,
		"Slurm has %d tasks here, and this process knows of none but itself; `srun --mpi=pmix` "
		"(or pmi2 for MPICH; `srun --mpi=list` shows which there are), or mpirun within "
		"sbatch, makes them one job",
		slurm_tasks());
}

/* Whether a launcher says itself that this rank is alone: `mpirun -n 1` within sbatch. */
static bool is_meant_alone(void)
{
	static const char *const sizes[] = {"OMPI_COMM_WORLD_SIZE", "PMI_SIZE"};

	for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
		const char *size = getenv(sizes[i]);

		if (size)
			return atoi(size) == 1;
	}
	return false;
}

static int load_module(const struct mpi_library *library, const char *const *folder,
                       const struct fed_mpi **out, struct fed_error *err)
{
	struct fed_text path = {0};
	const void *table = NULL;

	while (*folder) {
		fed_text_clear(&path);
		fed_text_add(&path, "%s/%s", *folder, library->file);
		if (access(fed_text_str(&path), R_OK) == 0)
			break;
		folder++;
	}
	int rc = FED_OK;
	if (!*folder)
		rc = fed_reject(err,
		                "%s started this process, and fedsh was built without its library: "
		                "`apt-get install %s`, and build fedsh again",
		                library->name, library->package);
	else
		rc = fed_module_open(fed_text_str(&path), "fed__mpi", &table, err);
	fed_text_release(&path);
	*out = table;
	if (rc == FED_OK && (*out)->version != FED_MPI_TABLE)
		return fed_reject(err, "%s is of another build of fedsh", library->file);
	return rc;
}

int fed__rank_link_mpi(struct fed_rank_link **out, const char *const *folder, struct fed_error *err)
{
	const struct mpi_library *library = library_of_launcher();
	const char *chunk = getenv("FEDSH_MPI_CHUNK"); /* bytes; for tests */
	struct fed_mpi_place place = {0, 1, 1};
	char why[FED_MPI_WHY];

	if (!library && slurm_tasks() > 1)
		return refuse_singletons(err);
	if (!library)
		return fed_reject(err,
		                  "no MPI launcher started this process; `mpirun -n 4 fedsh --mpi FILE` "
		                  "starts a job of 4 ranks");
	struct mpi_link *link = fed_alloc(sizeof *link);
	if (!link)
		return fed_fail_memory(err, sizeof *link, "a rank's link");
	setenv("UCX_HANDLE_ERRORS", "none", 0); /* crashes are told by fedsh */
	int rc = load_module(library, folder, &link->mpi, err);
	if (rc == FED_OK && link->mpi->begin(chunk ? strtoul(chunk, NULL, 10) : 0, &place, why))
		rc = fed_fail(err, "%s: %s", library->name, why);
	if (rc == FED_OK && place.ranks == 1 && slurm_tasks() > 1 && !is_meant_alone()) {
		link->mpi->finish();
		rc = refuse_singletons(err);
	}
	if (rc) {
		fed_free(link);
		return rc;
	}
	link->face = (struct fed_rank_link){.rank = place.rank,
	                                    .ranks = place.ranks,
	                                    .on_node = place.on_node,
	                                    .name = library->name,
	                                    .unbound = "mpirun --map-by node --bind-to none",
	                                    .row = &over_mpi};
	*out = &link->face;
	return FED_OK;
}
