/* SPDX-License-Identifier: GPL-3.0-or-later */
/* shell/program/test_program.c - the built program from outside: transcripts and exit codes. */
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "shell/lab.h"
#include "support/suite.h"

#define FEDSH FED_BUILD_DIR "/fedsh"
#define ARGUMENTS(...) ((const char *const[]){__VA_ARGS__, NULL})

static struct fed_temp temp;
static struct program_run run;

static void set_up(void)
{
	fed_temp_make(&temp);
	setenv("LC_ALL", "C", 1);
	setenv("HOME", temp.dir, 1);
}

static void tear_down(void)
{
	fed_temp_remove(&temp);
}

static void script(const char *name, const char *text)
{
	fed_temp_write(&temp, name, text, strlen(text));
}

static void go(const char *const *arguments, const char *input)
{
	program_run(&run, FEDSH, temp.dir, arguments, input, input ? strlen(input) : 0);
}

START_TEST(a_script_prints_this)
{
	script("a.fedsh", "# a comment\n"
	                  "dataset blobs train=300 test=100 classes=3\n"
	                  "add-client 3 samples=50   # three\n"
	                  "set lr 0.5; show lr\n"
	                  "expect round==0\n");
	go(ARGUMENTS("a.fedsh"), NULL);
	ck_assert_str_eq(
		run.out, "dataset blobs: 300 training and 100 test examples, 2 features each, 3 classes\n"
				 "3 clients, 0 to 2, iid; 150 examples left in the pool\n"
				 "lr = 0.5\nlr = 0.5\n");
	ck_assert_str_eq(run.err, "error: a.fedsh:5: expect: round==0 does not hold: there were no "
	                          "rounds\n");
	ck_assert_int_eq(run.code, 3);
}
END_TEST

START_TEST(the_first_command_works_with_defaults)
{
	go(ARGUMENTS("-c", "add-client 10 noniid samples=60; round 1; expect round==1"), NULL);
	ck_assert_int_eq(run.code, 0);
	ck_assert_str_eq(run.err, "");
	ck_assert_ptr_nonnull(strstr(run.out, "note: no dataset chosen; using glyphs"));
	ck_assert_ptr_nonnull(strstr(run.out, "note: no model chosen; using mlp"));
	ck_assert_ptr_nonnull(strstr(run.out, "\nround 1 "));
	ck_assert_ptr_nonnull(strstr(run.out, "[ok] holds: round 1 == 1\n"));
	ck_assert_ptr_null(strchr(run.out, '\033'));
	ck_assert_ptr_null(strchr(run.out, '\r'));
}
END_TEST

#define BLOBS4 "dataset blobs train=100 test=10; add-client 4 samples=20; "

