/* SPDX-License-Identifier: GPL-3.0-or-later */
/* room/test_roles.c - roles: attacks in members' own programs, with consent or drawn by lot; what
 * is secret stays so until it is revealed.
 */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/cpu.h"
#include "base/mem.h"
#include "history/event_log.h"
#include "room/free_port.h"
#include "room/internal.h"
#include "room/member/member.h"
#include "room/roles.h"
#include "session/composition.h"
#include "session/small.h"
#include "support/suite.h"

#define PATIENCE 20.0
enum { MEMBERS = 3, EXAMPLES = 60 };

static struct fed_temp temp;
static struct fed_session server;
static struct heard heard;
static struct fed_room *room;
static struct fed_join *member[MEMBERS];

#define COMPOSITION "dataset blobs;model softmax;aggregator fedavg;transport local;set fraction 1"

/* One turn of everything that is here. */
static void turn(void)
{
	for (int i = 0; i < MEMBERS; i++)
		if (member[i])
			fed_join_step(member[i], 0.005);
	fed_room_idle(room, 0.005);
}

static struct fed_join_view view_of(int i)
{
	struct fed_join_view view;

	fed_join_view(member[i], &view);
	return view;
}

static void join(int i, uint16_t port, bool secret)
{
	const double end = fed_wall_seconds() + PATIENCE;
	enum fed_network_trouble trouble;
	struct fed_error err;
	char key[256], file[32], name[16], data[64];

	snprintf(file, sizeof file, "member-%d.key", i);
	snprintf(key, sizeof key, "%s", fed_temp_file(&temp, file));
	snprintf(name, sizeof name, "m%d", i);
	snprintf(data, sizeof data, "blobs:%d-%d", i * EXAMPLES, (i + 1) * EXAMPLES - 1);
	const struct fed_join_options o = {.host = "127.0.0.1",
	                                   .port = port,
	                                   .code = fed_room_code(room),
	                                   .name = name,
	                                   .key_file = key,
	                                   .data = data,
	                                   .secret_roles = secret,
	                                   .plugin_folder = FED_PLUGIN_DIR};
	fed_assert_ok(fed_join_new(&member[i], &o, &trouble, &err), &err);
	while (fed_room_present(room) < (uint32_t)i + 1) {
		ck_assert_msg(fed_wall_seconds() < end, "%s", view_of(i).why);
		turn();
	}
}

/* secret: a bit for each member that agrees to secret roles. */
static void open_room(unsigned secret)
{
	const uint16_t port = free_port();
	char endpoint[64], key[256];
	struct fed_error err;

	snprintf(endpoint, sizeof endpoint, "tcp://127.0.0.1:%u", port);
	snprintf(key, sizeof key, "%s", fed_temp_file(&temp, "server.key"));
	small_init(&server, &heard);
	small_do(&server, COMPOSITION);
	const struct fed_room_options o = {.endpoint = endpoint,
	                                   .key_file = key,
	                                   .patience = FED_ROOM_PATIENCE,
	                                   .most = FED_ROOM_MOST};
	fed_assert_ok(fed_room_open(&room, &server, &o, &err), &err);
	for (int i = 0; i < MEMBERS; i++)
		join(i, port, secret >> i & 1);
}

static int give(const char *fault, const char *who, bool secret, const char *attack,
                struct fed_error *err)
{
	const struct fed_assign assign = {"attack", attack};
	const struct fed_role_order o = {
		.fault = fault, .who = who, .secret = secret, .assign = &assign, .n = attack != NULL};
	uint32_t n;

	return fed_room_give_role(room, &o, &n, err);
}

static void refuses(const char *fault, const char *who, bool secret, const char *attack,
                    const char *words)
{
	struct fed_error err = {""};

	ck_assert_int_ne(give(fault, who, secret, attack, &err), FED_OK);
	ck_assert_msg(strstr(err.text, words), "%s: %s", words, err.text);
}

