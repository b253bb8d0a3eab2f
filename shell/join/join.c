/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * shell/join/join.c - the program `fedsh join`, from its options to its exit code.
 */
#include "shell/join/join.h"

#include <errno.h>
#include <fcntl.h>
#include <langinfo.h>
#include <locale.h>
#include <math.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <unistd.h>

#include "base/cpu.h"
#include "base/mem.h"
#include "shell/join/changes.h"
#include "shell/join/options.h"
#include "shell/join/probe.h"
#include "shell/join/screen.h"
#include "shell/join/server_key.h"

#define STEP_SECONDS 0.1
#define ASK_SECONDS 3.0   /* for the server's key */
#define AGAIN_SECONDS 2.0 /* between two times */
#define ONCE_SECONDS 10.0 /* after which --once gives up */
enum { CTRL_C = 3 };

struct program {
	struct fed_join_call call;
	struct fed_join_screen screen;
	struct fed_join_scene scene;
	struct fed_join_view before; /* what was told last */
	struct fed_join *join;
	struct fed_text identity;
	char key[FED_KEY_TEXT];
	double training; /* when the present training began; 0: none */
	bool leaves;
};

static volatile sig_atomic_t signalled;

static void on_signal(int number)
{
	signalled = number;
}

static void catch_signals(void)
{
	struct sigaction action = {.sa_handler = on_signal};

	sigemptyset(&action.sa_mask);
	sigaction(SIGINT, &action, NULL);
	sigaction(SIGTERM, &action, NULL);
	sigaction(SIGHUP, &action, NULL);
	signal(SIGPIPE, SIG_IGN);
}

/* What is shown ------------------------------------------------------------------------------ */

static void answer(struct program *p, bool takes)
{
	if (p->join && p->scene.view.asks)
		fed_join_consent(p->join, takes);
}

/* Keys of a vote: v, the number of a client, Enter; others end it. */
static bool takes_vote(struct program *p, int key)
{
	enum { MOST = 100000000 };
	struct fed_join_scene *s = &p->scene;

	if (!s->voting && (key != 'v' || !p->join))
		return false;
	if (!s->voting) {
		s->voting = true;
		s->vote = -1;
	} else if (key >= '0' && key <= '9' && s->vote < MOST) {
		s->vote = 10 * (s->vote < 0 ? 0 : s->vote) + (key - '0');
	} else {
		if ((key == '\r' || key == '\n') && s->vote >= 0)
			fed_join_vote(p->join, (uint32_t)s->vote);
		s->voting = false;
	}
	return true;
}

static void read_keys(struct program *p)
{
	/* A terminal that has hung up gives keys without end. */
	for (int key; p->screen.open && !p->leaves && (key = fed__join_screen_key(&p->screen));) {
		if (key != CTRL_C && takes_vote(p, key))
			continue;
		p->leaves |= key == 'q' || key == 'Q' || key == CTRL_C;
		if (key == 'y' || key == 'Y')
			answer(p, true);
		if (key == 'n' || key == 'N')
			answer(p, false);
	}
	p->leaves |= signalled != 0;
}

/* How long trainings take. */
static void measure_training(struct program *p)
{
	const bool trains = p->scene.view.state == FED_JOIN_TRAINS;

	if (trains && p->training <= 0)
		p->training = p->scene.view.since;
	if (!trains && p->training > 0) {
		p->scene.last_seconds = p->scene.now - p->training;
		p->training = 0;
	}
}

static void print_clean(const struct fed_text *text, bool utf8)
{
	struct fed_text clean = {0};

	fed_text_put_clean(&clean, fed_text_str(text), text->len, utf8);
	fwrite(fed_text_str(&clean), 1, clean.len, stdout);
	fed_text_release(&clean);
}

static void show(struct program *p)
{
	struct fed_text text = {0};

	p->scene.now = fed_wall_seconds();
	measure_training(p);
	if (p->screen.open) {
		fed__join_screen_measure(&p->screen);
		fed__join_scene_put(&p->scene, p->screen.columns, p->screen.rows, &text);
		fed__join_screen_show(&p->screen, &text);
	} else {
		fed__join_changes_put(&p->before, &p->scene.view, &text);
		print_clean(&text, p->scene.utf8);
	}
	p->before = p->scene.view;
	fed_text_release(&text);
}