static const struct {
	const char *commands;
	int code;
} codes[] = {
	{"status", 0},
	{"quit; xyzzy", 0},
	{"dataset blobs; expect round==1", 1},
	{"xyzzy", 2},
	{"add-client -1", 2},
	{"round", 4},
	{"restore nosuch", 5},
	{"load nosuch.so", 7},
	{"build nosuch", 7},
	/* Data: what was typed, what the session holds, what is in the files. */
	{"dataset", 1},
	{"dataset nosuch", 2},
	{"dataset text", 2},
	{"dataset glyphs train=0", 2},
	{"dataset blobs classes=1", 2},
	{"dataset linear d=1000000", 2},
	{"dataset ok.csv", 0}, /* the label is in the last column, as help and explain say */
	{"dataset ok.csv label=kind test=0", 2},
	{"dataset ok.csv label=nosuch", 2},
	{"dataset ok.csv label=3", 2},
	{"dataset ok.csv label=kind header=no", 2},
	{"dataset ok.csv label=kind task=regression", 2},
	{"dataset text ok.csv,,ok.csv", 2},
	{"dataset text ok.csv speakers", 2},
	{"dataset text ok.csv window=4000", 2},
	{"dataset markov length=8 window=10", 2},
	{"dataset . prefix=nosuch", 2},
	{"dataset .", 5},
	{"dataset blobs; add-client 2 samples=5; dataset fashion", 1},
	{"dataset blobs; add-client 2 samples=5; dataset glyphs train=0", 1},
	{"dataset /dev/null", 5},
	{"dataset bad.csv label=kind", 5},
	{"dataset text nosuch.txt", 5},
	{"aggregator", 1},
	{"transport", 1},
	{"export foo.bar", 2},
	{"export no/such/folder.csv", 5},
	{"dataset blobs; model softmax; import m.csv", 2},
	{"dataset blobs; model softmax; import m.npz", 5},
	{"new-plugin aggregator 'a b'", 2},
	{"new-plugin aggregator a; new-plugin aggregator a", 5},
	{"dataset blobs; add-client 2 samples=5; sweep lr 0.1,foo", 2},
	{"dataset blobs; add-client 2 samples=5; sweep foo 1,2", 2},
	{"dataset blobs; add-client 2 samples=5; tournament foo", 2},
	{BLOBS4 "run until accuracy>1", 1},
	{BLOBS4 "set eval-every never; run until accuracy>0.9", 1},
	{"sweep lr 0.1", 4},
	{BLOBS4 "sweep aggregator krum:f=2,krum:f=3 rounds=1", 4},
	{BLOBS4 "sweep aggregator fedavg,krum:f=3 rounds=1", 0},
	{BLOBS4 "tournament attacks=none aggregators=krum,multi-krum byzantine=50% rounds=1", 4},
	{BLOBS4 "tournament attacks=none aggregators=fedavg,krum byzantine=50% rounds=1", 0},
	{"check-plugin local", 0},
	{"check-plugin lokal", 2},
	{"check-plugin krum f=-9", 2},
	{"check-plugin krum nosuch=1", 2},
	{"load " FED_BUILD_DIR "/fixtures/simulated.so; check-plugin simulated how=twice", 7},
	{"load " FED_BUILD_DIR
     "/fixtures/faulty_model.so; dataset blobs; model faulty-model; add-client 3 "
     "samples=20; round; model faulty-model units=3; round",
     0},
	{"load " FED_BUILD_DIR "/fixtures/crash_stream.so; check-plugin crash-stream how=read-null", 7},
	{"try krum nosuch.csv", 5},
	{"try kurm nosuch.npy", 2},
	{"dataset blobs; add-client 3 samples=9; round; updates save=u.npy; try krum u.npy f=3", 1},
};

START_TEST(exit_codes_tell)
{
	script("ok.csv", "x,kind\n1,a\n2,b\n3,a\n4,b\n");
	script("bad.csv", "x,kind\n1,a\nno number,b\n3,a\n");
	go(ARGUMENTS("-c", codes[_i].commands), NULL);
	ck_assert_msg(run.code == codes[_i].code, "%s: %d, not %d\n%s", codes[_i].commands, run.code,
	              codes[_i].code, run.err);
}
END_TEST

/* As inside (tests/conformance), and a crash ends its check alone. */
START_TEST(a_guarded_plugin_is_checked_in_its_process)
{
	static const char *const cases[][3] = {
		{"faulty_model", "faulty-model how=dx-last",
	     "make dx before touching grads\n  passed   batches"},
		{"faulty_model", "faulty-model how=leaks", "bytes more than before"},
		{"faulty_reduce", "faulty-reduce how=past-step groups=1", "past the end of its step"},
		{"faulty_craft", "faulty-craft how=good", "9 passed, 0 failed"},
		{"crash_stream", "crash-stream how=exit", "called exit(0)"},
		{"crash_stream", "crash-stream how=loop", "did not return"},
	};
	char commands[400];

	snprintf(commands, sizeof commands,
	         "set plugin-deadline 5; load " FED_BUILD_DIR "/fixtures/%s.so; check-plugin %s",
	         cases[_i][0], cases[_i][1]);
	go(ARGUMENTS("-c", commands), NULL);
	ck_assert_msg(strstr(run.out, cases[_i][2]), "%s: %s%s", commands, run.out, run.err);
	ck_assert_int_eq(run.code, strstr(cases[_i][1], "good") ? 0 : 7);
}
END_TEST

START_TEST(an_unknown_name_is_told_before_its_parameters)
{
	go(ARGUMENTS("-c", "model cn hidden=3"), NULL);
	ck_assert_int_eq(run.code, 2);
	ck_assert_ptr_nonnull(strstr(run.err, "did you mean cnn?"));
	go(ARGUMENTS("-c", "dataset nosuch.csv label=y"), NULL);
	ck_assert_ptr_nonnull(strstr(run.err, "no file is called nosuch.csv"));
}
END_TEST