/* Versions are for `inject`. */
static void refuses_at(void)
{
	const struct fed_assign assign[] = {{"attack", "sign-flip"}, {"at", "3"}};
	const struct fed_role_order o = {.fault = "byzantine", .who = "m1", .assign = assign, .n = 2};
	struct fed_error err = {""};
	uint32_t n;

	ck_assert_int_ne(fed_room_give_role(room, &o, &n, &err), FED_OK);
	ck_assert_ptr_nonnull(strstr(err.text, "lasts until `reveal`, without at="));
}

/* Whether a member comes to be a client that waits for the next round, with the role or without:
 * its own thread writes the state. */
static bool becomes_client(int i, bool plays)
{
	const double end = fed_wall_seconds() + PATIENCE;

	do {
		const struct fed_join_view v = view_of(i);

		if (v.state == FED_JOIN_IDLE && v.plays == plays)
			return true;
		turn();
	} while (fed_wall_seconds() < end);
	return false;
}

/* Rounds need the members' network threads alone to be stepped: by another thread. */
static void *step_members(void *over)
{
	while (!atomic_load((atomic_bool *)over))
		for (int i = 0; i < MEMBERS; i++)
			fed_join_step(member[i], 0.002);
	return NULL;
}

static void rounds(int n)
{
	atomic_bool over = false;
	pthread_t thread;
	char line[32];

	snprintf(line, sizeof line, "round %d", n);
	ck_assert_int_eq(pthread_create(&thread, NULL, step_members, &over), 0);
	small_do(&server, line);
	atomic_store(&over, true);
	pthread_join(thread, NULL);
}

/* The model of three simulated clients with the members' examples, of which one attacks. */
static void assert_same_as_simulated(int attacker, int n)
{
	struct fed_session s;
	char line[100];

	small_init(&s, NULL);
	small_do(&s, COMPOSITION);
	snprintf(line, sizeof line, "add %d iid %d ideal", MEMBERS, EXAMPLES);
	small_do(&s, line);
	for (uint64_t i = 0; i < s.parts.clients.block[0].n_ids; i++)
		s.parts.clients.block[0].ids[i] = (uint32_t)i;
	if (attacker >= 0) {
		snprintf(line, sizeof line, "inject byzantine %d attack=sign-flip", attacker);
		small_do(&s, line);
	}
	snprintf(line, sizeof line, "round %d", n);
	small_do(&s, line);
	ck_assert_mem_eq(fed_session_params(&server), fed_session_params(&s),
	                 s.parts.net.dim * sizeof(float));
	fed__session_release(&s);
}

static void set_up(void)
{
	memset(&heard, 0, sizeof heard);
	memset(member, 0, sizeof member);
	fed_temp_make(&temp);
}

static void tear_down(void)
{
	for (int i = 0; i < MEMBERS; i++)
		fed_join_free(member[i], "the test is over");
	fed_room_close(room, "the test is over");
	room = NULL;
	fed__session_release(&server);
	fed_temp_remove(&temp);
	ck_assert_int_eq(fed__mem_live(), 0);
}

/* A member that is asked and says yes attacks, with the bits of the simulation; one that says no
 * does not. */
START_TEST(consent_is_asked)
{
	const double end = fed_wall_seconds() + PATIENCE;
	const bool takes = _i == 0;
	struct fed_error err;

	open_room(0);
	fed_assert_ok(give("byzantine", "m1", false, "sign-flip", &err), &err);
	while (!view_of(1).asks && fed_wall_seconds() < end)
		turn();
	ck_assert(view_of(1).asks);
	ck_assert_str_eq(view_of(1).role, "sign-flip");
	ck_assert(!view_of(0).asks && !view_of(2).asks);
	fed_join_consent(member[1], takes);
	while (!strstr(heard.text, takes ? "m1 takes the role" : "m1 does not take the role") &&
	       fed_wall_seconds() < end)
		turn();
	ck_assert(becomes_client(1, takes));
	ck_assert_int_eq(fed_room_member(room, 1)->consents, takes);
	rounds(2);
	assert_same_as_simulated(takes ? 1 : -1, 2);
	ck_assert_double_eq(fed_session_history(&server)->record[1].attackers, takes);
}
END_TEST

