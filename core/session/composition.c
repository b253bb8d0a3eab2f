/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * session/composition.c - creation and release of a composition.
 */
#include "session/composition.h"

#include "base/mem.h"
#include "train/schemes/schemes.h"

int fed__composition_init(struct fed_composition *c, struct fed_error *err)
{
	*c = (struct fed_composition){.scheme = fed_scheme_at(0)};
	fed_fields_default(fed_settings_fields, &c->settings);
	return fed_scheme_state_new(&c->scheme_state, c->scheme, NULL, 0, err);
}

void fed__composition_release(struct fed_composition *c)
{
	fed_faults_release(&c->faults);
	fed_clients_release(&c->clients);
	if (c->net_built)
		fed_net_release(&c->net);
	fed_instance_release(&c->model);
	fed_instance_release(&c->aggregator);
	fed_instance_release(&c->transport);
	fed_instance_release(&c->selection);
	fed_dataset_free(c->data);
	fed_free(c->dataset_choice.name);
	fed_key_values_release(&c->dataset_choice.args);
	fed_free(c->scheme_state);
	*c = (struct fed_composition){0};
}