/* `else=` is for data that are not there: what is wrong with those that are is told. */
START_TEST(long_names_of_settings_lead_to_the_short)
{
	go(ARGUMENTS("-c", "set learning-rate 0.1"), NULL);
	ck_assert_int_eq(run.code, 2);
	ck_assert_ptr_nonnull(strstr(run.err, "did you mean lr?"));
	go(ARGUMENTS("-c", "set batch_size=3"), NULL);
	ck_assert_ptr_nonnull(strstr(run.err, "did you mean batch?"));
	go(ARGUMENTS("-c", "set autosave 30"), NULL);
	ck_assert_ptr_nonnull(strstr(run.err, "`autosave 30` saves every 30 seconds"));
}
END_TEST

START_TEST(a_model_is_named_once)
{
	go(ARGUMENTS("-c", "dataset blobs; model linear"), NULL);
	ck_assert_int_eq(strncmp(run.err, "error: model linear: is a regression", 36), 0);
	script("a.fedsh", "dataset blobs\nmodel linear\n");
	go(ARGUMENTS("a.fedsh"), NULL);
	ck_assert_int_eq(strncmp(run.err, "error: a.fedsh:2: model linear: is", 34), 0);
}
END_TEST

START_TEST(deleted_breakpoints_are_counted)
{
	go(ARGUMENTS("-c", "break delete all; break refused>0; break nan; break delete 1; "
	                   "break delete all"),
	   NULL);
	ck_assert_int_eq(run.code, 0);
	ck_assert_str_eq(run.out, "no breakpoints\n"
	                          "break 1: refused>0\n"
	                          "break 2: nan\n"
	                          "breakpoint 1 deleted\n"
	                          "1 breakpoint deleted\n");
}
END_TEST

START_TEST(otherwise_stands_for_what_is_missing)
{
	setenv("FEDSH_DATASETS", temp.dir, 1);
	go(ARGUMENTS("-c", "dataset fashion else=glyphs train=300 test=50; add-client 2 samples=20; "
	                   "dataset fashion else=glyphs train=300 test=50"),
	   NULL);
	ck_assert_msg(run.code == 0, "%s", run.err);
	ck_assert_ptr_nonnull(strstr(run.out, "using glyphs instead"));
	ck_assert_ptr_nonnull(strstr(run.out, "apt install dataset-fashion-mnist"));
	go(ARGUMENTS("-c", "dataset nosuch.csv else=blobs"), NULL);
	ck_assert_msg(run.code == 0, "%s", run.err);

	go(ARGUMENTS("-c", "add-client 2 samples=20; dataset blobs else=linear"), NULL);
	ck_assert_ptr_nonnull(strstr(run.err, "2 clients hold examples of glyphs"));
	ck_assert_ptr_null(strstr(run.out, "instead"));
	script("bad.csv", "x,y\n1,\n");
	go(ARGUMENTS("-c", "dataset bad.csv label=y else=blobs"), NULL);
	ck_assert_int_ne(run.code, 0);
	ck_assert_ptr_null(strstr(run.out, "instead"));
	unsetenv("FEDSH_DATASETS");
}
END_TEST

START_TEST(options_are_checked)
{
	go(ARGUMENTS("--nosuch"), NULL);
	ck_assert_int_eq(run.code, 2);
	go(ARGUMENTS("--help"), NULL);
	ck_assert_int_eq(run.code, 0);
	ck_assert_ptr_nonnull(strstr(run.out, "usage: fedsh"));
	go(ARGUMENTS("--version"), NULL);
	ck_assert_int_eq(run.code, 0);
	ck_assert_ptr_nonnull(strstr(run.out, "OpenBLAS"));
	go(ARGUMENTS("nosuch.fedsh"), NULL);
	ck_assert_int_eq(run.code, 5);
	ck_assert_ptr_nonnull(strstr(run.err, "nosuch.fedsh"));
}
END_TEST

START_TEST(standard_input_is_a_script)
{
	go(ARGUMENTS("--no-color"), "dataset blobs train=100 test=10\n\nxyzzy\nstatus\n");
	ck_assert_int_eq(run.code, 2);
	ck_assert_str_eq(
		run.out, "dataset blobs: 100 training and 10 test examples, 2 features each, 4 classes\n");
	ck_assert_str_eq(run.err, "error: stdin:3: no command xyzzy; `help` lists the commands\n");
	go(ARGUMENTS("--no-color"), "");
	ck_assert_int_eq(run.code, 0);
	ck_assert_str_eq(run.out, "");
}
END_TEST

