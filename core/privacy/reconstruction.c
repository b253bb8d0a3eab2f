/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * privacy/reconstruction.c - reconstruction of a client's examples from smashed data or an update.
 */
#include "privacy/reconstruction.h"

#include <math.h>
#include <string.h>

#include "base/mem.h"
#include "base/random.h"
#include "privacy/decoder.h"
#include "privacy/gradient_inversion.h"
#include "privacy/smashed_image.h"
#include "net/codec.h"
#include "session/composition.h"
#include "train/clients/noise.h"

enum {
	PUBLICS = 1000,
	BATCH = 16,
	FLOATS = 1 << 24, /* of the public examples' smashed data */
};
#define SMOOTH 0.05 /* weight of the differences between neighbouring pixels */

/* Public examples ---------------------------------------------------------------------- */

struct publics {
	uint32_t n;
	uint32_t *id; /* [n] */
	float *x, *z; /* (n, input); (n, smashed) or NULL */
};

static void publics_release(struct publics *p)
{
	fed_free(p->id);
	fed_free_floats(p->x);
	fed_free_floats(p->z);
}

/* numbers: length of one example's smashed data; 0: allocate none. */
static int publics_init(struct publics *p, const struct fed_session *s, size_t numbers,
                        struct fed_error *err)
{
	const struct fed_composition *parts = fed_session_parts(s);
	const size_t size = fed_shape_size(&parts->data->shape), most = size > numbers ? size : numbers;
	const uint32_t test = parts->data->test;

	p->n = test < PUBLICS ? test : PUBLICS;
	if (p->n > FLOATS / most)
		p->n = (uint32_t)(FLOATS / most);
	if (p->n < BATCH)
		return fed_fail(err, "%u public example%s (test examples that fit), at least %d are needed",
		                p->n, p->n == 1 ? "" : "s", BATCH);
	p->id = fed_alloc_array(p->n, sizeof *p->id);
	p->x = fed_alloc_floats(p->n * size);
	p->z = numbers ? fed_alloc_floats(p->n * numbers) : NULL;
	if (!p->id || !p->x || (numbers && !p->z))
		return fed_fail_memory(err, p->n * (size + numbers) * sizeof(float), "public examples");
	if (fed__tests_choose(s, p->n, p->id, err))
		return FED_FAIL;
	fed_dataset_gather(parts->data, p->id, p->n, NULL, p->x, NULL, NULL);
	return FED_OK;
}

/* Mean and range of the public inputs; the range of bytes is 0 to 1. */
static void describe_publics(struct fed_reconstruction *k, const struct publics *p,
                             const struct fed_dataset *data)
{
	const size_t size = fed_shape_size(&k->shape);

	k->publics = p->n;
	k->low = data->bytes ? 0 : INFINITY;
	k->high = data->bytes ? 1 : -INFINITY;
	for (size_t j = 0; j < size; j++) {
		double sum = 0;

		for (uint32_t i = 0; i < p->n; i++) {
			const float x = p->x[i * size + j];

			sum += x;
			k->low = fminf(k->low, x);
			k->high = fmaxf(k->high, x);
		}
		k->mean[j] = (float)(sum / p->n);
	}
	if (!(k->high > k->low)) /* all numbers the same */
		k->high = k->low + 1;
}

/* The client's examples and its input shift. */
struct client_examples {
	const uint32_t *id; /* [batch] */
	const struct fed_shift *shift;
	uint32_t parties, party; /* of scheme vertical; else 0 */
};

/* Parties ------------------------------------------------------------------------------- */

/* Put the mean where columns of others are, in rows of inputs. */
static void hide_columns(const struct fed_reconstruction *k, float *x, size_t rows)
{
	const size_t size = fed_shape_size(&k->shape);

	for (size_t i = 0; k->party && i < rows; i++, x += size)
		for (size_t j = 0; j < size; j++)
			if (j < k->columns.first || j > k->columns.last)
				x[j] = k->mean[j];
}

/* Leave a party's share of the smashed data, of which the others are 0. */
static void hide_smashed(const struct client_examples *h, float *z, size_t rows, size_t numbers)
{
	const size_t width = h->parties ? numbers / h->parties : numbers;

	for (size_t i = 0; h->parties && i < rows; i++, z += numbers) {
		memset(z, 0, h->party * width * sizeof *z);
		memset(z + (h->party + 1) * width, 0, (numbers - (h->party + 1) * width) * sizeof *z);
	}
}

/* From smashed data -------------------------------------------------------------------- */

