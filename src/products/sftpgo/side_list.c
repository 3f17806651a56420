#include "products/sftpgo/side_list.h"

#include "base/mem.h"

int side_list_open(struct side_list *l, const char *side, const char *kind, struct err *e)
{
	autofree char *head = xasprintf("crossgrade-%s 1\n", kind), *name = xasprintf("new.%s", kind);

	if (dir_make_path(side, 0700, &l->d, e) < 0 || out_open(&l->to, &l->d, name, e) < 0)
		return err_wrap(e, "list beside the facts");
	l->kind = kind;
	l->name = take_ptr(name);
	out_adds(&l->to, head);
	return 0;
}

struct buf *side_list_line(struct side_list *l)
{
	buf_reset(&l->line);
	return &l->line;
}

void side_list_quote(struct buf *line, const char *text)
{
	buf_addc(line, '"');
	for (const unsigned char *p = (const unsigned char *)text; *p; p++) {
		if (*p < 0x20 || *p == 0x7f || *p == '"' || *p == '\\')
			buf_addf(line, "\\x%02x", *p);
		else
			buf_addc(line, (char)*p);
	}
	buf_addc(line, '"');
}

void side_list_add(struct side_list *l)
{
	buf_addc(&l->line, '\n');
	out_add(&l->to, l->line.data, l->line.len);
}

int side_list_keep(struct side_list *l, char **ret_name, struct err *e)
{
	unsigned char sha[SHA_BYTES];
	char hex[2 * SHA_BYTES + 1];
	autofree char *name = NULL;

	out_digest(&l->to, sha);
	hash_hex(sha, hex);
	name = xasprintf("%s.%s", hex, l->kind);
	if (out_commit(&l->to, e) < 0 || dir_rename(&l->d, l->name, &l->d, name, 0, e) < 0)
		return err_wrap(e, "list beside the facts");
	*ret_name = take_ptr(name);
	return 0;
}

void side_list_close(struct side_list *l)
{
	if (l->name)
		out_close(&l->to);
	free(take_ptr(l->name));
	buf_done(&l->line);
	dir_close(&l->d);
}
