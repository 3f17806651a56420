#include "products/sftpgo/named.h"

#include <stdarg.h>

#include "base/buf.h"
#include "base/mem.h"

#define NAMES_MAX 20
#define TEXT_MAX (8u << 10)

void named_add(struct named *n, const char *fmt, ...)
{
	autobuf struct buf text = BUF_MAX(TEXT_MAX);
	va_list ap;

	n->n++;
	if (!n->names)
		n->names = json_array();
	if (json_array_size(n->names) >= NAMES_MAX)
		return;
	va_start(ap, fmt);
	buf_addv(&text, fmt, ap);
	va_end(ap);
	json_array_append_new(n->names, json_text(buf_str(&text)));
}

json_t *named_json(struct named *n)
{
	json_t *doc = json_pack("{sI so}", "n", (json_int_t)n->n, "names",
				n->names ? n->names : json_array());

	n->names = NULL;
	return doc;
}

void named_done(struct named *n) { json_decref(n->names); }

char *named_text(const json_t *doc)
{
	const json_t *names = json_object_get(doc, "names"), *one;
	autobuf struct buf text = BUF_MAX(NAMES_MAX * TEXT_MAX);
	long long n = (long long)json_int(doc, "n", 0);
	size_t i;

	if (n <= 0)
		return NULL;
	buf_addf(&text, n > (long long)json_array_size(names) ? "%lld, the first: " : "%lld: ", n);
	json_array_foreach((json_t *)names, i, one)
	{
		if (json_is_string(one))
			buf_addf(&text, "%s%s", i ? ", " : "", json_string_value(one));
	}
	return xstrdup(buf_str(&text));
}