/* Each member has taken what the room said to it so far: messages come in their order. */
static void settle(const char *word)
{
	const double end = fed_wall_seconds() + PATIENCE;

	fed_room_tell(room, word);
	for (int i = 0; i < MEMBERS; i++)
		while (strcmp(view_of(i).told, word) != 0 && fed_wall_seconds() < end)
			turn();
}

static int attacker_of(const char *revealed)
{
	for (int i = 0; i < MEMBERS; i++) {
		char words[32];

		snprintf(words, sizeof words, "m%d, client %d, had the role", i, i);
		if (strstr(revealed, words))
			return i;
	}
	return -1;
}

/* Nothing that the lecturer or the history has tells the drawn one before it is revealed. */
static void assert_secret(void)
{
	const struct fed_member *m;

	const struct fed_verdicts *verdicts = &fed_session_federation(&server)->verdicts;

	ck_assert_ptr_null(strstr(heard.text, "takes the role"));
	ck_assert_uint_eq(verdicts->n, MEMBERS);
	for (size_t i = 0; i < verdicts->n; i++)
		ck_assert(verdicts->of[i].secret && !verdicts->of[i].byzantine);
	ck_assert_uint_eq(fed_session_parts(&server)->faults.n, 0);
	for (uint32_t i = 0; (m = fed_room_member(room, i)) != NULL; i++)
		ck_assert(!m->consents && m->takes_secret);
	for (size_t i = 0; i < fed_session_history(&server)->n; i++)
		ck_assert(isnan(fed_session_history(&server)->record[i].attackers));
}

/* What the last version's updates were is known, and a next one has no attacker. */
static void assert_told(int attacker)
{
	const struct fed_verdicts *verdicts = &fed_session_federation(&server)->verdicts;

	for (size_t i = 0; i < verdicts->n; i++) {
		ck_assert(!verdicts->of[i].secret);
		ck_assert_int_eq(verdicts->of[i].byzantine, (int)verdicts->of[i].client == attacker);
	}
	for (uint32_t i = 0; i < MEMBERS; i++)
		ck_assert_int_eq(fed_client_truth(&server.parts.clients, i), FED_TRUTH_HONEST);
}

START_TEST(a_secret_role_is_drawn)
{
	const double end = fed_wall_seconds() + PATIENCE;
	struct fed_text revealed = {0};
	struct fed_error err;
	int playing = -1;

	open_room(7);
	refuses("byzantine", "m1", true, "sign-flip", "drawn by lot");
	refuses("byzantine", "random:4", true, "sign-flip", "3 of the 3 clients here can be drawn");
	fed_assert_ok(give("byzantine", "random:1", true, "sign-flip", &err), &err);
	while (playing < 0 && fed_wall_seconds() < end) {
		turn();
		for (int i = 0; i < MEMBERS; i++)
			if (view_of(i).plays)
				playing = i;
	}
	ck_assert_int_ge(playing, 0);
	for (int i = 0; i < MEMBERS; i++)
		while (!strstr(view_of(i).told, "may attack now") && fed_wall_seconds() < end)
			turn();
	rounds(2);
	assert_secret();
	assert_same_as_simulated(playing, 2);
	fed_join_vote(member[(playing + 1) % MEMBERS], (uint32_t)playing);
	fed_join_vote(member[playing], (uint32_t)((playing + 1) % MEMBERS));
	while (fed_room_voters(room) < 2 && fed_wall_seconds() < end)
		turn();
	ck_assert_uint_eq(fed_room_votes(room, (uint32_t)playing), 1);
	fed_assert_ok(fed_room_reveal(room, &revealed, &err), &err);
	ck_assert_int_eq(attacker_of(revealed.s), playing);
	ck_assert_msg(strstr(revealed.s, "1 of 1 others who voted found it"), "%s", revealed.s);
	fed_text_release(&revealed);
	assert_told(playing);
	while (view_of(playing).plays && fed_wall_seconds() < end)
		turn();
	ck_assert(!view_of(playing).plays);
}
END_TEST

