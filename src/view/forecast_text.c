#include "view/forecast_text.h"

#include "io/json.h"

static void label(struct buf *ret, const char *key, unsigned indent)
{
	struct sv name = sv_of(key);

	if (sv_ends(name, "_ms"))
		name.n -= 3;
	if (sv_ends(name, "_bytes"))
		name.n -= 6;
	buf_addf(ret, "%*s", (int)indent, "");
	for (size_t i = 0; i < name.n; i++)
		view_clean(ret, name.p[i] == '_' ? SV(" ") : (struct sv){ name.p + i, 1 });
	buf_addc(ret, ':');
}

static void range(struct buf *ret, const char *key, const json_t *low, const json_t *high)
{
	buf_addc(ret, ' ');
	view_measure(ret, key, low);
	buf_adds(ret, " to ");
	view_measure(ret, key, high);
}

/* What is said by the line above already. */
static bool told(const char *key)
{
	return sv_eq(sv_of(key), "low_ms") || sv_eq(sv_of(key), "high_ms") ||
	       sv_eq(sv_of(key), "how");
}

static void parts(struct buf *ret, const json_t *o, unsigned indent)
{
	const char *key;
	json_t *part;

	json_object_foreach((json_t *)o, key, part)
	{
		if (sv_eq(sv_of(key), "parts"))
			parts(ret, part, indent);
		else if (!told(key))
			view_forecast(ret, key, part, indent);
	}
}

void view_forecast(struct buf *ret, const char *key, const json_t *value, unsigned indent)
{
	const json_t *low = json_object_get(value, "low_ms"),
		     *high = json_object_get(value, "high_ms");

	label(ret, key, indent);
	if (low && high) {
		range(ret, "_ms", low, high);
	} else if (json_array_size(value) == 2) {
		range(ret, key, json_array_get(value, 0), json_array_get(value, 1));
	} else if (!json_is_object(value)) {
		buf_addc(ret, ' ');
		view_measure(ret, key, value);
	}
	buf_addc(ret, '\n');
	parts(ret, value, indent + 2);
}