/* Wait a little, with keys and picture. */
static void pause_for(struct program *p, double seconds)
{
	const double end = fed_wall_seconds() + seconds;

	while (!p->leaves && fed_wall_seconds() < end) {
		(void)poll(NULL, 0, (int)(1000 * STEP_SECONDS));
		read_keys(p);
		show(p);
	}
}

/* Connecting --------------------------------------------------------------------------------- */

/* Have the server's key; again and again without --once.  0, or an exit code. */
static int find_key(struct program *p)
{
	enum fed_network_trouble trouble;
	struct fed_error err;

	for (;;) {
		const int rc = fed__server_key(&p->call, ASK_SECONDS, p->key, &trouble, &err);

		if (rc == FED_OK) {
			fed_key_fingerprint(p->key, p->scene.fingerprint);
			return 0;
		}
		snprintf(p->scene.view.why, sizeof p->scene.view.why, "%.190s", err.text);
		if (rc == FED_REJECT) {
			p->scene.view.state = FED_JOIN_REFUSED;
			return FED_JOIN_EXIT_REFUSED;
		}
		if (p->call.once)
			return FED_JOIN_EXIT_UNREACHABLE;
		show(p);
		pause_for(p, AGAIN_SECONDS);
		if (p->leaves)
			return FED_JOIN_EXIT_OK;
	}
}

