/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * backdoor - trains the model to predict one class wherever a small trigger is.
 *
 * Gu, Dolan-Gavitt, Garg: BadNets: Identifying Vulnerabilities in the Machine Learning Model Supply
 * Chain, 2017; in federated learning: Bagdasaryan, Veit, Hua, Estrin, Shmatikov: How To Backdoor
 * Federated Learning, AISTATS 2020.
 */
#include <math.h>

#include <fedsh/attack.h>

enum place { BOTTOM_RIGHT, BOTTOM_LEFT, TOP_RIGHT, TOP_LEFT, CENTRE };
static const char *const places[] = {"bottom-right", "bottom-left", "top-right",
                                     "top-left",     "centre",      NULL};

struct backdoor {
	int64_t target, size;
	double value, share;
	int place; /* enum place */
};

static const struct fed_field fields[] = {
	FED_INT(struct backdoor, target, 0, 0, 1e6, "class that the trigger stands for"),
	FED_INT(struct backdoor, size, 3, 1, 1000, "side of the square; features or tokens in a row"),
	FED_CHOICE(struct backdoor, place, BOTTOM_RIGHT, places, "where it is in an image"),
	FED_REAL(struct backdoor, value, 1, -1e6, 1e6, "what its pixels become; images have 0 to 1"),
	FED_REAL(struct backdoor, share, 0.5, 0, 1, "share of the client's examples"),
	FED_END,
};

static const char doc[] =
	"    trains on (x with the trigger, target) instead of (x, y)\n"
	"    images    a square of size x size pixels, all channels = value\n"
	"    points    the last `size` features = value\n"
	"    tokens    the last `size` tokens = value\n"
	"\n"
	"share is the probability with which an example is changed: drawn once for\n"
	"each example of the client, so that it is changed in every epoch or never.\n"
	"A trigger that is larger than the example covers it.\n"
	"\n"
	"Each round's attack_success is the share of the test examples of other\n"
	"classes that the model takes for `target` when they wear the trigger; it\n"
	"goes on being measured after the attack has ended.\n"
	"\n"
	"For: a goal of the attacker's own. The accuracy hardly changes, so it does not\n"
	"reveal the attack. Beside `scale` on the same clients it takes one round.\n"
	"\n"
	"Source: Gu, Dolan-Gavitt, Garg, BadNets: Identifying Vulnerabilities in the\n"
	"Machine Learning Model Supply Chain, 2017 (arXiv:1708.06733), sec. 4;\n"
	"Bagdasaryan et al., How To Backdoor Federated Learning, AISTATS 2020.\n"
	"\n"
	"Differences: Bagdasaryan's triggers are features that images already have\n"
	"(a car's colour); a pixel pattern works with every dataset.";

/* Offset of a square of `size` along an edge of `length`; first: at its beginning. */
static uint32_t corner(uint32_t length, uint32_t size, bool first, bool centred)
{
	if (first)
		return 0;
	return centred ? (length - size) / 2 : length - size;
}

static uint32_t least(int64_t size, uint32_t length)
{
	return size < length ? (uint32_t)size : length;
}

static void put_trigger(const struct backdoor *b, const struct fed_examples *e, float *x)
{
	const bool flat = e->height == 1; /* one row: always at the end */
	const bool centred = !flat && b->place == CENTRE;
	const bool top = b->place == TOP_LEFT || b->place == TOP_RIGHT;
	const bool left = !flat && (b->place == TOP_LEFT || b->place == BOTTOM_LEFT);
	const uint32_t h = least(b->size, e->height), w = least(b->size, e->width);
	const uint32_t y0 = corner(e->height, h, top, centred);
	const uint32_t x0 = corner(e->width, w, left, centred);

	for (uint32_t y = y0; y < y0 + h; y++) {
		float *row = x + ((size_t)y * e->width + x0) * e->channels;
		for (size_t k = 0; k < (size_t)w * e->channels; k++)
			row[k] = (float)b->value;
	}
}

static void poison(const void *state, const struct fed_examples *e)
{
	const struct backdoor *b = state;
	const size_t size = (size_t)e->height * e->width * e->channels;

	for (uint32_t i = 0; i < e->n; i++) {
		if (!e->all && !(fed_random_real(e->seed, e->id[i]) < b->share))
			continue;
		put_trigger(b, e, e->x + i * size);
		e->label[i] = (int32_t)b->target;
	}
}

static int suits(const void *state, const struct fed_examples *e, struct fed_error *err)
{
	const struct backdoor *b = state;

	if (!e->classes)
		return fed_fail(err, "needs data with classes, these have none");
	if (b->target >= e->classes)
		return fed_fail(err, "target=%lld is none of the %u classes, allowed are 0 to %u",
		                (long long)b->target, e->classes, e->classes - 1);
	if (e->tokens && !(b->value == floor(b->value) && b->value >= 0 && b->value < e->classes))
		return fed_fail(err, "value=%g is no token, allowed are the whole numbers 0 to %u",
		                b->value, e->classes - 1);
	return FED_OK;
}

FED_PLUGIN struct fed_attack fed_plugin = {
	.head = FED_ATTACK(struct backdoor, "backdoor", "one class wherever a trigger is", doc, fields),
	.poison = poison,
	.suits = suits,
	.targeted = true,
};