START_TEST(a_script_that_sources_itself_ends)
{
	script("me.fedsh", "\nsource me.fedsh\n");
	go(ARGUMENTS("me.fedsh"), NULL);
	ck_assert_int_eq(run.code, 2);
	ck_assert_ptr_nonnull(strstr(run.err, "me.fedsh:2 < me.fedsh:2"));
	ck_assert_ptr_nonnull(strstr(run.err, "more than 16 deep"));
	ck_assert_ptr_eq(strchr(run.err, '\n'), run.err + strlen(run.err) - 1);
}
END_TEST

START_TEST(json_is_alone_on_standard_output)
{
	go(ARGUMENTS("--json", "-", "-c",
	             "dataset blobs train=100 test=10; add-client 2 samples=10; round 2"),
	   NULL);
	ck_assert_int_eq(run.code, 0);
	size_t rounds = 0;
	for (char *save, *line = strtok_r(run.out, "\n", &save); line;
	     line = strtok_r(NULL, "\n", &save)) {
		ck_assert_msg(strncmp(line, "{\"v\":1,\"event\":\"", 16) == 0, "%s", line);
		ck_assert_int_eq(line[strlen(line) - 1], '}');
		rounds += strstr(line, "\"event\":\"round\"") != NULL;
	}
	ck_assert_uint_eq(rounds, 2);
	ck_assert_ptr_nonnull(strstr(run.err, "round 2 "));
}
END_TEST

/* The program behind a shell that sends its output elsewhere. */
static void go_through_sh(const char *line)
{
	program_run(&run, "/bin/sh", temp.dir, ARGUMENTS("-c", line, FEDSH), NULL, 0);
}

/* Each -c in its turn, before the files; the first that fails is the last. */
START_TEST(every_c_is_run)
{
	script("a.fedsh", "show batch\n");
	go(ARGUMENTS("-c", "set lr 0.5 # a comment ends here", "-c", "show lr", "a.fedsh"), NULL);
	ck_assert_int_eq(run.code, 0);
	ck_assert_ptr_nonnull(strstr(run.out, "lr = 0.5\nlr = 0.5\nbatch = "));
	go(ARGUMENTS("-c", "xyzzy", "-c", "show lr"), NULL);
	ck_assert_int_eq(run.code, 2);
	ck_assert_ptr_null(strstr(run.out, "lr = "));
	go(ARGUMENTS("-c", "quit", "-c", "show lr", "a.fedsh"), NULL);
	ck_assert_int_eq(run.code, 0);
	ck_assert_str_eq(run.out, "");
}
END_TEST

/* Every command that writes, to a pipe without a reader and to a write-protected file. */
START_TEST(only_files_that_may_be_written_are)
{
	static const char *const commands[] = {
		"record %s",
		"dataset blobs train=100 test=10; add-client 2 samples=10; save %s",
		"dataset blobs train=100 test=10; add-client 2 samples=10; round; export %s",
		"dataset blobs train=100 test=10; add-client 2 samples=10; round; updates save=%s",
		"dataset blobs train=100 test=10; add-client 2 samples=10; round; updates save=%s",
		"dataset blobs train=100 test=10; add-client 2 samples=10; round; export %s",
		"dataset blobs train=100 test=10; add-client 2 samples=10; round; export %s",
		"dataset blobs train=100 test=10; add-client 2 samples=10; round; export %s",
		"dataset blobs train=100 test=10; add-client 2 samples=10; round; updates save=u.npy; try "
		"fedavg u.npy save=%s",
		"new-plugin aggregator mine replace; build mine # %s",
	};
	static const char *const names[] = {"a.fedsh",  "a.fed",         "a.csv",  "a.npy",
	                                    "b.npz",    "a.safetensors", "a.json", "a.npz",
	                                    "step.npy", "mine/mine.so"};

	for (size_t i = 0; i < sizeof commands / sizeof *commands; i++)
		for (int pipe = 0; pipe < 2; pipe++) {
			char path[300], line[600];

			snprintf(path, sizeof path, "%s/%s", temp.dir, names[i]);
			unlink(path);
			mkdir(fed_temp_file(&temp, "mine"), 0755);
			if (!pipe)
				script(names[i], "precious");
			ck_assert_int_eq(pipe ? mkfifo(path, 0600) : chmod(path, 0444), 0);
			snprintf(line, sizeof line, commands[i], names[i]);
			go(ARGUMENTS("-c", line), NULL);
			ck_assert_msg(run.code == 5, "%s: %d %s", line, run.code, run.err);
			ck_assert_msg(strstr(run.err, pipe ? "is not a regular file" : "is write-protected"),
			              "%s: %s", line, run.err);
		}
}
END_TEST

