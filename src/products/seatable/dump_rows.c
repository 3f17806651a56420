#include "products/seatable/dump_rows.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "base/mem.h"

#define PIECE    (256u << 10)
#define NAME_BYTES 300u         /* 64 characters, four bytes at most each */

/* A line tells what it is by its first bytes; only INSERT is looked into, and in it only where texts and rows begin and end. What stands
 * between two lines DELIMITER is somebody's program. */
enum where { AT_START, IN_OTHER, IN_NAME, IN_VALUES };

static const char insert[] = "INSERT INTO `", delimiter[] = "DELIMITER ";
#define INSERT_N    (sizeof insert - 1)
#define DELIMITER_N (sizeof delimiter - 1)

struct counter {
	enum where where;
	char head[sizeof insert];       /* of the line, as far as it may be one of the words above */
	size_t n;
	char name[NAME_BYTES];
	size_t name_n;
	int64_t rows;
	unsigned depth;
	bool values;                    /* behind the word, for a list of columns has brackets, too */
	char quote;                     /* that a text or a name is in; 0: in none */
	bool escaped, backtick;         /* the byte before was one */
	bool programs;                  /* behind a DELIMITER that is not ';' */
	bool delimits;                  /* this line is one */
	json_t *found;
};

static void begin_line(struct counter *c)
{
	c->where = AT_START;
	c->n = 0;
}

static void add_rows(struct counter *c)
{
	json_int_t before;

	c->name[c->name_n] = '\0';
	before = json_integer_value(json_object_get(c->found, c->name));
	if (c->rows)
		json_object_set_new(c->found, c->name, json_integer(before + c->rows));
}

static void at_start(struct counter *c, char byte)
{
	if (byte == '\n') {
		begin_line(c);
		return;
	}
	c->head[c->n++] = byte;
	if (c->n > DELIMITER_N && !memcmp(c->head, delimiter, DELIMITER_N)) {
		c->programs = byte != ';';      /* ";;" is told by what follows */
		c->delimits = true;
		c->where = IN_OTHER;
	} else if (c->n == INSERT_N && !memcmp(c->head, insert, INSERT_N)) {
		c->where = c->programs ? IN_OTHER : IN_NAME;
		c->name_n = 0;
		c->backtick = false;
	} else if (memcmp(c->head, insert, c->n) && memcmp(c->head, delimiter, MIN_OF(c->n, DELIMITER_N))) {
		c->where = IN_OTHER;
	}
}

static void in_other(struct counter *c, char byte)
{
	if (byte == '\n') {
		c->delimits = false;
		begin_line(c);
	} else if (c->delimits) {
		c->programs = true;     /* DELIMITER and more than the one ';' */
	}
}

/* Two backticks are one of the name. */
static void in_name(struct counter *c, char byte)
{
	if (c->backtick && byte != '`') {
		c->where = IN_VALUES;
		c->rows = 0;
		c->depth = 0;
		c->values = false;
		c->quote = 0;
		c->escaped = false;
		return;
	}
	c->backtick = byte == '`' && !c->backtick;
	if (!c->backtick && c->name_n + 1 < sizeof c->name)
		c->name[c->name_n++] = byte;
}

static void in_text(struct counter *c, char byte)
{
	if (c->escaped)
		c->escaped = false;
	else if (byte == '\\' && c->quote != '`')
		c->escaped = true;
	else if (byte == c->quote)
		c->quote = 0;           /* one that is doubled opens the next at once */
}

static void in_values(struct counter *c, char byte)
{
	if (c->quote) {
		in_text(c, byte);
	} else if (byte == '\'' || byte == '"' || byte == '`') {
		c->quote = byte;
	} else if (byte == '(') {
		c->rows += c->depth++ == 0 && c->values;
	} else if (byte == ')') {
		c->depth -= c->depth > 0;
	} else if (byte == 'V' && !c->depth) {
		c->values = true;
	} else if (byte == ';' && !c->depth) {
		add_rows(c);
		c->where = IN_OTHER;
	}
}

static void take(struct counter *c, char byte)
{
	switch (c->where) {
	case AT_START:
		at_start(c, byte);
		break;
	case IN_OTHER:
		in_other(c, byte);
		break;
	case IN_NAME:
		in_name(c, byte);
		break;
	case IN_VALUES:
		in_values(c, byte);
		break;
	}
}

int dump_rows(int fd, const char *what, json_t **ret, struct err *e)
{
	autofree char *piece = xmalloc(PIECE);
	autojson json_t *found = json_object();
	struct counter c = { .found = found };
	off_t at = 0;
	ssize_t n;

	while ((n = pread(fd, piece, PIECE, at)) != 0) {
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return err_sys(e, errno, "read '%s'", what);
		for (ssize_t i = 0; i < n; i++)
			take(&c, piece[i]);
		at += n;
	}
	if (c.where == IN_NAME || c.where == IN_VALUES)
		return err_set(e, ERR_FORMAT, "'%s' ends in the middle of a table", what);
	*ret = take_ptr(found);
	return 0;
}
