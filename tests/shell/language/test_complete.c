/* SPDX-License-Identifier: GPL-3.0-or-later */
/* shell/language/test_complete.c - what may stand at the cursor. */
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "shell/lab.h"
#include "shell/language/complete.h"
#include "support/suite.h"

/* The cursor is at the |; has: candidates that must be there, only: and no others. */
static const struct {
	const char *line, *has;
	bool only;
} lines[] = {
	{"|", "round status quit", false},
	{"rou|", "round", true},
	{"round; stat|", "status", true},
	{"round 2; |", "round status", false},
	{"xyz|", "", true},
	{"aggregator |", "fedavg fedadam scaffold", false},
	{"aggregator fedad|", "fedadagrad fedadam", true},
	{"aggregator fedadam |", "eta= beta1=", false},
	{"aggregator fedadam et|", "eta=", true},
	{"aggr fedadam et|", "eta=", true},
	{"model mlp |", "hidden= activation= parts= lora=", true},
	{"model mlp activation=|", "activation=relu activation=tanh", true},
	{"model mlp activation=t|", "activation=tanh", true},
	{"model mlp hidden=4 |", "activation= parts= lora=", true},
	{"dataset blo|", "blobs", true},
	{"dataset blobs cl|", "classes=", true},
	{"add-client 10 non|", "noniid", true},
	{"add-client 10 |", "iid noniid reuse samples=", false},
	{"add-client 10 iid re|", "reuse", true},
	{"remove-client |", "all 0 2 random:", false},
	{"remove-client 1|", "1", true},
	{"remove-client 0,|", "0,2 0,all", false},
	{"plot acc|", "accuracy", true},
	{"plot accuracy,train|", "accuracy,train-loss", true},
	{"plot loss against=clo|", "against=clock", true},
	{"expect accuracy>0.5 and lo|", "loss lost", true},
	{"run |", "until", true},
	{"break |", "client== event== nan delete accuracy", false},
	{"break client==3 and eve|", "event==", true},
	{"run until acc|", "accuracy", true},
	{"set fra|", "fraction", true},
	{"set weighting |", "samples equal", true},
	{"set cod|", "codec", true},
	{"set codec |", "none up= down= fp16 int8 powersgd qsgd sign top-k", true},
	{"set codec=to|", "codec=top-k", true},
	{"set error-feedback |", "no yes", false},
	{"bill sort=s|", "sort=saved sort=server-flops", true},
	{"bill |", "all 0 n= sort=", false},
	{"cost|", "costs", true},
	{"bil|", "bill", true},
	{"costs 0,|", "0,1 0,2 0,all", false},
	{"inject byzantine 1,|", "1,0 1,2 1,all", false},
	{"sweep lr 0.1 metrics=accuracy,train|", "metrics=accuracy,train-loss", true},
	{"sweep aggregator fedavg,fedad|", "fedavg,fedadagrad fedavg,fedadam", true},
	{"sweep codec none,f|", "none,fp16", true},
	{"study new { agg|", "aggregator=", true},
	{"study new { |", "aggregator= partition= seed= lr= attack=", false},
	{"study new {lr = 0.1; partition = iid, diri|", "dirichlet", true},
	{"study new { aggregator=fedad|", "fedadagrad fedadam", true},
	{"study new { seed = 1..5\n  aggregator = median,\n  trim|", "trimmed-mean", true},
	{"study new { attack = none, sign|", "sign-flip", true},
	{"study new { weighting = sam|", "samples", true},
	{"study new { lr = 0.1 } rou|", "rounds=", false},
	{"study new ta|", "table", true},
	{"study new table train-l|", "train-loss", true},
	{"sweep weighting samples,e|", "samples,equal", true},
	{"sweep device phone,ser|", "phone,server", true},
	{"tournament attacks=alie,ip|", "attacks=alie,ipm", true},
	{"tournament aggregators=median,fedad|",
     "aggregators=median,fedadagrad aggregators=median,fedadam", true},
	{"clients --|", "--csv --json --wide", true},
	{"clients -w 0,|", "0,2 0,all", false},
	{"round --|", "--wide", true},
	{"set hide inject,hea|", "inject,heal", true},
	{"log kind=lost,ref|", "kind=lost,refused", true},
	{"explain top|", "top-k", true},
	{"set cli|", "client", true},
	{"set client |", "all 0 2 random:", false},
	{"set client 0-2 |", "device= link= name=", true},
	{"set client 0 li|", "link=", true},
	{"set client 0 device=ph|", "device=phone", true},
	{"set client 0 device=iot link=|",
     "link=ideal link=lan link=wifi link=4g link=3g link=satellite", true},
	{"add-client 10 device=s|", "device=server", true},
	{"add-client 10 link=sa|", "link=satellite", true},
	{"explain sate|", "satellite", true},
	{"set lr=0.1 ba|", "batch=", true},
	{"set weighting=eq|", "weighting=equal", true},
	{"help add|", "add-client", true},
	{"explain diri|", "dirichlet", true},
	{"timing o|", "off on", true},
	{"plugins mod|", "model", true},
	{"new-plugin att|", "attack", true},
	{"explain ali|", "alie", true},
	{"info sign-|", "sign-flip", true},
	{"inj|", "inject", true},
	{"inject |", "offline churn byzantine slow-link", false},
	{"inject str|", "straggler", true},
	{"inject straggler |", "all 0 2 random:", false},
	{"inject straggler 0,|", "0,all 0,1 0,2", false},
	{"inject straggler 0 |", "factor= at= for=", true},
	{"inject straggler 0 factor=2 f|", "for=", true},
	{"inject offline 0 |", "at= for=", true},
	{"inject crash 0 for=|", "for=ever", true},
	{"inject drift 0 what=|", "what=labels what=inputs", true},
	{"inject byzantine 0 |", "attack= knowledge= scale= at= for=", true},
	{"inject byzantine 0 attack=al|", "attack=alie", true},
	{"inject byzantine 0 attack=alie |", "knowledge= z= at= for=", true},
	{"inject byzantine 0 attack=backdoor place=c|", "place=centre", true},
	{"heal |", "all 0 random: fault=", false},
	{"heal 0-2 |", "fault=", true},
	{"heal fault=str|", "fault=straggler", true},
	{"explain drif|", "drift", true},
	{"help fau|", "faults", true},
	{"status # rou|", "", true},
	{"source FOLDER/a\\ fi|", "FOLDER/a\\ file", true},
	{"source \"FOLDER/a fi|", "\"FOLDER/a file\"", true},
	{"source 'FOLDER/a fi|", "'FOLDER/a file'", true},
	{"source FOLDER/a|", "FOLDER/a\\ file", true},
	{"source \"FOLDER/su|", "\"FOLDER/sub/", true},
	{"dataset text FOLDER/su|", "FOLDER/sub/", true},
	{"dataset text FOLDER/a\\ fi|", "FOLDER/a\\ file", true},
	{"dataset text x.txt str|", "stride=", true},
	{"source FOLDER/su|", "FOLDER/sub/", true},
	{"status 'abc|", "", true},
};