#define FOUR "dataset blobs train=200 test=10; model mlp hidden=64; add-client 4 samples=10; "

static const char *const limited[] = {
	FOUR "save a.fed",
	FOUR "round 20; export a.csv",
	FOUR "export a.npz",
	FOUR "export a.safetensors",
	FOUR "round 5; export a.json",
	FOUR "round 1; updates save=a.npy",
	FOUR "round 1; updates save=a.npz",
	"new-plugin aggregator mine",
};

/* A limit of file sizes is an error, not the end; nothing half-written stays. */
START_TEST(a_limit_of_file_sizes_is_an_error)
{
	char line[600];

	snprintf(line, sizeof line, "ulimit -f 1; exec \"$0\" -c '%s' >/dev/null", limited[_i]);
	go_through_sh(line);
	ck_assert_msg(run.code == 5, "%s: %d %s", line, run.code, run.err);
	ck_assert_msg(strstr(run.err, "File too large"), "%s: %s", line, run.err);
	ck_assert_uint_eq(fed_temp_count(&temp), 0);
}
END_TEST

/* What is written line by line ends with a whole one. */
START_TEST(a_limit_of_file_sizes_ends_a_stream)
{
	char recorded[4096];

	go_through_sh("ulimit -f 1; for i in 1 2 3 4 5 6 7 8 9; do for j in 1 2 3 4 5 6 7 8 9; do echo "
	              "'set lr 0.25'; done; done | sed '1i record r.fedsh' | \"$0\" >/dev/null");
	ck_assert_int_eq(run.code, 5);
	ck_assert_ptr_nonnull(strstr(run.err, "the recording ends here: File too large"));
	FILE *f = fopen(fed_temp_file(&temp, "r.fedsh"), "r");
	ck_assert_ptr_nonnull(f);
	const size_t n = fread(recorded, 1, sizeof recorded - 1, f);
	fclose(f);
	recorded[n] = 0;
	ck_assert_uint_gt(n, 400);
	ck_assert_str_eq(recorded + n - strlen("\nset lr 0.25\n"), "\nset lr 0.25\n");
	go_through_sh("ulimit -f 1; exec \"$0\" --json a.jsonl -c '" FOUR "round 9' >/dev/null");
	ck_assert_int_eq(run.code, 5);
	ck_assert_str_eq(run.err, "error: --json: File too large\n");
}
END_TEST

/* A pipe that something reads takes events, as in `--json >(jq ...)`. */
START_TEST(json_goes_to_pipes_that_are_read)
{
	go_through_sh("mkfifo p; exec \"$0\" --json p -c 'status'");
	ck_assert_int_eq(run.code, 5);
	ck_assert_str_eq(run.err, "error: --json: p: is a pipe or device without a reader\n");
	go_through_sh("cat p >seen & exec 3>p; \"$0\" --json p -c '" FOUR "round 1' >/dev/null; "
	              "code=$?; exec 3>&-; wait; grep -c '\"event\":\"round\"' seen; exit $code");
	ck_assert_int_eq(run.code, 0);
	ck_assert_str_eq(run.out, "1\n");
	go(ARGUMENTS("--json", "a\001b", "-c", "status"), NULL);
	ck_assert_int_eq(run.code, 5);
	ck_assert_ptr_nonnull(strstr(run.err, "has a control character in its name"));
}
END_TEST

