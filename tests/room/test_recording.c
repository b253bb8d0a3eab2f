/* SPDX-License-Identifier: GPL-3.0-or-later */
/* room/test_recording.c - recordings of rounds: devices and links are found again by the times that
 * they make, and a script of them takes as long as what was recorded.
 */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "history/event_log.h"
#include "history/invitation_log.h"
#include "room/recording.h"
#include "session/composition.h"
#include "session/remote.h"
#include "session/small.h"
#include "support/suite.h"

enum { ROUNDS = 5 };

static struct fed_recording recording;
static struct fed_session before, after;

static void set_up(void)
{
	recording = (struct fed_recording){0};
	small_init(&before, NULL);
	small_init(&after, NULL);
}

static void tear_down(void)
{
	fed__recording_release(&recording);
	fed__session_release(&before);
	fed__session_release(&after);
	ck_assert_int_eq(fed__mem_live(), 0);
}

/* Record --------------------------------------------------------------------------------------- */

/* What a server sees of a simulated invitation: the word that a model has arrived takes the link's
 * latency, too.  jitter: relative error of both times, in turn. */
static void record(const struct fed_session *s, const struct fed_invitation_record *of,
                   double jitter)
{
	const struct fed_client *client = small_client(s, of->client);
	const double off = of->invitation % 2 ? 1 + jitter : 1 - jitter;
	const bool lost = of->state == FED_INVITATION_LOST;
	const struct fed_recorded row = {
		.invitation = of->invitation,
		.version = of->version,
		.message = of->invitation,
		.client = of->client,
		.examples = client->count,
		.sent = of->sent,
		.delivered = NAN,
		.answered = NAN,
		.round_trip = 2 * (double)client->link.latency,
		.flops = fed_session_training_flops(s, of->client),
		.bytes_down = of->bytes_down,
	};

	fed__recording_sent(&recording, &row);
	if (!isnan(of->received))
		fed__recording_delivered(
			&recording, of->client, of->invitation,
			of->sent + off * (of->received - of->sent + (double)client->link.latency));
	if (lost)
		fed__recording_lost(&recording, of->client, "it has left the room");
	else
		fed__recording_answered(&recording, of->client, of->invitation,
		                        of->sent + off * (of->ended - of->sent), of->bytes_up);
}

static void record_all(const struct fed_session *s, double jitter)
{
	const struct fed_invitation_log *log = &fed_session_event_log(s)->invitation_log;

	for (uint64_t k = 1; k <= log->n; k++)
		record(s, fed_invitation_log_at(log, k), jitter);
}

/* Replay ----------------------------------------------------------------------------------------
 */

/* The value behind "key=" in a line, "" if there is none. */
static const char *value_in(const char *line, const char *key, char out[64])
{
	const char *at = strstr(line, key);

	out[0] = '\0';
	if (at)
		snprintf(out, 64, "%.*s", (int)strcspn(at + strlen(key), " "), at + strlen(key));
	return out;
}

static void do_add(struct fed_session *s, const char *line)
{
	char samples[64], device[64], link[64], kind[16] = "", typed[300];
	unsigned n = 0;

	ck_assert_int_eq(sscanf(line, "add-client %u %15s", &n, kind), 2);
	snprintf(typed, sizeof typed, "add %u %s %s %s %s", n, kind,
	         value_in(line, "samples=", samples), value_in(line, " device=", device),
	         value_in(line, " link=", link));
	small_do(s, typed);
}

/* Run the script's lines as the shell would. */
static void replay(struct fed_session *s, const char *script)
{
	char *text = fed_strdup(script), *rest = text, *line;

	while ((line = strsep(&rest, "\n")) != NULL) {
		if (!*line || *line == '#')
			continue;
		if (strncmp(line, "add-client", 10) == 0) {
			do_add(s, line);
		} else if (strncmp(line, "set ", 4) == 0) {
			char *settings = line + 4, *one, typed[200];

			while ((one = strsep(&settings, " ")) != NULL) {
				*strchr(one, '=') = ' ';
				snprintf(typed, sizeof typed, "set %s", one);
				small_do(s, typed);
			}
		} else {
			small_do(s, line);
		}
	}
	fed_free(text);
}

static double seconds_of(const struct fed_session *s, uint64_t version)
{
	const struct fed_history *h = fed_session_history(s);

	return h->record[version - 1].clock - (version > 1 ? h->record[version - 2].clock : 0);
}

/* Tests -----------------------------------------------------------------------------------------
 */

#define LESSON                                                                                   \
	"dataset blobs;model softmax;aggregator fedprox mu=0.25;transport local;set fraction 1;set " \
	"epochs 2;"                                                                                  \
	"add 1 iid 40 2e6 1e5@0.02;add 1 iid 80 1e6 3e4@0.005;add 1 iid 60 5e6 1e6@0.1"

static const struct {
	double device, latency, rate;
} made[] = {{2e6, 0.02, 1e5}, {1e6, 0.005, 3e4}, {5e6, 0.1, 1e6}};

