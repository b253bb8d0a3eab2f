/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * What a rank remembers of clients: it does not travel again, and never stands for anything else.
 */
#include "train/local/residents.h"

#include <string.h>

#include "base/mem.h"
#include "support/suite.h"
#include "train/lab.h"
#include "train/local/far_training.h"

enum { CLIENT = 2 };

/* A federation, and a rank that was set up for it. */
struct ends {
	struct lab lab;
	struct fed_training_host host;
	struct fed_training training;
	struct fed_packet packet;
};

static struct fed_shared_vectors *vectors_of(const struct ends *e, float value)
{
	struct fed_shared_vectors *v = fed_shared_vectors_new(1, e->lab.net.dim);

	ck_assert_ptr_nonnull(v);
	for (size_t j = 0; j < v->dim; j++)
		v->vector[0][j] = value + (float)j;
	return v;
}

static void set_up(struct ends *e)
{
	struct fed_federation *f = &e->lab.federation;
	struct fed_far_data data;
	struct fed_error err;

	memset(e, 0, sizeof *e);
	lab_compose(&e->lab, "blobs train=600 test=60 classes=3", "mlp hidden=8", "scaffold", "local",
	            4, 50, FED_PARTITION_IID);
	lab_start(&e->lab);
	f->model_plugin = &e->lab.model;
	fed_packet_clear(&e->packet, 1);
	fed_put_set_up(&e->packet, f->trainer);
	struct fed_packet_reader r = fed_packet_open(e->packet.bytes.s, e->packet.bytes.len);
	ck_assert_int_eq(fed_get_far_data(&r, &data, &err), FED_OK);
	fed_free(data.assign);
	ck_assert_msg(
		fed_training_host_init(&e->host, e->lab.plugins, e->lab.data, f->pool, &r, &err) == FED_OK,
		"%s", err.text);
	e->training = (struct fed_training){.trainer = f->trainer,
	                                    .client = CLIENT,
	                                    .row = e->lab.clients.client[CLIENT],
	                                    .plan = f->plan};
}

/* What arrives at the rank of a training whose client keeps `kept`; NULL: it is refused.  bytes: of
 * the job. */
static struct fed_far_training *arrive(struct ends *e, struct fed_shared_vectors *kept,
                                       const struct fed_resident *there, size_t *bytes)
{
	struct fed_shared_vectors *model = fed_shared_vectors_new(2, e->lab.net.dim);
	struct fed_far_training *x = NULL;
	struct fed_error err;

	e->training.row.kept = kept;
	fed_packet_clear(&e->packet, 1);
	fed_put_training(&e->packet, &e->training, there);
	*bytes = e->packet.bytes.len;
	struct fed_packet_reader r = fed_packet_open(e->packet.bytes.s, e->packet.bytes.len);
	if (fed_get_training(&r, &e->host, model, &x, &err) == FED_OK)
		return x;
	ck_assert_str_eq(err.text, "what the client keeps is not here any more");
	return NULL;
}

static void tear_down(struct ends *e)
{
	e->training.row.kept = NULL;
	fed_training_host_release(&e->host);
	fed_packet_release(&e->packet);
	lab_release(&e->lab);
}

START_TEST(what_is_there_does_not_travel)
{
	const struct fed_resident none = {0};
	struct ends e;
	size_t all, less;

	set_up(&e);
	struct fed_shared_vectors *here = vectors_of(&e, 1), *far = vectors_of(&e, 1);
	struct fed_far_training *x = arrive(&e, here, &none, &all);
	ck_assert_mem_eq(x->training.row.kept->vector[0], here->vector[0], here->dim * sizeof(float));
	fed_far_training_free(x);

	const struct fed_training left = {.client = CLIENT, .kept = far};
	ck_assert(fed_residents_put(&e.host.residents, CLIENT, 7, &left));
	const struct fed_resident there = {.job = 7, .kept = here};
	x = arrive(&e, here, &there, &less);
	ck_assert_ptr_eq(x->training.row.kept, far);
	ck_assert_uint_ge(all - less, here->dim * sizeof(float));
	fed_far_training_free(x);
	fed_shared_vectors_unref(here);
	fed_shared_vectors_unref(far);
	tear_down(&e);
}
END_TEST

/* Rolled back, restored or trained elsewhere: the client has other vectors than the rank. */
START_TEST(what_is_another_travels)
{
	struct ends e;
	size_t all, less;

	set_up(&e);
	struct fed_shared_vectors *here = vectors_of(&e, 1), *other = vectors_of(&e, 5);
	const struct fed_training left = {.client = CLIENT, .kept = here};
	ck_assert(fed_residents_put(&e.host.residents, CLIENT, 7, &left));
	const struct fed_resident there = {.job = 7, .kept = here}, later = {.job = 8, .kept = here};
	struct fed_far_training *x = arrive(&e, other, &there, &all);
	ck_assert_mem_eq(x->training.row.kept->vector[0], other->vector[0], other->dim * sizeof(float));
	fed_far_training_free(x);
	/* the rank remembers another training of the client than rank 0 believes, or none */
	ck_assert_ptr_null(arrive(&e, here, &later, &less));
	ck_assert(!fed_residents_put(&e.host.residents, CLIENT, 0, NULL));
	ck_assert_ptr_null(arrive(&e, here, &there, &less));
	fed_shared_vectors_unref(here);
	fed_shared_vectors_unref(other);
	tear_down(&e);
}
END_TEST

FED_SUITE(residents)
{
	Suite *suite = suite_create("residents");
	TCase *tests = tcase_create("residents");

	tcase_add_test(tests, what_is_there_does_not_travel);
	tcase_add_test(tests, what_is_another_travels);
	suite_add_tcase(suite, tests);
	return suite;
}