/* A file that grows by being read would never end. */
START_TEST(a_recording_does_not_feed_itself)
{
	go(ARGUMENTS("-c", "record r.fedsh; dataset blobs; set lr 0.2; source r.fedsh"), NULL);
	ck_assert_int_eq(run.code, 1);
	ck_assert_str_eq(run.err, "error: source: r.fedsh: is being recorded; `record stop` first\n");
	go(ARGUMENTS("-c", "record r.fedsh; dataset blobs; replay r.fedsh"), NULL);
	ck_assert_int_eq(run.code, 1);
	ck_assert_ptr_nonnull(strstr(run.err, "is being recorded"));
	script("own.fedsh", "record own.fedsh\ndataset blobs\n");
	go(ARGUMENTS("own.fedsh"), NULL);
	ck_assert_int_eq(run.code, 5);
	ck_assert_ptr_nonnull(strstr(run.err, "own.fedsh: is a script that is being run"));
	go_through_sh("exec \"$0\" <own.fedsh");
	ck_assert_int_eq(run.code, 5);
	ck_assert_ptr_nonnull(strstr(run.err, "own.fedsh: is a script that is being run"));
}
END_TEST

/* What writes to the name of the recording, or removes it, leaves no recording: that is told. */
START_TEST(a_recording_that_was_written_over_is_told)
{
	static const char *const ends[] = {"; record stop", "; record stop; quit", ""};

	for (size_t i = 0; i < sizeof ends / sizeof *ends; i++) {
		char commands[200];

		snprintf(commands, sizeof commands, "record r.fedsh; set lr 0.2; save r.fedsh%s", ends[i]);
		go(ARGUMENTS("-c", commands), NULL);
		ck_assert_int_eq(run.code, 5);
		ck_assert_ptr_nonnull(strstr(run.err, "error: record: r.fedsh: the file was removed or "));
	}
	go(ARGUMENTS("-c", "record r.fedsh; set lr 0.2; save r.fedsh", "-c", "record stop", "-c",
	             "record again.fedsh; record stop; replay again.fedsh"),
	   NULL);
	ck_assert_int_eq(run.code, 5); /* and the next -c is not run */
	go(ARGUMENTS("-c", "record r.fedsh; set lr 0.2; undo 9"), NULL);
	ck_assert_int_eq(run.code, 1);
	ck_assert_ptr_null(strstr(run.err, "record:"));
}
END_TEST

START_TEST(a_replay_that_is_refused_changes_nothing)
{
	struct shell_lab lab;
	char line[600];

	shell_lab_open(&lab, FED_PLUGIN_DIR);
	snprintf(line, sizeof line, "record %s", fed_temp_file(&temp, "r.fedsh"));
	ck_assert_int_eq(shell_lab_run(&lab, line), FED_EXIT_OK);
	ck_assert_int_eq(shell_lab_run(&lab, "dataset blobs train=100 test=10"), FED_EXIT_OK);
	snprintf(line, sizeof line, "replay %s", fed_temp_file(&temp, "r.fedsh"));
	ck_assert_int_eq(shell_lab_run(&lab, line), FED_EXIT_FAILED);
	ck_assert_ptr_nonnull(strstr(shell_lab_said(&lab), "is being recorded; `record stop` first"));
	ck_assert_int_eq(shell_lab_run(&lab, "add-client 2 samples=5"), FED_EXIT_OK);
	ck_assert_ptr_nonnull(strstr(shell_lab_said(&lab), "90 examples left in the pool"));
	shell_lab_close(&lab);
}
END_TEST

START_TEST(output_that_is_lost_is_told)
{
	static const char *const lines[] = {
		"exec \"$0\" -c 'help' >/dev/full", "exec \"$0\" -c 'help' >&-",
		"exec \"$0\" --help >/dev/full",    "exec \"$0\" -c 'dataset blobs; save s.fed' >&-",
		"exec \"$0\" --version >&-",
	};

	for (size_t i = 0; i < sizeof lines / sizeof *lines; i++) {
		go_through_sh(lines[i]);
		ck_assert_msg(run.code == 5, "%s: %d", lines[i], run.code);
		ck_assert_str_eq(run.err, "error: standard output cannot be written\n");
	}
	go(ARGUMENTS("-c", "restore s.fed"), NULL);
	ck_assert_msg(run.code == 0, "%s", run.err);
}
END_TEST

START_TEST(json_that_is_lost_is_told)
{
	static const char rounds[] =
		"dataset blobs train=100 test=10; add-client 2 samples=10; round 2";

	go(ARGUMENTS("--json", "/dev/full", "-c", rounds), NULL);
	ck_assert_int_eq(run.code, 5);
	ck_assert_str_eq(run.err, "error: --json: No space left on device\n");
	ck_assert_ptr_nonnull(strstr(run.out, "round 2 "));
	go_through_sh("exec \"$0\" --json - -c 'dataset blobs; add-client 2; round 1' >/dev/full");
	ck_assert_int_eq(run.code, 5);
	ck_assert_ptr_nonnull(strstr(run.err, "error: --json: No space left on device\n"));
}
END_TEST