/* Devices and links are found again, also by times that are off by a hundredth. */
START_TEST(devices_and_links_are_found)
{
	const double jitter = _i ? 0.01 : 0;
	struct fed_room_fit fit;
	struct fed_error err;

	small_do(&before, LESSON ";round 5");
	record_all(&before, jitter);
	fed_assert_ok(fed_room_fit_make(&fit, &recording, &err), &err);
	ck_assert_uint_eq(fit.n, 3);
	for (uint32_t i = 0; i < fit.n; i++) {
		ck_assert_double_eq_tol(fit.client[i].latency / made[i].latency, 1, 0.001 + 2 * jitter);
		ck_assert_uint_eq(fit.client[i].answers, ROUNDS);
		if (jitter > 0)
			continue; /* a hundredth of a message's time is a fifth of the work's */
		ck_assert_double_eq_tol(fit.client[i].device / made[i].device, 1, 0.01);
		if (i < 2) /* the third's message takes 0.4 ms beside 0.2 s */
			ck_assert_double_eq_tol(fit.client[i].rate / made[i].rate, 1, 0.01);
	}
	ck_assert_uint_eq(fit.rounds, ROUNDS);
	ck_assert_double_lt(fit.worst, 0.005 + 3 * jitter);
	fed_room_fit_release(&fit);
}
END_TEST

/* The script's rounds take as long, with the same clients lost in the same versions. */
START_TEST(a_script_takes_as_long)
{
	struct fed_text script = {0};
	struct fed_error err;

	small_do(&before, LESSON ";inject offline 1 at=2 for=2;inject crash 0 at=4 for=1;round 5");
	record_all(&before, 0);
	small_do(&before, "heal");
	fed_assert_ok(fed_recording_put_script(&before, &recording, 0, &script, &err), &err);
	ck_assert_msg(strstr(script.s, "inject offline 1 at=2 for=2\n"), "%s", script.s);
	ck_assert_msg(strstr(script.s, "inject crash 0 at=4 for=1\n"), "%s", script.s);
	ck_assert_msg(strstr(script.s, "aggregator fedprox mu=0.25\n"), "%s", script.s);
	replay(&after, script.s);
	ck_assert_uint_eq(fed_session_version(&after), ROUNDS);
	for (uint64_t v = 1; v <= ROUNDS; v++) {
		ck_assert_double_eq_tol(seconds_of(&after, v) / seconds_of(&before, v), 1, 0.02);
		ck_assert_uint_eq(fed_session_history(&after)->record[v - 1].reported,
		                  fed_session_history(&before)->record[v - 1].reported);
	}
	fed_text_release(&script);
}
END_TEST

/* Many of their kind: their median and spread are those of the recorded ones. */
START_TEST(many_of_their_kind)
{
	enum { MANY = 1000 };
	struct fed_text script = {0};
	struct fed_error err;
	double mean = 0, squares = 0;

	small_do(&before,
	         "dataset blobs;model softmax;aggregator fedavg;transport local;set fraction 1;"
	         "add 40 iid 30 1e6:0.5 1e5:0.3;inject flaky all p=0.2;round 5");
	record_all(&before, 0);
	small_do(&before, "heal");
	fed_assert_ok(fed_recording_put_script(&before, &recording, MANY, &script, &err), &err);
	ck_assert_msg(strstr(script.s, "inject flaky all p=0."), "%s", script.s);
	char *rounds = strstr(script.s, "round 5"), *samples = strstr(script.s, "samples=");
	ck_assert_ptr_nonnull(rounds);
	strcpy(rounds, "round 1\n");
	memcpy(samples, "samples=2 ", 10); /* the set has too few for many clients without reuse */
	replay(&after, script.s);
	ck_assert_uint_eq(fed_session_parts(&after)->clients.n, MANY);
	for (uint32_t i = 0; i < MANY; i++)
		mean += log((double)small_client(&after, i)->device) / MANY;
	for (uint32_t i = 0; i < MANY; i++)
		squares += pow(log((double)small_client(&after, i)->device) - mean, 2) / MANY;
	ck_assert_double_eq_tol(mean, log(1e6 * 2 / 2), 0.4);
	ck_assert_double_eq_tol(sqrt(squares), 0.5, 0.2);
	fed_text_release(&script);
}
END_TEST

START_TEST(nothing_recorded_is_said)
{
	struct fed_text script = {0};
	struct fed_error err;

	small_do(&before, LESSON);
	ck_assert_int_eq(fed_recording_put_script(&before, &recording, 0, &script, &err), FED_REJECT);
	ck_assert_ptr_nonnull(strstr(err.text, "no real client has answered yet"));
	fed_text_release(&script);
}
END_TEST

FED_SUITE(recording)
{
	Suite *suite = suite_create("recording");
	TCase *tc = tcase_create("recording");

	tcase_add_checked_fixture(tc, set_up, tear_down);
	tcase_add_loop_test(tc, devices_and_links_are_found, 0, 2);
	tcase_add_test(tc, a_script_takes_as_long);
	tcase_add_test(tc, many_of_their_kind);
	tcase_add_test(tc, nothing_recorded_is_said);
	suite_add_tcase(suite, tc);
	return suite;
}
