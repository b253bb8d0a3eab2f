/* SPDX-License-Identifier: GPL-3.0-or-later */
/* room/test_room.c - rooms over loopback: a server and members in one process.
 */
#include <math.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/cpu.h"
#include "base/mem.h"
#include "checkpoint/checkpoint.h"
#include "room/free_port.h"
#include "room/internal.h"
#include "room/member/internal.h"
#include "room/status.h"
#include "session/remote.h"
#include "session/small.h"
#include "support/proxy.h"
#include "support/suite.h"
#include "train/schemes/split.h"

enum { MEMBERS = 4, EXAMPLES = 60, MEMBERS_MOST = 8 };
/* Seconds that anything here may take. */
#define PATIENCE 10.0

static char folder[64];

/* A path in the test's folder. */
static const char *path_of(const char *name, char out[128])
{
	snprintf(out, 128, "%s/%s", folder, name);
	return out;
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
	c->port = free_port();
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

/* Let the room go on; fail when that has lasted too long. */
static void pump(struct class *c, double begun)
{
	const struct fed_member *m = fed_room_member(c->room, 0);

	ck_assert_msg(fed_wall_seconds() < begun + PATIENCE,
	              "%u members are there; the first %s: %s, %s", fed_room_present(c->room),
	              m ? fed_member_states[m->state] : "is not", m ? m->why : "", c->heard.text);
	fed_room_idle(c->room, 0.05);
}

static void class_wait(struct class *c, uint32_t present)
{
	const double begun = fed_wall_seconds();

	while (fed_room_present(c->room) < present)
		pump(c, begun);
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
	"dataset blobs;model mlp;aggregator fedprox;transport local;set codec int8;set fraction 1",
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

/* What happens to the links of a room. */
struct weather {
	double latency, rate; /* of all members together */
	double cut_at, cut_for;
	double reset_every;
};
static const struct weather weathers[] = {
	{.latency = 0.02, .rate = 6e6},
	{.latency = 0.02, .cut_at = 0.05, .cut_for = 1.2},
	{.latency = 0.02, .reset_every = 0.08},
};
struct storm {
	const struct weather *weather;
	struct fed_proxy *proxy;
	pthread_t thread;
	atomic_bool over;
};

static void *blow(void *ctx)
{
	struct storm *storm = ctx;
	const struct weather *w = storm->weather;

	if (w->cut_for > 0) {
		usleep((useconds_t)(1e6 * w->cut_at));
		fed_proxy_cut(storm->proxy, true);
		usleep((useconds_t)(1e6 * w->cut_for));
		fed_proxy_cut(storm->proxy, false);
	}
	for (int i = 0; i < 4 && w->reset_every > 0 && !atomic_load(&storm->over); i++) {
		usleep((useconds_t)(1e6 * w->reset_every));
		fed_proxy_reset(storm->proxy);
	}
	return NULL;
}

/* Slow links, a cable that is out for a while and connections that are reset change nothing in the
 * model: each answer comes, and is applied once. */
START_TEST(bad_links_make_the_simulations_bits)
{
	struct storm storm = {.weather = &weathers[_i]};
	struct fed_session simulated;
	struct class c;

	simulate(&simulated, compositions[1], MEMBERS, "round 4");
	class_open(&c, compositions[1], false);
	storm.proxy = fed_proxy_new(c.port);
	c.port = fed_proxy_port(storm.proxy);
	class_fill(&c, MEMBERS, "blobs");
	const unsigned connections = fed_proxy_connections(storm.proxy);
	fed_proxy_set(storm.proxy, storm.weather->latency, storm.weather->rate);
	const double begun = fed_wall_seconds();
	ck_assert_int_eq(pthread_create(&storm.thread, NULL, blow, &storm), 0);
	small_do(&c.session, "round 4");
	const double took = fed_wall_seconds() - begun;
	atomic_store(&storm.over, true);
	pthread_join(storm.thread, NULL);
	check_same_model(&c.session, &simulated);
	ck_assert_double_ge(took, 4 * 2 * storm.weather->latency + storm.weather->cut_for);
	ck_assert_ptr_null(strstr(c.heard.text, "refused"));
	if (storm.weather->reset_every > 0)
		ck_assert_uint_ge(fed_proxy_connections(storm.proxy), connections + MEMBERS);
	else
		ck_assert_uint_eq(fed_proxy_connections(storm.proxy), connections);
	class_close(&c);
	fed_proxy_free(storm.proxy);
	fed__session_release(&simulated);
}
END_TEST

/* Sealed heads ---------------------------------------------------------------------------- */

#define PEER "dataset blobs;model mlp;aggregator fedavg;transport local;scheme split relay=peer"

static const struct fed_split *split_of(const struct fed_session *s)
{
	return s->parts.scheme_state;
}

/* The layers of the client, as the last turn of its own program has left them. */
static const float *head_of(const struct class *c, uint32_t client)
{
	const struct fed_join *j = c->guest[client].join;

	return split_of(j->session)->turn[0].params;
}

/* No eight bytes of the head are in what the server has, and none of its keys opens it. */
static void check_sealed(const struct class *c, const struct fed_code *sealed, const float *head,
                         size_t dim)
{
	const unsigned char *bytes = (const unsigned char *)head;
	struct fed_seal_peer peer[MEMBERS];

	for (size_t i = 0; i + 8 <= dim * sizeof *head; i++)
		ck_assert_ptr_null(memmem(sealed->bytes, sealed->len, bytes + i, 8));
	for (uint32_t i = 0; i < MEMBERS; i++) {
		peer[i] = (struct fed_seal_peer){.client = i};
		snprintf(peer[i].key, sizeof peer[i].key, "%s", fed_room_member(c->room, i)->key);
	}
	for (uint32_t i = 0; i < MEMBERS * MEMBERS; i++) {
		struct fed_seal_about about;
		struct fed_error err;
		void *out;
		size_t len;

		ck_assert_int_eq(fed_seal_open(&c->room->keys, peer, MEMBERS, i / MEMBERS, i % MEMBERS,
		                               sealed->bytes, sealed->len, &about, &out, &len, &err),
		                 FED_REJECT);
	}
}

/* The server's layers and the head of who has it are the model of the simulation. */
START_TEST(members_seal_the_head_for_each_other)
{
	struct fed_session simulated;
	struct class c;
	char word[FED_SEAL_WORD] = "";

	simulate(&simulated, PEER, MEMBERS, "round 1");
	class_open(&c, PEER, false);
	class_fill(&c, MEMBERS, "blobs");
	for (int round = 0; round < 3; round++) {
		small_do(&c.session, "round 1");
		if (round > 0)
			small_do(&simulated, "round 1");
		const struct fed_net *net = &c.session.parts.net;
		const struct fed_split *s = split_of(&c.session);
		const struct fed_federation *f = &c.session.federation;
		const size_t head = net->layer[s->at[0]].offset, all = net->dim;
		const float *made = fed_session_params(&simulated),
					*server = fed_session_params(&c.session);

		ck_assert_double_eq(f->record.used, MEMBERS);
		ck_assert(isnan(f->record.test_accuracy));
		ck_assert_int_eq(s->holder, split_of(&simulated)->holder);
		ck_assert_mem_eq(server + head, made + head, (all - head) * sizeof *made);
		ck_assert_mem_ne(server, made, head * sizeof *made);
		ck_assert_mem_eq(head_of(&c, (uint32_t)s->holder), made, head * sizeof *made);
		ck_assert_ptr_nonnull(f->sealed[0].bytes);
		ck_assert_uint_eq(f->sealed[0].bytes->len, fed_seal_bytes(MEMBERS) + head * sizeof *made);
		check_sealed(&c, f->sealed[0].bytes, made, head);
	}
	for (int i = 0; i < MEMBERS; i++) {
		struct fed_join_view view;

		fed_join_view(c.guest[i].join, &view);
		ck_assert_uint_eq(view.peers, MEMBERS);
		ck_assert_str_ne(view.word, "");
		if (i > 0)
			ck_assert_str_eq(view.word, word);
		memcpy(word, view.word, sizeof word);
	}
	class_close(&c);
	fed__session_release(&simulated);
}
END_TEST

/* The server stores other bytes, or an older head: the client says so, and the round goes on. */
START_TEST(a_head_that_does_not_open_is_told)
{
	struct class c;

	class_open(&c, PEER, false);
	class_fill(&c, MEMBERS, "blobs");
	small_do(&c.session, "round 2");
	struct fed_federation *f = &c.session.federation;
	const bool changed = _i == 0;

	if (changed) { /* the last byte of the content */
		f->sealed[0].bytes->bytes[f->sealed[0].bytes->len - 1] ^= 1;
	} else { /* the client that is said to have sealed it has another key */
		f->sealed[0].giver = (f->sealed[0].giver + 1) % MEMBERS;
	}
	c.heard.text[c.heard.len = 0] = '\0';
	small_do(&c.session, "round 1");
	ck_assert_msg(strstr(c.heard.text, "cannot use the head of client"), "%s", c.heard.text);
	ck_assert_msg(strstr(c.heard.text, changed ? "is not that which was sealed" : "another key"),
	              "%s", c.heard.text);
	ck_assert_msg(strstr(c.heard.text, "the round goes on with that of client"), "%s",
	              c.heard.text);
	ck_assert_double_eq(f->record.refused, 2);
	ck_assert_double_eq(f->record.used, MEMBERS - 2);
	small_do(&c.session, "round 1");
	ck_assert_double_eq(f->record.used, MEMBERS);
	class_close(&c);
}
END_TEST

/* A member's row, by the name that it joined with. */
static uint32_t client_named(const struct class *c, const char *name)
{
	for (uint32_t i = 0; i < fed_room_members(c->room); i++)
		if (strcmp(fed_room_member(c->room, i)->name, name) == 0)
			return fed_room_member(c->room, i)->client;
	return FED_SERVER;
}

static void class_reopen(struct class *c)
{
	char endpoint[64], key[128];
	struct fed_error err;

	snprintf(endpoint, sizeof endpoint, "tcp://127.0.0.1:%u", c->port);
	const struct fed_room_options o = {.endpoint = endpoint,
	                                   .key_file = path_of("server", key),
	                                   .patience = FED_ROOM_PATIENCE,
	                                   .most = FED_ROOM_MOST};
	fed_assert_ok(fed_room_open(&c->room, &c->session, &o, &err), &err);
}

/* The server's program ends without a word, and another one goes on with the saved session. */
START_TEST(members_come_back_to_a_restored_session)
{
	struct fed_session simulated;
	struct fed_error err;
	struct class c;
	char file[128];

	simulate(&simulated, compositions[1], MEMBERS, "round 2;round 2");
	class_open(&c, compositions[1], false);
	class_fill(&c, MEMBERS, "blobs");
	small_do(&c.session, "round 2");
	fed_assert_ok(fed_session_save(&c.session, path_of("saved", file), &err), &err);
	fed_room_close(c.room, NULL);
	fed__session_release(&c.session);

	small_init(&c.session, &c.heard);
	fed_assert_ok(fed_session_restore(&c.session, file, &err), &err);
	class_reopen(&c);
	class_wait(&c, MEMBERS);
	for (uint32_t i = 0; i < MEMBERS; i++) {
		char name[8];

		snprintf(name, sizeof name, "m%u", i);
		ck_assert_uint_eq(client_named(&c, name), i);
	}
	small_do(&c.session, "round 2");
	check_same_model(&c.session, &simulated);
	class_close(&c);
	fed__session_release(&simulated);
}
END_TEST

/* The sealed head was in the program that ended: that is said, and the rounds go on. */
START_TEST(a_restored_session_has_no_sealed_head)
{
	struct fed_error err;
	struct class c;
	char file[128];

	class_open(&c, PEER, false);
	class_fill(&c, MEMBERS, "blobs");
	small_do(&c.session, "round 1");
	ck_assert(fed_session_hides_model(&c.session));
	fed_assert_ok(fed_session_save(&c.session, path_of("sealed", file), &err), &err);
	fed_room_close(c.room, NULL);
	fed__session_release(&c.session);

	small_init(&c.session, &c.heard);
	fed_assert_ok(fed_session_restore(&c.session, file, &err), &err);
	ck_assert(!fed_session_hides_model(&c.session));
	class_reopen(&c);
	class_wait(&c, MEMBERS);
	small_do(&c.session, "round 2");
	ck_assert_msg(strstr(c.heard.text, "the clients begin with the server's own copy"), "%s",
	              c.heard.text);
	ck_assert_double_eq(small_last(&c.session)->used, MEMBERS);
	class_close(&c);
}
END_TEST

/* Of two members with the same name the second gets another one; both are clients. */
START_TEST(a_member_that_leaves_and_returns_is_the_same_client)
{
	struct class c;

	class_open(&c, compositions[0], false);
	class_fill(&c, 2, "blobs");
	guest_leave(&c.guest[0]);
	const double left = fed_wall_seconds();
	while (fed_room_present(c.room) > 1)
		pump(&c, left);
	small_do(&c.session, "round 1");
	ck_assert_uint_eq((uint32_t)small_last(&c.session)->invited, 1);
	guest_join(&c.guest[0], c.room, c.port, 0, "blobs:0-99");
	class_wait(&c, 2);
	ck_assert_uint_eq(client_named(&c, "m0"), 0);
	ck_assert_uint_eq(c.session.parts.clients.n, 2);
	ck_assert_uint_eq(small_client(&c.session, 0)->count, 100);
	small_do(&c.session, "set fraction 1;round 1");
	ck_assert_uint_eq((uint32_t)small_last(&c.session)->reported, 2);
	class_close(&c);
}
END_TEST

START_TEST(a_strict_room_asks_and_sends_out)
{
	struct fed_error err;
	struct class c;
	uint32_t n;

	class_open(&c, compositions[0], true);
	guest_join(&c.guest[c.guests++], c.room, c.port, 0, "blobs:0-59");
	double begun = fed_wall_seconds();
	while (fed_room_members(c.room) < 1)
		pump(&c, begun);
	ck_assert_int_eq(fed_room_member(c.room, 0)->state, FED_MEMBER_WAITS);
	ck_assert_int_eq(fed_room_approve(c.room, "m7", &n, &err), FED_REJECT);
	fed_assert_ok(fed_room_approve(c.room, "m0", &n, &err), &err);
	class_wait(&c, 1);
	fed_assert_ok(fed_room_kick(c.room, "0", NULL, &n, &err), &err);
	ck_assert_uint_eq(n, 1);
	begun = fed_wall_seconds();
	while (!atomic_load(&c.guest[0].over))
		pump(&c, begun);
	struct fed_join_view view;
	fed_join_view(c.guest[0].join, &view);
	ck_assert_int_eq(view.state, FED_JOIN_REFUSED);
	ck_assert_msg(strstr(view.why, "sent you out"), "%s", view.why);
	small_refuses(&c.session, "round 1", "none of the 1 clients is here");
	class_close(&c);
}
END_TEST

/* A member that was not admitted comes in by no other door: not by leaving and joining again. */
START_TEST(who_leaves_while_it_waits_waits_again)
{
	struct class c;

	class_open(&c, compositions[0], true);
	guest_join(&c.guest[0], c.room, c.port, 0, "blobs:0-59");
	double begun = fed_wall_seconds();
	while (fed_room_members(c.room) < 1)
		pump(&c, begun);
	guest_leave(&c.guest[0]);
	while (fed_room_member(c.room, 0)->state == FED_MEMBER_WAITS)
		pump(&c, begun);
	ck_assert_int_eq(fed_room_member(c.room, 0)->state, FED_MEMBER_LEFT);
	guest_join(&c.guest[c.guests++], c.room, c.port, 0, "blobs:0-59");
	begun = fed_wall_seconds();
	while (fed_room_member(c.room, 0)->state == FED_MEMBER_LEFT)
		pump(&c, begun);
	for (int i = 0; i < 10; i++) {
		pump(&c, begun);
		ck_assert_int_eq(fed_room_member(c.room, 0)->state, FED_MEMBER_WAITS);
	}
	ck_assert_str_eq(fed_room_member(c.room, 0)->why, "");
	ck_assert_uint_eq(fed_room_members(c.room), 1);
	class_close(&c);
}
END_TEST

START_TEST(data_that_do_not_fit_are_told)
{
	struct fed_join_view view;
	struct class c;

	class_open(&c, compositions[0], false);
	guest_join(&c.guest[c.guests++], c.room, c.port, 0, "glyphs train=100");
	const double begun = fed_wall_seconds();
	while (fed_room_members(c.room) < 1 || fed_room_member(c.room, 0)->state != FED_MEMBER_UNFIT)
		pump(&c, begun);
	fed_join_view(c.guest[0].join, &view);
	ck_assert_int_eq(view.state, FED_JOIN_UNFIT);
	ck_assert_msg(strstr(view.why, "of shape 28x28x1"), "%s", view.why);
	class_close(&c);
}
END_TEST

/* The time between two rounds is none of the second. */
START_TEST(a_deadline_counts_from_the_beginning_of_its_round)
{
	enum { DEADLINE = 2 };
	struct class c;

	class_open(&c, compositions[0], false);
	class_fill(&c, 2, "blobs");
	small_do(&c.session, "scheme sync deadline=2;round 1");
	const double end = fed_wall_seconds() + DEADLINE + 0.2;
	while (fed_wall_seconds() < end)
		fed_room_idle(c.room, 0.05);
	small_do(&c.session, "round 1");
	ck_assert_uint_eq((uint32_t)small_last(&c.session)->reported, 2);
	class_close(&c);
}
END_TEST

/* What each member does is told while a round runs, and nothing of it is left behind. */
START_TEST(a_status_tells_what_members_do)
{
	struct fed_room_status st = {0};
	struct fed_text counts = {0}, asked = {0};
	struct fed_error err;
	struct class c;

	fed_assert_ok(fed_room_status(NULL, &st, &err), &err);
	ck_assert(!st.open && st.n == 0);
	class_open(&c, compositions[0], false);
	class_fill(&c, 2, "blobs");
	small_do(&c.session, "step");
	fed_assert_ok(fed_room_status(c.room, &st, &err), &err);
	ck_assert(st.open && st.n == 2 && st.in[FED_MEMBER_CLIENT] == 2 && st.asked == 2);
	ck_assert_str_eq(st.code, fed_room_code(c.room));
	ck_assert_uint_eq(st.addresses, 1);
	ck_assert_str_eq(st.address[0].host, "127.0.0.1");
	ck_assert_uint_eq(strtoul(st.port, NULL, 10), c.port);
	for (uint32_t i = 0; i < st.n; i++) {
		const struct fed_member_status *m = &st.member[i];

		ck_assert(m->task != FED_TASK_NONE && m->asked_for >= 0 && m->asked_for < PATIENCE);
		ck_assert(isnan(m->share) || (m->share >= 0 && m->share <= 1));
		ck_assert(m->member.worked <= 0); /* never yet */
	}
	fed_room_put_counts(&counts, &st);
	ck_assert_str_eq(fed_text_str(&counts), "2 here");
	fed_room_put_asked(&asked, &st, 5);
	ck_assert_str_eq(fed_text_str(&asked), "m0 and m1");
	fed_text_clear(&asked);
	fed_room_put_asked(&asked, &st, 1);
	ck_assert_str_eq(fed_text_str(&asked), "m0 and 1 more");
	small_do(&c.session, "continue");
	fed_assert_ok(fed_room_status(c.room, &st, &err), &err);
	ck_assert_uint_eq(st.asked, 0);
	for (uint32_t i = 0; i < st.n; i++)
		ck_assert(st.member[i].member.worked > 0 && st.member[i].member.worked < PATIENCE);
	fed_room_status_release(&st);
	fed_text_release(&counts);
	fed_text_release(&asked);
	class_close(&c);
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
	tcase_add_loop_test(tc, bad_links_make_the_simulations_bits, 0,
	                    (int)(sizeof weathers / sizeof *weathers));
	tcase_add_test(tc, members_seal_the_head_for_each_other);
	tcase_add_loop_test(tc, a_head_that_does_not_open_is_told, 0, 2);
	tcase_add_test(tc, members_come_back_to_a_restored_session);
	tcase_add_test(tc, a_restored_session_has_no_sealed_head);
	tcase_add_test(tc, a_member_that_leaves_and_returns_is_the_same_client);
	tcase_add_test(tc, a_strict_room_asks_and_sends_out);
	tcase_add_test(tc, who_leaves_while_it_waits_waits_again);
	tcase_add_test(tc, data_that_do_not_fit_are_told);
	tcase_add_test(tc, a_status_tells_what_members_do);
	tcase_add_test(tc, a_deadline_counts_from_the_beginning_of_its_round);
	suite_add_tcase(suite, tc);
	return suite;
}