/* Two programs with one key would take the connection from each other. */
static int lock_identity(const struct program *p, struct fed_error *err)
{
	struct fed_text path = {0};

	fed_text_add(&path, "%s.lock", fed_text_str(&p->identity));
	const int fd = path.failed ? -1 : open(path.s, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
	const bool locked = fd >= 0 && flock(fd, LOCK_EX | LOCK_NB) == 0;
	const bool taken = fd >= 0 && !locked && errno == EWOULDBLOCK;
	fed_text_release(&path);
	if (!taken)
		return FED_OK; /* kept open until the program ends */
	close(fd);
	return fed_reject(err, "%s has joined from this machine already; --name joins as another",
	                  fed_show(p->call.name).s);
}

static int join(struct program *p, const char *plugin_folder, const char *worker_program,
                struct fed_error *err)
{
	enum fed_network_trouble trouble;

	if (p->call.identity)
		fed_text_add(&p->identity, "%s", p->call.identity);
	else if (!fed__key_path(&p->identity, p->call.name))
		return fed_reject(err, "there is no home folder for your key pair; --identity FILE names "
		                       "one");
	const struct fed_join_options o = {
		.host = p->call.host,
		.port = p->call.port,
		.code = p->call.code,
		.name = p->call.name,
		.server_key = p->key,
		.key_file = fed_text_str(&p->identity),
		.data = p->call.data,
		.plugin_folder = plugin_folder,
		.worker_program =
			worker_program && access(worker_program, X_OK) == 0 ? worker_program : NULL,
		.load = p->call.load,
		.loads = p->call.loads,
		.secret_roles = p->call.roles,
	};
	if (lock_identity(p, err))
		return FED_REJECT;
	return fed_join_new(&p->join, &o, &trouble, err);
}

/* Running ---------------------------------------------------------------------------------- */

/* Whether --once ends it: the server cannot be reached, or is gone. */
static bool gives_up(const struct program *p, double began)
{
	const struct fed_join_view *v = &p->scene.view;

	if (!p->call.once)
		return false;
	return v->silent || (v->state == FED_JOIN_CONNECTS &&
	                     (v->trouble != FED_TROUBLE_NONE || p->scene.now > began + ONCE_SECONDS));
}

/* Until it is over: the exit code. */
static int run(struct program *p)
{
	const double began = fed_wall_seconds();
	bool goes_on = true;

	while (goes_on && !p->leaves) {
		goes_on = fed_join_step(p->join, STEP_SECONDS);
		fed_join_view(p->join, &p->scene.view);
		read_keys(p);
		show(p);
		if (gives_up(p, began))
			return FED_JOIN_EXIT_UNREACHABLE;
		if (!p->screen.open && p->scene.view.state == FED_JOIN_UNFIT)
			return FED_JOIN_EXIT_REFUSED;
	}
	const enum fed_membership state = p->scene.view.state;
	/* what is refused is read before the screen goes */
	return state == FED_JOIN_REFUSED || state == FED_JOIN_UNFIT ? FED_JOIN_EXIT_REFUSED
	                                                            : FED_JOIN_EXIT_OK;
}

/* The last word, on the screen that stays. */
static void say_end(const struct program *p, int code)
{
	const struct fed_join_view *v = &p->scene.view;

	if (code == FED_JOIN_EXIT_REFUSED || code == FED_JOIN_EXIT_UNREACHABLE)
		fprintf(stderr, "error: join: %s\n%s", *v->why ? v->why : "the server does not answer",
		        code == FED_JOIN_EXIT_UNREACHABLE
		            ? "  `fedsh join --probe HOST:PORT` says what may help\n"
		            : "");
	else if (v->state == FED_JOIN_ENDED)
		printf("%s\n", *v->why ? v->why : "the room was closed");
	else
		printf("you left; %llu training%s sent\n", (unsigned long long)v->trainings,
		       v->trainings == 1 ? " was" : "s were");
}

static int forget(const struct fed_join_call *c)
{
	struct fed_error err;
	bool was;

	if (fed__known_server_forget(c->host, c->port, &was, &err)) {
		fprintf(stderr, "error: join: %s\n", err.text);
		return FED_JOIN_EXIT_REFUSED;
	}
	printf(was ? "the key of %s is forgotten; the next join takes the one that the class code "
	             "proves\n"
	           : "%s was not known\n",
	       fed_network_host_port(c->host, c->port).s);
	return FED_JOIN_EXIT_OK;
}

static void begin_scene(struct program *p)
{
	p->scene = (struct fed_join_scene){
		.call = &p->call,
		.color = !getenv("NO_COLOR"),
		.utf8 = strcmp(nl_langinfo(CODESET), "UTF-8") == 0,
		.view = {.client = FED_SERVER, .loss = NAN, .since = fed_wall_seconds()},
	};
	p->scene.view.server.round_trip = NAN;
	snprintf(p->scene.view.name, sizeof p->scene.view.name, "%s", p->call.name);
	p->before = p->scene.view;
	p->before.state = FED_JOIN_ENDED; /* so that the first state is told */
}

int fed__join_program(int argc, char **argv, const char *plugin_folder, const char *worker_program)
{
	struct program p = {0};
	struct fed_error err;

	setlocale(LC_CTYPE, "");
	p.call.load = fed_alloc_array((size_t)argc, sizeof *p.call.load);
	if (!p.call.load)
		return FED_JOIN_EXIT_USAGE;
	int code = fed__join_options(&p.call, argc, argv);
	if (code || p.call.forget || p.call.probe) {
		code = code            ? code < 0 ? FED_JOIN_EXIT_OK : code
		       : p.call.forget ? forget(&p.call)
		                       : fed__join_probe(&p.call);
		fed_free(p.call.load);
		return code;
	}
	setvbuf(stdout, NULL, _IOLBF, 0);
	begin_scene(&p);
	catch_signals();
	if (!p.call.plain)
		fed__join_screen_open(&p.screen);
	show(&p);
	code = find_key(&p);
	if (code == 0 && !p.leaves) {
		if (join(&p, plugin_folder, worker_program, &err)) {
			snprintf(p.scene.view.why, sizeof p.scene.view.why, "%.190s", err.text);
			code = FED_JOIN_EXIT_REFUSED;
		} else {
			code = run(&p);
		}
	}
	fed__join_screen_close(&p.screen);
	fed_join_free(p.join, "left");
	say_end(&p, code);
	fed_text_release(&p.identity);
	fed_free(p.call.load);
	return code;
}
