/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * session/model_net.c - construction of a model's net for the examples of a dataset, and a first
 * check of the layers that the model brings.
 */
#include "conformance/conformance.h"
#include "plug/calls/call.h"
#include "session/internal.h"

static int build(struct fed_net *net, bool whole, const struct fed_instance *model,
                 const struct fed_dataset *data, struct fed_error *doubt, struct fed_error *err)
{
	struct fed_net_builder builder;

	fed_net_init(net, &data->shape, data->classes, data->outputs);
	net->tokens = data->tokens;
	net->whole = whole;
	if (fed_call_build(model, fed_net_builder(&builder, net), err) || fed_net_finish(net, err)) {
		fed_net_release(net);
		return FED_FAIL;
	}
	if (doubt && fed_conformance_check_layers(net, doubt) != FED_REJECT)
		doubt->text[0] = '\0';
	if (fed_end_layer_trial(model, err)) {
		fed_net_release(net);
		return FED_FAIL;
	}
	return FED_OK;
}

int fed_net_for(struct fed_net *net, const struct fed_instance *model,
                const struct fed_dataset *data, struct fed_error *doubt, struct fed_error *err)
{
	return build(net, false, model, data, doubt, err);
}

int fed_net_for_base(struct fed_net *net, const struct fed_instance *model,
                     const struct fed_dataset *data, struct fed_error *err)
{
	return build(net, true, model, data, NULL, err);
}

void fed__session_tell_doubt(struct fed_session *s, const struct fed_error *doubt)
{
	const char *name = s->parts.model.entry->head->name;

	if (*doubt->text)
		fed_session_tell(s, FED_EVENT_WARNING,
		                 "model %s: %s; it will train badly, `check-plugin %s` says more", name,
		                 doubt->text, name);
}
