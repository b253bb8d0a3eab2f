/* SPDX-License-Identifier: GPL-3.0-or-later */
/* room/test_room.c - rooms over loopback: a server and members in one process.
 */
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/cpu.h"
#include "base/mem.h"
#include "room/member.h"
#include "room/room.h"
#include "session/small.h"
#include "support/suite.h"

enum { MEMBERS = 4, EXAMPLES = 60, MEMBERS_MOST = 8 };
/* Seconds that anything here may take. */
#define PATIENCE 20.0

static char folder[64];

/* A path in the test's folder. */
static const char *path_of(const char *name, char out[128])
{
	snprintf(out, 128, "%s/%s", folder, name);
	return out;
}

static uint16_t port_of_test(void)
{
	static uint16_t next;

	if (!next)
		next = (uint16_t)(20000 + getpid() % 20000);
	return next = (uint16_t)(next + 2);
}

/* Members ------------------------------------------------------------------------------- */

struct guest {
	struct fed_join *join;
	pthread_t thread;
	atomic_bool leaves;
	atomic_bool over;
};

static void *live(void *ctx)
{
	struct guest *g = ctx;

	while (!atomic_load(&g->leaves) && fed_join_step(g->join, 0.05))
		;
	atomic_store(&g->over, true);
	return NULL;
}

static void guest_join(struct guest *g, const struct fed_room *room, uint16_t port, int i,
                       const char *data)
{
	enum fed_network_trouble trouble;
	struct fed_error err;
	char key[128], file[32], name[16];

	snprintf(file, sizeof file, "member-%d", i);
	snprintf(name, sizeof name, "m%d", i);
	const struct fed_join_options o = {.host = "127.0.0.1",
	                                   .port = port,
	                                   .code = fed_room_code(room),
	                                   .name = name,
	                                   .key_file = path_of(file, key),
	                                   .data = data,
	                                   .plugin_folder = FED_PLUGIN_DIR};
	*g = (struct guest){0};
	fed_assert_ok(fed_join_new(&g->join, &o, &trouble, &err), &err);
	ck_assert_int_eq(pthread_create(&g->thread, NULL, live, g), 0);
}

static void guest_leave(struct guest *g)
{
	atomic_store(&g->leaves, true);
	pthread_join(g->thread, NULL);
	fed_join_free(g->join, "the test is over");
}

/* A room -------------------------------------------------------------------------------- */

struct class
{
	struct fed_session session;
	struct heard heard;
	struct fed_room *room;
	uint16_t port;
	struct guest guest[MEMBERS_MOST];
	int guests;
};

static void class_open(struct class *c, const char *composition, bool strict)
{
	char endpoint[64], key[128];
	struct fed_error err;

	memset(c, 0, sizeof *c);
	c->port = port_of_test();
	snprintf(endpoint, sizeof endpoint, "tcp://127.0.0.1:%u", c->port);
	small_init(&c->session, &c->heard);
	small_do(&c->session, composition);
	const struct fed_room_options o = {.endpoint = endpoint,
	                                   .key_file = path_of("server", key),
	                                   .strict = strict,
	                                   .patience = FED_ROOM_PATIENCE,
	                                   .most = FED_ROOM_MOST};
	fed_assert_ok(fed_room_open(&c->room, &c->session, &o, &err), &err);
}

static void class_wait(struct class *c, uint32_t present)
{
	const double end = fed_wall_seconds() + PATIENCE;

	while (fed_room_present(c->room) < present) {
		ck_assert_msg(fed_wall_seconds() < end, "%u of %u members came: %s",
		              fed_room_present(c->room), present, c->heard.text);
		fed_room_idle(c->room, 0.05);
	}
}

/* One member after the other, so that each has the number of its place. */
static void class_fill(struct class *c, int members, const char *dataset)
{
	for (int i = 0; i < members; i++) {
		char data[128], name[64], *settings;

		snprintf(name, sizeof name, "%s", dataset);
		settings = strchr(name, ' ');
		if (settings)
			*settings++ = '\0';
		snprintf(data, sizeof data, "%s:%d-%d %s", name, i * EXAMPLES, (i + 1) * EXAMPLES - 1,
		         settings ? settings : "");
		guest_join(&c->guest[c->guests++], c->room, c->port, i, data);
		class_wait(c, (uint32_t)i + 1);
	}
}

static void class_close(struct class *c)
{
	fed_room_close(c->room, "the test is over");
	for (int i = 0; i < c->guests; i++)
		guest_leave(&c->guest[i]);
	fed__session_release(&c->session);
}

/* The same composition, simulated with the same examples. */
static void simulate(struct fed_session *s, const char *composition, int members,
                     const char *rounds)
{
	char line[64];

	small_init(s, NULL);
	small_do(s, composition);
	snprintf(line, sizeof line, "add %d iid %d", members, EXAMPLES);
	small_do(s, line);
	struct fed_client_block *block = &s->parts.clients.block[0];
	for (uint64_t i = 0; i < block->n_ids; i++)
		block->ids[i] = (uint32_t)i;
	for (int i = 0; i < members; i++)
		s->parts.clients.client[i].device = 0;
	small_do(s, rounds);
}

static void check_same_model(const struct fed_session *a, const struct fed_session *b)
{
	const size_t dim = a->parts.net.dim;

	ck_assert_uint_eq(dim, b->parts.net.dim);
	ck_assert_uint_eq(fed_session_version(a), fed_session_version(b));
	ck_assert_msg(memcmp(fed_session_params(a), fed_session_params(b), dim * sizeof(float)) == 0,
	              "the models differ");
}

/* Tests ------------------------------------------------------------------------------------ */

static const char *const compositions[] = {
	"dataset blobs;model softmax;aggregator fedavg;transport local",
	"dataset blobs;model mlp;aggregator scaffold;transport local;set fraction 1",
	"dataset blobs;model mlp;aggregator fedprox mu=0.1;transport local;set codec int8;set fraction "
	"1",
};

START_TEST(a_room_makes_the_simulations_bits)
{
	const char *composition = compositions[_i];
	struct fed_session simulated;
	struct class c;

	simulate(&simulated, composition, MEMBERS, "round 3");
	class_open(&c, composition, false);
	class_fill(&c, MEMBERS, "blobs");
	small_do(&c.session, "round 3");
	check_same_model(&c.session, &simulated);
	class_close(&c);
	fed__session_release(&simulated);
}
END_TEST

static void make_folder(void)
{
	strcpy(folder, "/tmp/fedsh-room-XXXXXX");
	ck_assert_ptr_nonnull(mkdtemp(folder));
}

static void remove_folder(void)
{
	char command[128];

	snprintf(command, sizeof command, "rm -rf %s", folder);
	ck_assert_int_eq(system(command), 0);
}

FED_SUITE(room)
{
	Suite *suite = suite_create("room");
	TCase *tc = tcase_create("loopback");

	tcase_add_unchecked_fixture(tc, make_folder, remove_folder);
	tcase_add_loop_test(tc, a_room_makes_the_simulations_bits, 0,
	                    (int)(sizeof compositions / sizeof *compositions));
	suite_add_tcase(suite, tc);
	return suite;
}