static int decode_smashed(struct fed_reconstruction *k, const struct fed_session *s,
                          const struct fed_reconstruction_plan *plan,
                          const struct client_examples *h, const struct publics *p,
                          struct fed_workspace *head, struct fed_error *err)
{
	const struct fed_composition *parts = fed_session_parts(s);
	const size_t numbers = fed_shape_size(&parts->net.layer[plan->cut].in);
	float *z = fed_alloc_floats(numbers);
	struct fed_decoder decoder = {0};
	int rc = FED_FAIL;

	for (uint32_t i = 0; i < p->n; i += BATCH)
		fed__smashed_image_make(s, head, p->id + i, p->n - i < BATCH ? p->n - i : BATCH, NULL,
		                        p->z + i * numbers);
	hide_smashed(h, p->z, p->n, numbers);
	hide_columns(k, p->x, p->n);
	if (!z)
		fed_fail_memory(err, numbers * sizeof *z, "smashed data");
	else if (fed__decoder_init(&decoder, &parts->net, plan->cut, (uint64_t)parts->settings.seed,
	                           fed_session_federation(s)->pool, err) == FED_OK) {
		const int64_t made =
			fed__decoder_train(&decoder, p->z, p->x, p->n, plan->steps,
		                       (uint64_t)parts->settings.seed, fed_session_interrupts(s), err);

		rc = made < 0 ? FED_FAIL : FED_OK;
		k->steps = made < 0 ? 0 : (uint32_t)made;
	}
	if (rc == FED_OK) {
		fed__smashed_image_make(s, head, h->id, 1, h->shift, z);
		hide_smashed(h, z, 1, numbers);
		fed__decoder_draw(&decoder, z, k->recovered);
		hide_columns(k, k->recovered, 1);
	}
	fed__decoder_release(&decoder);
	fed_free_floats(z);
	return rc;
}

static int from_smashed(struct fed_reconstruction *k, const struct fed_session *s,
                        const struct fed_reconstruction_plan *plan, const struct client_examples *h,
                        const struct publics *p, struct fed_error *err)
{
	struct fed_workspace head;

	if (fed_workspace_init(&head, &fed_session_parts(s)->net, 0, plan->cut, BATCH, false, err))
		return FED_FAIL;
	k->how = FED_RECONSTRUCTION_DECODER;
	const int rc = decode_smashed(k, s, plan, h, p, &head, err);
	fed_workspace_release(&head);
	return rc;
}

/* From an update ------------------------------------------------------------------------ */

/* Send the update through the session's codec. */
static int code_gradient(const struct fed_session *s, uint32_t client, float *g,
                         struct fed_error *err)
{
	const struct fed_composition *parts = fed_session_parts(s);
	struct fed_coding coding = {.client = client,
	                            .version = fed_session_version(s),
	                            .seed = fed_stream_key((uint64_t)parts->settings.seed,
	                                                   FED_FOR_OBSERVER, fed_session_version(s),
	                                                   ((uint64_t)client << 32) + 1),
	                            .n = parts->net.dim};
	struct fed_matrix *matrix = NULL;
	struct fed_shared_codec *codec = NULL;
	struct fed_codec_names names;
	struct fed_code *code = NULL;

	int rc = fed_codec_names_parse(parts->settings.codec, &names, err);
	if (rc == FED_OK)
		rc = fed_codec_make(fed_session_plugins(s), names.up, &codec, err);
	if (rc == FED_OK)
		rc = fed_net_matrices(&parts->net, &matrix, &coding.matrices, err);
	coding.matrix = matrix;
	if (rc == FED_OK)
		rc = fed_recode(codec, &coding, g, &code, err);
	fed_code_unref(code);
	fed_shared_codec_unref(codec);
	fed_free(matrix);
	return rc;
}

/* The gradient that the server gets: the update of one step, -lr g, after noise and codec, divided
 * by -lr; added to g [dim], which is zero. */
static int send_gradient(const struct fed_session *s, const struct fed_reconstruction_plan *plan,
                         const struct fed_reconstruction *k, const float *target, float *g,
                         struct fed_error *err)
{
	const struct fed_composition *parts = fed_session_parts(s);
	const struct fed_net *net = &parts->net;
	const double lr =
		parts->settings.lr * pow(parts->settings.lr_decay, (double)fed_session_version(s));
	struct fed_stream r = fed_stream_open((uint64_t)parts->settings.seed, FED_FOR_OBSERVER,
	                                      fed_session_version(s), (uint64_t)plan->client << 32);
	struct fed_workspace ws;

