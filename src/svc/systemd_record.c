/* What a unit is, told by systemd. */
#include "svc/systemd_bus.h"

#include "io/json.h"

int systemd_list(struct systemd *own, const char *iface, const char *name, json_t **ret, struct err *e)
{
	autobuserr sd_bus_error b = SD_BUS_ERROR_NULL;
	char **list = NULL;
	int r = sd_bus_get_property_strv(own->bus, MANAGER_NAME, own->path, iface, name, &b, &list);

	if (r < 0)
		return systemd_fail(e, r, &b, name);
	*ret = json_array();
	for (char **t = list; t && *t; t++) {
		json_array_append_new(*ret, json_string(*t));
		free(*t);
	}
	free(list);
	return 0;
}

static const struct {
	const char *iface, *property, *key;
} recorded[] = {
	{ UNIT_IFACE, "Id", "unit" },
	{ UNIT_IFACE, "FragmentPath", "fragment" },
	{ UNIT_IFACE, "UnitFileState", "enabled" },
	{ SERVICE_IFACE, "Restart", "restart" },
	{ SERVICE_IFACE, "Type", "type" },
	{ SERVICE_IFACE, "User", "user" },
	{ SERVICE_IFACE, "Group", "group" },
	{ SERVICE_IFACE, "WorkingDirectory", "cwd" },
};

/* The first ExecStart= as (path, arguments). */
static int get_exec(struct systemd *own, json_t *record, struct err *e)
{
	autobuserr sd_bus_error b = SD_BUS_ERROR_NULL;
	automsg sd_bus_message *m = NULL;
	const char *arg = NULL;
	json_t *argv = json_array();
	int r;

	json_object_set_new(record, "argv", argv);
	r = sd_bus_get_property(own->bus, MANAGER_NAME, own->path, SERVICE_IFACE, "ExecStart", &b,
				&m, "a(sasbttttuii)");
	if (r >= 0)
		r = sd_bus_message_enter_container(m, 'a', "(sasbttttuii)");
	if (r >= 0)
		r = sd_bus_message_enter_container(m, 'r', "sasbttttuii");
	if (r > 0)
		r = sd_bus_message_skip(m, "s");
	if (r > 0)
		r = sd_bus_message_enter_container(m, 'a', "s");
	while (r > 0 && (r = sd_bus_message_read(m, "s", &arg)) > 0)
		json_array_append_new(argv, json_string(arg));
	return r < 0 ? systemd_fail(e, r, &b, "ExecStart") : 0;
}

int systemd_record(struct service *s, json_t **ret, struct err *e)
{
	autojson json_t *record = json_object();
	struct systemd *own = NULL;
	json_t *list = NULL;

	if (systemd_connect(s, &own, e) < 0)
		return -(int)e->kind;
	for (size_t i = 0; i < ARRAY_LEN(recorded); i++) {
		autofree char *text = NULL;

		if (systemd_text(own, recorded[i].iface, recorded[i].property, &text, e) < 0)
			return err_wrap(e, "record %s", s->name);
		json_object_set_new(record, recorded[i].key, json_string(text));
	}
	if (systemd_list(own, UNIT_IFACE, "DropInPaths", &list, e) < 0)
		return err_wrap(e, "record %s", s->name);
	json_object_set_new(record, "drop_ins", list);
	if (systemd_list(own, SERVICE_IFACE, "Environment", &list, e) < 0)
		return err_wrap(e, "record %s", s->name);
	json_object_set_new(record, "env", list);
	if (get_exec(own, record, e) < 0)
		return err_wrap(e, "record %s", s->name);
	*ret = take_ptr(record);
	return 0;
}
