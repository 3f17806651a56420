/* What the parts of the translator of event actions (template.h) say to one another. A text goes
 * through these hands: tokens (what is one, in this release) -> values (what it prints, for these
 * triggers) -> writing (how that is put, in this context) -> findings (what is to be said of it).
 */
#pragma once

#include "products/sftpgo/template.h"

/* ---- tokens ---- */

enum token {
	TOKEN_NAME, /* in the order of template_rows() */
	TOKEN_EVENT,
	TOKEN_STATUS,
	TOKEN_STATUS_STRING,
	TOKEN_ERROR_STRING,
	TOKEN_VIRTUAL_PATH,
	TOKEN_ESCAPED_VIRTUAL_PATH,
	TOKEN_VIRTUAL_DIR_PATH,
	TOKEN_FS_PATH,
	TOKEN_VIRTUAL_TARGET_PATH,
	TOKEN_VIRTUAL_TARGET_DIR_PATH,
	TOKEN_TARGET_NAME,
	TOKEN_FS_TARGET_PATH,
	TOKEN_OBJECT_NAME,
	TOKEN_OBJECT_BASE_NAME,
	TOKEN_EXT,
	TOKEN_OBJECT_TYPE,
	TOKEN_FILE_SIZE,
	TOKEN_ELAPSED,
	TOKEN_PROTOCOL,
	TOKEN_IP,
	TOKEN_ROLE,
	TOKEN_EMAIL,
	TOKEN_TIMESTAMP,
	TOKEN_DATE_TIME,
	TOKEN_YEAR,
	TOKEN_MONTH,
	TOKEN_DAY,
	TOKEN_HOUR,
	TOKEN_MINUTE,
	TOKEN_UID,
	TOKEN_OBJECT_DATA,
	TOKEN_OBJECT_DATA_STRING,
	TOKEN_METADATA,
	TOKEN_METADATA_STRING,
	TOKEN_IDP_FIELD,
	TOKEN_REPORTS,
	TOKEN__MAX
};

struct token_found {
	enum token token;
	struct sv text;  /* "{{Name}}" */
	struct sv claim; /* of IDPField */
	bool maybe;      /* in some releases of the line, and the release is not known */
};
/* Does a token of that release stand where the text begins? The text begins with "{{". */
bool token_at(const struct template_release *r, struct sv text, struct token_found *ret);
/* Would somebody take this for a token: one of another release, other case, blanks inside? Then
 * *ret_len is how far it goes. The text begins with "{{" and no token stands there. */
bool token_lookalike(struct sv text, size_t *ret_len);
/* "{{ObjectData}}" or the like in the text, spelled with a dot or without. */
bool token_mentions(struct sv text, const char *name, bool dotted);

/* ---- values ---- */

enum leaf_kind {
	LEAF_NOTHING,
	LEAF_ESCAPED,    /* expression, escaped as the context asks */
	LEAF_RAW,        /* expression, never escaped */
	LEAF_NUMBER,     /* the same, and no string */
	LEAF_INNER,      /* expression, as the inside of a JSON string in every context */
	LEAF_JSON,       /* expression that calls toJson */
	LEAF_INNER_JSON, /* the same, as the inside of a JSON string in every context */
	LEAF_TEXT,       /* these bytes */
	LEAF_TOKEN,      /* the token's own text */
};
struct leaf {
	enum leaf_kind kind;
	const char *x;
};
/* One way to print a token: before, then yes if the test holds or there is none, else no. */
struct form {
	const char *before; /* template text that prints nothing, NULL none */
	const char *test;   /* pipeline, NULL none */
	struct leaf yes, no;
};

#define ON_SHARE (1u << 31) /* beside enum template_trigger: provider events of shares */

/* What a token prints: in some events other, else base. */
struct value {
	struct form base, other;
	unsigned on;                 /* triggers of other; 0 none, those asked for: all */
	bool no_backup;              /* other only while no backup ran before */
	unsigned conditions;         /* bits 1 << enum template_condition */
	enum template_reason reason; /* TEMPLATE_SAME, or what there is to say beside */
	bool never_empty;            /* nor "." nor ".." */
	bool filled;                 /* never empty, whatever else */
	char text[512];              /* what forms may point into */
};
/* False: it cannot be written there (a claim's name in a path); the text stays. */
bool value_of(const struct template_asked *a, const struct token_found *t, enum template_context c,
	      struct value *ret);