static bool holds(const struct fed_candidates *c, const char *name, size_t length)
{
	for (size_t i = 0; i < c->n; i++)
		if (strlen(c->text[i]) == length && memcmp(c->text[i], name, length) == 0)
			return true;
	return false;
}

/* FOLDER becomes the folder's path. */
static void put_folder(const char *text, const char *folder, struct fed_text *out)
{
	const char *at = strstr(text, "FOLDER");

	if (at)
		fed_text_add(out, "%.*s%s%s", (int)(at - text), text, folder, at + 6);
	else
		fed_text_add(out, "%s", text);
}

/* What is offered for one of the lines; FOLDER is this one. */
static void check_line(struct fed_shell *shell, size_t i, const char *folder)
{
	struct fed_text line = {0}, has = {0};
	struct fed_candidates found;
	size_t wanted = 0;

	put_folder(lines[i].line, folder, &line);
	put_folder(lines[i].has, folder, &has);
	const size_t point = (size_t)(strchr(fed_text_str(&line), '|') - fed_text_str(&line));
	fed__complete(shell, fed_text_str(&line), point, &found);
	if (strstr(lines[i].has, " file")) { /* one candidate with a blank */
		ck_assert_msg(found.n == 1 && holds(&found, has.s, has.len), "%s", lines[i].line);
	} else {
		for (char *save, *word = strtok_r(has.len ? has.s : (char[]){""}, " ", &save); word;
		     word = strtok_r(NULL, " ", &save), wanted++)
			ck_assert_msg(holds(&found, word, strlen(word)), "%s lacks %s", lines[i].line, word);
		if (lines[i].only)
			ck_assert_msg(found.n == wanted, "%s: %zu candidates, first %s", lines[i].line, found.n,
			              found.n ? found.text[0] : "");
	}
	ck_assert_msg(found.start <= point, "%s", lines[i].line);
	fed__candidates_release(&found);
	fed_text_release(&line);
	fed_text_release(&has);
}

/* In one session, which to complete a line does not change. */
START_TEST(candidates_fit_the_place)
{
	struct shell_lab lab;
	struct fed_temp temp;

	fed_temp_make(&temp);
	fed_temp_write(&temp, "a file", "", 0);
	ck_assert_int_eq(mkdir(fed_temp_file(&temp, "sub"), 0700), 0);
	shell_lab_open(&lab, FED_PLUGIN_DIR);
	ck_assert_int_eq(shell_lab_run(&lab, "dataset blobs; add-client 3 samples=10"), FED_EXIT_OK);
	for (size_t i = 0; i < sizeof lines / sizeof *lines; i++)
		check_line(&lab.shell, i, temp.dir);
	rmdir(fed_temp_file(&temp, "sub"));
	shell_lab_close(&lab);
	fed_temp_remove(&temp);
}
END_TEST

/* Every beginning of every example, and some noise: no crash, start within the line. */
START_TEST(any_place_may_be_asked)
{
	static const char *const noise[] = {";;;",     "'\"",      "a=b=c",  "\\",
	                                    "= = =",   "plot ,,,", "set .=", "remove-client 1--,",
	                                    "\xff\xff"};
	struct shell_lab lab;
	struct fed_candidates found;

	shell_lab_open(&lab, FED_PLUGIN_DIR);
	for (size_t i = 0; fed__command_at(&shell_lab_table, i, NULL); i++)
		for (const char *const *e = fed__command_at(&shell_lab_table, i, NULL)->examples; *e; e++)
			for (size_t point = 0; point <= strlen(*e); point++) {
				fed__complete(&lab.shell, *e, point, &found);
				ck_assert_uint_le(found.start, point);
				fed__candidates_release(&found);
			}
	for (size_t i = 0; i < sizeof noise / sizeof *noise; i++) {
		fed__complete(&lab.shell, noise[i], strlen(noise[i]), &found);
		fed__candidates_release(&found);
	}
	shell_lab_close(&lab);
}
END_TEST

FED_SUITE(complete)
{
	Suite *suite = suite_create("complete");
	TCase *tests = tcase_create("complete");

	tcase_add_test(tests, candidates_fit_the_place);
	tcase_add_test(tests, any_place_may_be_asked);
	suite_add_tcase(suite, tests);
	return suite;
}