START_TEST(hostile_bytes_stay_out)
{
	static const char line[] = "explain \033]0;x\007\xff\xfe\n";
	static char long_line[3000000];

	go(ARGUMENTS("--no-color"), line);
	ck_assert_int_eq(run.code, 2);
	ck_assert_ptr_null(strchr(run.err, '\033'));
	ck_assert_ptr_null(strchr(run.err, '\007'));
	ck_assert_ptr_null(strchr(run.err, '\xff'));
	program_run(&run, FEDSH, temp.dir, ARGUMENTS("--no-color"), "sta\0tus\n", 8);
	ck_assert_int_eq(run.code, 2);
	ck_assert_ptr_nonnull(strstr(run.err, "stdin:1: a NUL byte at column 4"));
	memset(long_line, 'x', sizeof long_line);
	program_run(&run, FEDSH, temp.dir, ARGUMENTS("--no-color"), long_line, sizeof long_line);
	ck_assert_int_eq(run.code, 2);
	ck_assert_ptr_nonnull(strstr(run.err, "at most 1000000"));
}
END_TEST

START_TEST(a_record_replays_to_the_same)
{
	go(ARGUMENTS("-c", "set seed 7; dataset blobs train=200 test=50; record r.fedsh; add-client 4 "
	                   "samples=20; round 3; record stop; export a.csv; export a.npz"),
	   NULL);
	ck_assert_msg(run.code == 0, "%s", run.err);
	go(ARGUMENTS("-c", "replay r.fedsh; expect round==3; export b.npz"), NULL);
	ck_assert_msg(run.code == 0, "%s", run.err);
	static char a[65536], b[65536];
	FILE *f = fopen(fed_temp_file(&temp, "a.npz"), "r");
	ck_assert_ptr_nonnull(f);
	const size_t n = fread(a, 1, sizeof a, f);
	fclose(f);
	f = fopen(fed_temp_file(&temp, "b.npz"), "r");
	ck_assert_ptr_nonnull(f);
	ck_assert_uint_eq(fread(b, 1, sizeof b, f), n);
	fclose(f);
	ck_assert_mem_eq(a, b, n);
}
END_TEST

/* The versions that a run made before its condition proved impossible are recorded. */
START_TEST(a_run_that_ends_without_its_condition_is_recorded)
{
	go(ARGUMENTS("-c", BLOBS4 "record r.fedsh; step 3; run until lost>0"), NULL);
	ck_assert_int_eq(run.code, 1);
	ck_assert_ptr_nonnull(strstr(run.err, "run: lost>0 cannot come, so the run stops at version 1: "
	                                      "lost: no link and no fault loses messages"));
	go(ARGUMENTS("-c", "replay r.fedsh; expect round==1; status"), NULL);
	ck_assert_msg(run.code == 0, "%s", run.err);
}
END_TEST

START_TEST(plots_are_drawn)
{
	go(ARGUMENTS("-c", "dataset blobs train=200 test=50; add-client 4 samples=20; round 3; keep "
	                   "one; restart; round 4; plot accuracy,loss"),
	   NULL);
	ck_assert_msg(run.code == 0, "%s", run.err);
	ck_assert_ptr_nonnull(strstr(run.out, "one.test-accuracy"));
	for (size_t i = 0; i < run.out_length; i++)
		ck_assert_msg((unsigned char)run.out[i] < 128, "not ASCII in the C locale");
}
END_TEST

/* The longest run of `c` in the output. */
static size_t longest(char c)
{
	size_t most = 0, here = 0;

	for (size_t i = 0; i < run.out_length; i++) {
		here = run.out[i] == c ? here + 1 : 0;
		most = here > most ? here : most;
	}
	return most;
}

START_TEST(a_curve_joins_the_rounds_that_were_evaluated)
{
	go(ARGUMENTS("-c", "dataset blobs train=200 test=50; add-client 4 samples=20; "
	                   "set eval-every 4; round 8; keep one; plot accuracy"),
	   NULL);
	ck_assert_msg(run.code == 0, "%s", run.err);
	ck_assert_uint_ge(longest('*'), 3);
	ck_assert_msg(!strstr(run.out, "one.test-accuracy"), "the kept run is drawn twice:\n%s",
	              run.out);
}
END_TEST