/* Triggers that are asked for, with ON_SHARE where there are provider events. */
unsigned value_triggers(const struct template_asked *a);
/* The form of all events asked for, NULL where there are two. */
const struct form *value_only(const struct template_asked *a, const struct value *v);
/* No event gives it a value: its text stays, always. */
bool value_is_text(const struct template_asked *a, const struct value *v);

/* ---- findings ---- */

struct finding_at {
	const char *field; /* NULL none */
	size_t at, len;
	struct sv token, template; /* p NULL: none */
	bool unmarked; /* the writer could not allow for the other answer to .condition */
	bool apart;
};
/* Adds one, with class and evidence after what is settled. condition may be IF_NONE. */
void finding_add(struct template_findings *all, const struct template_asked *a,
		 enum template_reason reason, enum template_condition condition,
		 const struct finding_at *at);
/* Moves one into the list of an action, or drops it where there is no room and others say the same. */
void finding_move(struct template_findings *to, struct template_listed *listed,
		  struct template_finding *f);
bool finding_holds_back(const struct template_finding *f);
/* Class and held of a text or action grow with a finding, listed or not. */
void text_finding(struct template_text *t, const struct template_asked *a,
		  enum template_reason reason, enum template_condition condition,
		  const struct finding_at *at);

/* ---- writing ---- */

enum url_part { URL_NONE, URL_COMPONENT, URL_WHOLE }; /* a path kept as escaped, or escaped anew */

struct writing {
	const struct template_asked *a;
	enum template_context context;
	enum url_part url;
	struct template_text *ret;
	size_t braces;    /* '{' that wait: whether they can stand bare shows by what follows */
	unsigned wrapped; /* conditions that the wrappers of this token hang on */
	unsigned unmarked; /* of those, where the other answer is not allowed for */
	const size_t
	    *at; /* where each byte of the text stood before %XX were taken out; NULL: there */
};
/* Text that is to come out as it is. */
void write_literal(struct writing *w, struct sv text);
/* What waits; before an action, or at the end. */
void write_settle(struct writing *w, bool action_follows);
/* A token's value, whole. */
void write_value(struct writing *w, const struct token_found *t, const struct value *v);
/* Any text: tokens as their values, all else as literal. at: its place in the whole one. */
void write_text(struct writing *w, struct sv text, size_t at);
/* The same where no tokens are looked for. */
void write_inert(struct writing *w, struct sv text, size_t at);
/* Has the text nothing but tokens that may print nothing, all of them in one event? */
bool text_may_be_empty(const struct template_asked *a, struct sv text);
/* A finding of the text's bytes from at on. */
void write_finding(struct writing *w, enum template_reason reason,
		   enum template_condition condition, struct finding_at at);
/* An endpoint, whole. */
int write_endpoint(struct writing *w, struct sv text, struct err *e);

/* ---- actions ---- */

enum action_type { /* SFTPGo's */
		   ACTION_HTTP = 1,
		   ACTION_COMMAND = 2,
		   ACTION_EMAIL = 3,
		   ACTION_BACKUP = 4,
		   ACTION_RETENTION = 8,
		   ACTION_FILESYSTEM = 9,
		   ACTION_USER_EXPIRATION = 12,
		   ACTION_IDP_CHECK = 13,
		   ACTION_INACTIVITY = 14,
		   ACTION_PREMIUM_ICAP = 17,
		   ACTION_PREMIUM_REPORT = 19,
};
enum fs_type { FS_RENAME = 1, FS_DELETE, FS_MKDIRS, FS_EXIST, FS_COMPRESS, FS_COPY };

/* What changes although the text does not; after its fields. */
void action_changes(const struct template_asked *a, const json_t *action, const json_t *config,
		    struct template_action *ret);
void action_finding(struct template_action *t, const struct template_asked *a,
		    enum template_reason reason, enum template_condition condition,
		    const char *field);