	if (!(lr > 0))
		return fed_fail(err, "the learning rate is 0: updates carry nothing; `set lr 0.1`");
	if (fed_workspace_init(&ws, net, 0, net->layers, k->batch, false, err))
		return FED_FAIL;
	memcpy(fed_workspace_input(&ws), k->original,
	       k->batch * fed_shape_size(&k->shape) * sizeof *k->original);
	const float *y = fed_net_forward(&ws, fed_session_params(s), k->batch);
	float *dy = fed_workspace_output_gradient(&ws);
	fed_net_loss(net, y, k->label, target, k->batch, 1.0f / (float)k->batch, dy, NULL);
	fed_net_backward(&ws, fed_session_params(s), g, dy, k->batch);
	fed_workspace_release(&ws);
	for (size_t j = 0; j < net->dim; j++)
		g[j] *= (float)-lr;
	fed_noise_add(&r, parts->settings.noise, g, net->dim);
	const int rc = code_gradient(s, plan->client, g, err);
	for (size_t j = 0; j < net->dim; j++)
		g[j] /= (float)-lr;
	return rc;
}

static double squared_error(const float *a, const float *b, size_t n)
{
	double sum = 0;

	for (size_t j = 0; j < n; j++)
		sum += ((double)a[j] - b[j]) * ((double)a[j] - b[j]);
	return sum / (double)n;
}

/* A gradient has no order of examples: match each original with the nearest remaining result. */
static void put_in_order(struct fed_reconstruction *k)
{
	const size_t size = fed_shape_size(&k->shape);

	for (uint32_t i = 0; i < k->batch; i++) {
		float *to = k->recovered + i * size, *best = to;

		for (uint32_t l = i + 1; l < k->batch; l++) {
			float *x = k->recovered + l * size;

			if (squared_error(x, k->original + i * size, size) <
			    squared_error(best, k->original + i * size, size))
				best = x;
		}
		for (size_t j = 0; best != to && j < size; j++) {
			const float swapped = to[j];
			to[j] = best[j];
			best[j] = swapped;
		}
	}
}

static int invert_gradient(struct fed_reconstruction *k, const struct fed_session *s,
                           const struct fed_reconstruction_plan *plan, const float *target,
                           const float *g, struct fed_error *err)
{
	const struct fed_composition *parts = fed_session_parts(s);
	const struct fed_gradient_match_state m = {
		.net = &parts->net,
		.params = fed_session_params(s),
		.gradient = g,
		.label = k->label,
		.target = target,
		.batch = k->batch,
		.steps = plan->steps,
		.smooth = SMOOTH,
		.low = k->low,
		.high = k->high,
		.start = k->mean,
		.stopped = fed_session_interrupts(s),
		.seed = (uint64_t)parts->settings.seed,
	};

	if (k->batch == 1 && fed__inversion_is_exact(&parts->net)) {
		k->how = FED_RECONSTRUCTION_EXACT;
		return fed__gradient_invert_exactly(&parts->net, g, k->recovered, err);
	}
	k->how = FED_RECONSTRUCTION_MATCHING;
	if (fed__gradient_match(&m, k->recovered, &k->distance, &k->steps, err))
		return FED_FAIL;
	put_in_order(k);
	return FED_OK;
}

static int from_update(struct fed_reconstruction *k, const struct fed_session *s,
                       const struct fed_reconstruction_plan *plan, const struct client_examples *h,
                       struct fed_error *err)
{
	const struct fed_composition *parts = fed_session_parts(s);
	float *g = fed_alloc_floats(parts->net.dim);
	float *target = fed_alloc_floats((size_t)k->batch * parts->net.outputs);
	int rc = FED_FAIL;

	if (g && target) {
		memset(g, 0, parts->net.dim * sizeof *g);
		if (parts->data->target)
			fed_dataset_gather(parts->data, h->id, k->batch, NULL, NULL, NULL, target);
		rc = send_gradient(s, plan, k, target, g, err);
	} else {
		fed_fail_memory(err, parts->net.dim * sizeof *g, "a gradient");
	}
	if (rc == FED_OK)
		rc = invert_gradient(k, s, plan, target, g, err);
	fed_free_floats(g);
	fed_free_floats(target);
	return rc;
}

/* Both ------------------------------------------------------------------------------------ */

static int check_plan(const struct fed_session *s, const struct fed_reconstruction_plan *plan,
                      struct fed_error *err)
{
	const struct fed_composition *parts = fed_session_parts(s);
	const struct fed_client *client = fed_clients_get(&parts->clients, plan->client);

	if (parts->data->tokens)
		return fed_fail(
			err,
			"the examples of %s are texts, which `reconstruct` cannot draw (it draws pictures "
			"and numbers); `leakage` measures what a cut reveals",
			parts->data->name);
	if (!client && !parts->clients.n_present)
		return fed_fail(err, "there are no clients; `add-client 10` makes some");
	if (!client)
		return fed_fail(err, "no client %u; there are %s", plan->client,
		                fed_count(parts->clients.n_present).s);
	if (plan->example >= client->count || plan->batch > client->count - plan->example)
		return fed_fail(err, "client %u has %u examples, 0 to %u; %u from %u on are wanted",
		                plan->client, client->count, client->count - (client->count > 0),
		                plan->batch, plan->example);
	return plan->from == FED_RECONSTRUCTION_SMASHED ? fed__cut_check(&parts->net, plan->cut, err)
	                                                : FED_OK;
}

