/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * torturing/watch.c - random keys, sizes and signals at the watch, in an emulated terminal.
 */
#include <signal.h>
#include <string.h>

#include "torturing/torture.h"
#include "watch/emulator.h"

enum { ACTIONS = 60 };

static const char *const keys[] = {
	"1",
	"2",
	"3",
	"4",
	"5",
	"6",
	"\t",
	"\033[Z",
	"?",
	"\033",
	" ",
	"p",
	"r",
	"s",
	"n",
	"+",
	"-",
	"j",
	"k",
	"g",
	"G",
	"\033[A",
	"\033[B",
	"\033[C",
	"\033[D",
	"\033[H",
	"\033[F",
	"\033[5~",
	"\033[6~",
	"/",
	"3\r",
	"\r",
	"\n",
	"\x0c",
	"f",
	"x",
	"\033OP",
	"\033[<0;10;10M",
	"\033[200~paste\033[201~",
	"\xc3\xa9",
	"\xff",
	"\x01",
	"\x05",
	"\x15",
	":round\r",
	":round 3\r",
	":inject flaky all p=0.3\r",
	":heal all\r",
	":set lr 0.1\r",
	":step 5\r",
	":xyzzy\r",
	":abort\r",
	":status\r",
	":",
	"\x7f",
	"\t\t",
	"\033[1;5C",
	"\033[24~",
	"z",
	"w",
};

static void act(struct torture *t)
{
	switch (torture_below(t, 12)) {
	case 0:
		emulator_resize(1 + (int)torture_below(t, 200), 1 + (int)torture_below(t, 70));
		break;
	case 1:
		emulator_signal(SIGWINCH);
		break;
	case 2:
		emulator_signal(torture_below(t, 3) ? SIGWINCH : SIGINT);
		break;
	case 3:
		emulator_signal(SIGTSTP);
		emulator_signal(SIGCONT);
		break;
	default:
		emulator_type(keys[torture_below(t, sizeof keys / sizeof *keys)]);
	}
	if (torture_below(t, 4) == 0)
		emulator_read_on();
}

/* Whatever came before, SIGTERM ends it, with the terminal as it was. */
void torture_watch(struct torture *t)
{
	static const char *const terms[] = {"xterm-256color", "linux", "vt100", "screen"};

	emulator_begin(&(struct emulated){.term = terms[torture_below(t, 4)],
	                                  .folder = t->folder,
	                                  .ascii = torture_below(t, 4) == 0,
	                                  .color = torture_below(t, 2)});
	emulator_wait("fedsh>");
	emulator_type("dataset blobs train=600 test=100; model softmax; add-client 10 samples=50; "
	              "set eval-every 5; watch\r");
	emulator_wait("[1 overview]");
	for (int i = 0; i < ACTIONS; i++)
		act(t);
	emulator_read_on();
	emulator_signal(SIGCONT);
	emulator_signal(SIGTERM);
	const int code = emulator_end();
	ck_assert_msg(code == 128 + SIGTERM || code == 0, "it ended with %d", code);
	ck_assert(emulator_is_restored());
}
