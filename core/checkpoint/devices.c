/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * checkpoint/devices.c - writer and reader of a client's device and link.
 */
#include <string.h>

#include "checkpoint/parts.h"

static const struct fed_record_column equipment_columns[] = {
	FED_COLUMN_RULE(struct fed_equipment, device, FED_COLUMN_TIME),
	FED_COLUMN_RULE(struct fed_equipment, link.latency, FED_COLUMN_TIME),
	FED_COLUMN_RULE(struct fed_equipment, link.jitter, FED_COLUMN_TIME),
	FED_COLUMN_RULE(struct fed_equipment, link.up, FED_COLUMN_POSITIVE),
	FED_COLUMN_RULE(struct fed_equipment, link.down, FED_COLUMN_POSITIVE),
	FED_COLUMN_RULE(struct fed_equipment, link.drop_rate, FED_COLUMN_BELOW_ONE),
	FED_COLUMN_END,
};

static const char *device_name(size_t k)
{
	return fed_device_profiles[k].name;
}

static const char *link_name(size_t k)
{
	return fed_link_profiles[k].name;
}

static void put_profile(struct fed_saver *f, const char *(*name)(size_t k), uint8_t profile)
{
	fed__put_string(f, profile == FED_NO_PROFILE ? "" : name(profile));
}

static uint8_t get_profile(struct fed_loader *f, const char *(*name)(size_t k))
{
	struct fed_text text = {0};
	uint8_t profile = FED_NO_PROFILE;

	fed__get_string(f, &text);
	for (size_t k = 0; text.len && name(k); k++)
		if (strcmp(name(k), text.s) == 0)
			profile = (uint8_t)k;
	fed_text_release(&text);
	return profile;
}

void fed__put_profiles(struct fed_saver *f, uint8_t device, uint8_t link)
{
	put_profile(f, device_name, device);
	put_profile(f, link_name, link);
}

void fed__get_profiles(struct fed_loader *f, uint8_t *device, uint8_t *link)
{
	*device = get_profile(f, device_name);
	*link = get_profile(f, link_name);
}

void fed__put_equipment(struct fed_saver *f, const struct fed_equipment *e)
{
	fed_put_row(f, equipment_columns, e);
	fed__put_profiles(f, e->device_profile, e->link_profile);
}

void fed__get_equipment(struct fed_loader *f, struct fed_equipment *e)
{
	fed_get_row(f, equipment_columns, e);
	fed__get_profiles(f, &e->device_profile, &e->link_profile);
}