static int reconstruction_init(struct fed_reconstruction *k, const struct fed_session *s,
                               uint32_t batch, struct fed_error *err)
{
	const struct fed_composition *parts = fed_session_parts(s);
	const size_t size = fed_shape_size(&parts->data->shape);

	*k = (struct fed_reconstruction){.shape = parts->data->shape, .batch = batch, .distance = NAN};
	k->original = fed_alloc_floats(batch * size);
	k->recovered = fed_alloc_floats(batch * size);
	k->mean = fed_alloc_floats(size);
	return k->original && k->recovered && k->mean
	           ? FED_OK
	           : fed_fail_memory(err, 2 * batch * size * sizeof(float), "pictures");
}

/* Under scheme vertical the columns of the client alone, from smashed data alone. */
static int choose_party(struct fed_reconstruction *k, const struct fed_session *s,
                        const struct fed_reconstruction_plan *plan, struct client_examples *h,
                        struct fed_error *err)
{
	const bool smashed = plan->from == FED_RECONSTRUCTION_SMASHED;
	struct fed_parties parties;

	k->columns = (struct fed_range){0, (uint32_t)fed_shape_size(&k->shape) - 1};
	if (fed__parties_find(&parties, s, smashed ? plan->cut : 0, err))
		return FED_FAIL;
	if (!parties.parts)
		return FED_OK;
	if (!smashed)
		return fed_fail(err, "a party of scheme vertical sends no update; from=smashed looks at "
		                     "what it sends");
	if (fed__party_of_client(&parties, s, plan->client, &h->party, err))
		return FED_FAIL;
	h->parties = parties.parts->n;
	k->party = true;
	k->columns = parties.parts->range[h->party];
	return FED_OK;
}

static int reconstruct(struct fed_reconstruction *k, const struct fed_session *s,
                       const struct fed_reconstruction_plan *plan, struct publics *p,
                       struct fed_error *err)
{
	const struct fed_composition *parts = fed_session_parts(s);
	const struct fed_client *client = &parts->clients.client[plan->client];
	struct client_examples h = {client->examples + plan->example,
	                            client->shifted ? &client->shift : NULL, 0, 0};
	const bool smashed = plan->from == FED_RECONSTRUCTION_SMASHED;
	const size_t size = fed_shape_size(&parts->data->shape);

	if (publics_init(p, s, smashed ? fed_shape_size(&parts->net.layer[plan->cut].in) : 0, err) ||
	    reconstruction_init(k, s, smashed ? 1 : plan->batch, err))
		return FED_FAIL;
	describe_publics(k, p, parts->data);
	if (choose_party(k, s, plan, &h, err))
		return FED_FAIL;
	for (uint32_t i = 0; i < k->batch; i++)
		k->label[i] = -1;
	fed_dataset_gather(parts->data, h.id, k->batch, h.shift, k->original,
	                   parts->data->label ? k->label : NULL, NULL);
	hide_columns(k, k->original, k->batch);
	const int rc =
		smashed ? from_smashed(k, s, plan, &h, p, err) : from_update(k, s, plan, &h, err);
	for (uint32_t i = 0; i < k->batch; i++) {
		const size_t at = i * size + k->columns.first, n = fed_range_size(&k->columns);

		k->mse[i] = squared_error(k->recovered + at, k->original + at, n);
		k->guess[i] = squared_error(k->mean + k->columns.first, k->original + at, n);
	}
	k->stopped = k->how != FED_RECONSTRUCTION_EXACT && k->steps < plan->steps;
	return rc;
}

int fed_reconstruction_make(struct fed_reconstruction *k, struct fed_session *s,
                            const struct fed_reconstruction_plan *plan, struct fed_error *err)
{
	struct publics p = {0};

	*k = (struct fed_reconstruction){0};
	if (fed_session_start(s, err) || check_plan(s, plan, err))
		return FED_FAIL;
	const int rc = reconstruct(k, s, plan, &p, err);
	publics_release(&p);
	if (rc)
		fed_reconstruction_release(k);
	return rc;
}

void fed_reconstruction_release(struct fed_reconstruction *k)
{
	fed_free_floats(k->original);
	fed_free_floats(k->recovered);
	fed_free_floats(k->mean);
	*k = (struct fed_reconstruction){0};
}

double fed_reconstruction_psnr(const struct fed_reconstruction *k, double mse)
{
	const double range = (double)k->high - k->low;

	return 10 * log10(range * range / mse);
}
