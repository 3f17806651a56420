#include "double.h"

/* One line: table[,tag=..]* writer=1i,seq=2i,v=0.5 timestamp-in-nanoseconds. Fields of other names
 * are refused. */

static bool number(struct sv s, double *ret)
{
	autofree char *text = sv_dup(s);
	char *end;

	*ret = strtod(text, &end);
	return *text && !*end;
}

static bool field(struct sv f, struct row *r)
{
	struct sv value = f, name = sv_cut(&value, '=');

	if (sv_eq(name, "v"))
		return number(value, &r->v);
	if (!sv_ends(value, "i"))
		return false;
	value.n--;
	if (sv_eq(name, "writer"))
		return sv_i64(value, &r->writer);
	return sv_eq(name, "seq") && sv_i64(value, &r->seq);
}

static bool line_parse(struct sv line, struct sv *ret_table, struct row *ret)
{
	struct sv rest = line, measurement = sv_cut(&rest, ' '), fields = sv_cut(&rest, ' ');
	int64_t ns = 0;

	*ret_table = sv_cut(&measurement, ',');
	while (fields.n) {
		if (!field(sv_cut(&fields, ','), ret))
			return false;
	}
	if (rest.n && !sv_i64(rest, &ns))
		return false;
	ret->ts = (rest.n ? ns : clock_wall_ns()) / 1000;
	return ret_table->n > 0;
}

struct batch {
	struct sv table;
	VEC(struct row) rows;
};

bool ilp_write(struct server *s, struct sv body, char *error, size_t n)
{
	VEC(struct batch) batches = { 0 };
	int lines = 0;
	bool ok = true;

	while (ok && body.n) {
		struct sv line = sv_line(&body), table;
		struct batch *b = NULL;
		struct row r = { 0 };

		lines++;
		if (!line.n)
			continue;
		ok = line_parse(line, &table, &r);
		if (!ok) {
			snprintf(error, n, "failed to parse line protocol: error in line %d",
				 lines);
			break;
		}
		vec_each (&batches, it) {
			if (it->table.n == table.n && memcmp(it->table.p, table.p, table.n) == 0)
				b = it;
		}
		if (!b) {
			b = vec_push(&batches);
			b->table = table;
		}
		*vec_push(&b->rows) = r;
	}
	vec_each (&batches, b) {
		autofree char *name = sv_dup(b->table);
		struct table *t = server_table(s, b->table);

		if (ok && !t)
			t = server_make_table(s, name);
		if (ok && (!t || !table_add(t, b->rows.v, b->rows.n))) {
			snprintf(error, n, "cannot write table %s", name);
			ok = false;
		}
		vec_done(&b->rows);
	}
	vec_done(&batches);
	return ok;
}