/* Only those take part in secret roles that have agreed; their own program holds to it. */
START_TEST(no_secret_role_without_agreement)
{
	struct fed_error err;

	open_room(2);
	refuses("byzantine", "random:2", true, "sign-flip", "1 of the 3 clients here can be drawn");
	fed_assert_ok(give("byzantine", "random:1", true, "sign-flip", &err), &err);
	settle("one");
	for (int i = 0; i < MEMBERS; i++)
		ck_assert_msg(becomes_client(i, i == 1), "member %d: state %d, plays %d", i,
		              (int)view_of(i).state, view_of(i).plays);
	/* a server that orders one that has not agreed */
	fed__room_say(room, fed_room_member(room, 0)->peer, FED_ROOM_ROLE,
	              "fault=byzantine\nattack=sign-flip\nasks=0\nset.attack=sign-flip\n");
	fed__room_say(room, fed_room_member(room, 2)->peer, FED_ROOM_CONSENT, "takes=1\n");
	settle("two");
	ck_assert(becomes_client(0, false) && becomes_client(2, false));
	rounds(1);
	assert_same_as_simulated(1, 1);
}
END_TEST

START_TEST(what_is_no_role_is_said)
{
	struct fed_text unused = {0};
	struct fed_error err;

	open_room(0);
	refuses("straggler", "m1", false, NULL, "acts at the server's door: `inject straggler WHO`");
	refuses_at();
	refuses("byzantine", "m1", false, "alie", "needs the updates of the other attackers");
	refuses("byzantine", "m7", false, "sign-flip", "is no client that is here");
	refuses("byzantine", "m1", false, "sgn-flip", "sign-flip");
	ck_assert_int_eq(fed_room_reveal(room, &unused, &err), FED_REJECT);
	fed_assert_ok(give("byzantine", "m1", false, "sign-flip", &err), &err);
	refuses("byzantine", "m1", false, "sign-flip", "`reveal` ends it");
}
END_TEST

/* Faults at the server's door act on real clients; those at the client are refused. */
START_TEST(faults_of_real_clients)
{
	static const char *const at_door[] = {
		"offline 0",         "flaky 0 p=0.5", "crash 0", "straggler 0", "hang 0", "lossy 0",
		"partition 0 for=1", "duplicate 0",   "late 0",  "corrupt 0",   "nan 0",  "churn 0"};
	char line[64];

	open_room(0);
	for (size_t i = 0; i < sizeof at_door / sizeof *at_door; i++) {
		snprintf(line, sizeof line, "inject %s", at_door[i]);
		small_do(&server, line);
		rounds(1);
		small_do(&server, "heal");
	}
	ck_assert_uint_eq(fed_session_version(&server), sizeof at_door / sizeof *at_door);
	small_refuses(&server, "inject slow-link 0", "`inject straggler` delays");
	small_refuses(&server, "inject byzantine 0 attack=sign-flip", "`role byzantine WHO`");
	small_refuses(&server, "inject drift 0", "`role drift WHO`");
	small_refuses(&server, "inject data-arrives 0", "`role data-arrives WHO`");
	small_refuses(&server, "inject data-expires 0", "`role data-expires WHO`");
}
END_TEST

FED_SUITE(roles)
{
	Suite *suite = suite_create("roles");
	TCase *tc = tcase_create("roles");

	tcase_add_checked_fixture(tc, set_up, tear_down);
	tcase_add_loop_test(tc, consent_is_asked, 0, 2);
	tcase_add_test(tc, a_secret_role_is_drawn);
	tcase_add_test(tc, no_secret_role_without_agreement);
	tcase_add_test(tc, what_is_no_role_is_said);
	tcase_add_test(tc, faults_of_real_clients);
	suite_add_tcase(suite, tc);
	return suite;
}
