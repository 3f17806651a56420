/* SFTPGo: what the files of this product offer each other. facts.h has the words of its facts. */
#pragma once

#include "engine/product.h"
#include "products/sftpgo/facts.h"
#include "products/sftpgo/version.h"

extern const struct product product_sftpgo;
extern const char sftpgo_sheet[];       /* text of sheet.yaml, embedded by Meson */
extern const struct check sftpgo_checks[];

/* Looking. */
int sftpgo_inspect(struct ctx *c, const struct goal *to, enum depth d, struct facts *ret, struct err *e);
int sftpgo_verify(struct ctx *c, const struct facts *frozen, const struct goal *to, enum depth d,
                  struct comparisons *ret, struct err *e);
int sftpgo_since(struct ctx *c, const struct facts *frozen, struct writes *ret, struct err *e);
/* Before the new server's first start nobody else may have the database open; before the old one's its schema must be one that it
 * knows, where no restore point of ours brought that back (alone.h). */
int sftpgo_may_start(struct ctx *c, struct err *e);
/* What is seen of a server that starts, and may be migrating: engine/product.h. */
void sftpgo_signs(struct ctx *c, const struct process_id *of, struct signs *io);
int sftpgo_save_since(struct ctx *c, const struct writes *w, const struct dir *to, struct err *e);

/* Thinking. */
int sftpgo_scope(const struct facts *now, const struct goal *to, struct scope *ret, struct err *e);
bool sftpgo_by_hand(const struct facts *now);    /* a copy of a Windows host's folder: windows.h */
/* In a container with a network of its own: what docker publishes goes past any gate of ours. */
bool sftpgo_publishes(const struct facts *now);
bool sftpgo_conf_is_of_image(const struct facts *now);  /* in no volume: another image brings another */
void sftpgo_losses(const struct facts *now, const struct goal *to, struct plan *ret);
int sftpgo_plan(const struct facts *now, const struct goal *to, struct plan *ret, struct err *e);

/* What a migration is, as facts and goal tell it. All borrowed; NULL: not known. */
struct change {
	const char *from_edition, *from_version, *to_edition, *to_version;
	const json_t *artifact;
	bool nothing;           /* this very version is installed already */
};
void sftpgo_change(const struct facts *now, const struct goal *to, struct change *ret);
/* What target.image is, by its tag, else by the version that the goal names; as build_judge() has an artifact. New reference. */
json_t *sftpgo_image_artifact(const struct goal *to) must_check;

/* A further node of a provider that another node has migrated already: settings.role follower. Its database is neither migrated,
 * dumped nor put back. */
bool sftpgo_follows(const struct goal *to);
