/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * checkpoint/devices.c - devices and links of clients in a saved file.
 */
#include "checkpoint/devices.h"

#include <math.h>
#include <string.h>

#define LINK_BYTES 22

uint64_t fed_size_profiles(void)
{
	uint64_t bytes = 4 + 4;

	for (const struct fed_device_profile *p = fed_device_profiles; p->name; p++)
		bytes += fed_size_string(p->name);
	for (const struct fed_link_profile *p = fed_link_profiles; p->name; p++)
		bytes += fed_size_string(p->name);
	return bytes;
}

void fed_put_profiles(struct fed_saver *f)
{
	const struct fed_device_profile *device = fed_device_profiles;
	const struct fed_link_profile *link = fed_link_profiles;
	uint32_t devices = 0, links = 0;

	while (device[devices].name)
		devices++;
	while (link[links].name)
		links++;
	fed_put_u32(f, devices);
	for (uint32_t k = 0; k < devices; k++)
		fed_put_string(f, device[k].name);
	fed_put_u32(f, links);
	for (uint32_t k = 0; k < links; k++)
		fed_put_string(f, link[k].name);
}

/* Devices' and links' profiles by name, then each client's by number and its link. */
void fed_save_links(struct fed_saver *f, const struct fed_clients *c)
{
	fed_saver_begin(f, "links", fed_size_profiles() + (uint64_t)LINK_BYTES * c->n);
	fed_put_profiles(f);
	for (uint32_t id = 0; id < c->n; id++) {
		const struct fed_client *x = &c->client[id];

		fed_put_u8(f, x->device_profile);
		fed_put_u8(f, x->link_profile);
		fed_put_f32(f, x->link.latency);
		fed_put_f32(f, x->link.jitter);
		fed_put_f32(f, x->link.up);
		fed_put_f32(f, x->link.down);
		fed_put_f32(f, x->link.loss);
	}
	fed_saver_end(f);
}

/* The names of the profiles that numbers in the file stand for.  An unknown one is no profile: what
 * it stood for is kept with each client. */
static void load_profiles(struct fed_loader *f, const char *(*name)(size_t k), uint8_t *meaning)
{
	const uint32_t n = fed_get_u32(f);
	struct fed_text text = {0};

	memset(meaning, FED_NO_PROFILE, 256);
	if (n >= FED_NO_PROFILE)
		fed_loader_fail(f, "%u profiles", n);
	for (uint32_t i = 0; i < n && !f->failed; i++) {
		fed_text_clear(&text);
		fed_get_string(f, &text);
		for (size_t k = 0; name(k); k++)
			if (strcmp(name(k), fed_text_str(&text)) == 0)
				meaning[i] = (uint8_t)k;
	}
	fed_text_release(&text);
}
static const char *device_name(size_t k)
{
	return fed_device_profiles[k].name;
}
static const char *link_name(size_t k)
{
	return fed_link_profiles[k].name;
}

void fed_get_profiles(struct fed_loader *f, uint8_t device[256], uint8_t link[256])
{
	load_profiles(f, device_name, device);
	load_profiles(f, link_name, link);
}

static bool is_time(float x)
{
	return x >= 0 && isfinite(x);
}

bool fed_link_is_possible(float device, const struct fed_client_link *l)
{
	return is_time(device) && is_time(l->latency) && is_time(l->jitter) && l->up > 0 &&
	       l->down > 0 && l->loss >= 0 && l->loss < 1;
}

int fed_load_links(struct fed_loader *f, struct fed_clients *c)
{
	uint8_t device[256], link[256];

	if (f->version < 2) {
		/* Clients had devices without a name, and ideal links. */
		for (uint32_t id = 0; id < c->n; id++) {
			c->client[id].device_profile = FED_NO_PROFILE;
			c->client[id].link = (struct fed_client_link){.up = INFINITY, .down = INFINITY};
		}
		return FED_OK;
	}
	if (fed_loader_begin(f, "links"))
		return FED_FAIL;
	fed_get_profiles(f, device, link);
	for (uint32_t id = 0; id < c->n && !f->failed; id++) {
		struct fed_client *x = &c->client[id];
		struct fed_client_link *l = &x->link;

		x->device_profile = device[fed_get_u8(f)];
		x->link_profile = link[fed_get_u8(f)];
		l->latency = fed_get_f32(f);
		l->jitter = fed_get_f32(f);
		l->up = fed_get_f32(f);
		l->down = fed_get_f32(f);
		l->loss = fed_get_f32(f);
		if (!f->failed && x->present && !fed_link_is_possible(x->device, l))
			fed_loader_fail(f, "client %u has no such device or link", id);
	}
	return fed_loader_end(f);
}