/* IDX: n images of one pixel, and the labels 0 to 9 in turn. */
static void write_idx(const char *part, unsigned char n, unsigned char wrong)
{
	unsigned char image[16 + 255] = {0, 0, 8, 3, 0, 0, 0, n, 0, 0, 0, 1, 0, 0, 0, 1};
	unsigned char label[8 + 255] = {0, 0, 8, 1, 0, 0, 0, n};
	char name[64];

	for (unsigned char i = 0; i < n; i++)
		label[8 + i] = i == 4 && wrong ? wrong : i % 10;
	snprintf(name, sizeof name, "%s-images-idx3-ubyte", part);
	fed_temp_write(&temp, name, image, 16u + n);
	snprintf(name, sizeof name, "%s-labels-idx1-ubyte", part);
	fed_temp_write(&temp, name, label, 8u + n);
}

START_TEST(a_wrong_label_is_told)
{
	write_idx("train", 200, 200);
	write_idx("t10k", 10, 0);
	go(ARGUMENTS("-c", "dataset ."), NULL);
	ck_assert_msg(run.code == 0, "%s", run.err);
	ck_assert_msg(strstr(run.out, ": classes: 201 by the largest label; 190 labels "
	                              "between without a training example, from 10 on; label 200 has 1 "
	                              "of 200, the first is example 4: is it wrong?\n"),
	              "%s", run.out);
	write_idx("train", 200, 0);
	go(ARGUMENTS("-c", "dataset ."), NULL);
	ck_assert_msg(run.code == 0 && !strstr(run.out, "note:"), "%s", run.out);
}
END_TEST

FED_SUITE(program)
{
	Suite *suite = suite_create("program");
	TCase *tests = tcase_create("program");

	tcase_add_checked_fixture(tests, set_up, tear_down);
	tcase_add_test(tests, a_script_prints_this);
	if (!FED_SANITIZED) /* 24,000 pictures; data/test_generators draws fewer */
		tcase_add_test(tests, the_first_command_works_with_defaults);
	tcase_add_loop_test(tests, exit_codes_tell, 0, (int)(sizeof codes / sizeof *codes));
	tcase_add_loop_test(tests, a_guarded_plugin_is_checked_in_its_process, 0, 6);
	tcase_add_test(tests, an_unknown_name_is_told_before_its_parameters);
	tcase_add_test(tests, long_names_of_settings_lead_to_the_short);
	tcase_add_test(tests, a_model_is_named_once);
	tcase_add_test(tests, deleted_breakpoints_are_counted);
	tcase_add_test(tests, otherwise_stands_for_what_is_missing);
	tcase_add_test(tests, options_are_checked);
	tcase_add_test(tests, standard_input_is_a_script);
	tcase_add_test(tests, a_script_that_sources_itself_ends);
	tcase_add_test(tests, json_is_alone_on_standard_output);
	tcase_add_test(tests, every_c_is_run);
	tcase_add_test(tests, only_files_that_may_be_written_are);
	tcase_add_loop_test(tests, a_limit_of_file_sizes_is_an_error, 0,
	                    (int)(sizeof limited / sizeof *limited));
	tcase_add_test(tests, a_limit_of_file_sizes_ends_a_stream);
	tcase_add_test(tests, json_goes_to_pipes_that_are_read);
	tcase_add_test(tests, a_recording_does_not_feed_itself);
	tcase_add_test(tests, a_recording_that_was_written_over_is_told);
	tcase_add_test(tests, a_replay_that_is_refused_changes_nothing);
	tcase_add_test(tests, output_that_is_lost_is_told);
	tcase_add_test(tests, json_that_is_lost_is_told);
	tcase_add_test(tests, hostile_bytes_stay_out);
	tcase_add_test(tests, a_record_replays_to_the_same);
	tcase_add_test(tests, a_wrong_label_is_told);
	tcase_add_test(tests, a_run_that_ends_without_its_condition_is_recorded);
	tcase_add_test(tests, plots_are_drawn);
	tcase_add_test(tests, a_curve_joins_the_rounds_that_were_evaluated);
	suite_add_tcase(suite, tests);
	return suite;
}
