/* Undo of a changed file, shared by the kinds that write one: its old image, and the digest of what we made of it. */
#pragma once

#include "engine/step.h"
#include "io/image.h"

enum file_state { FILE_IS_OLD, FILE_IS_OURS, FILE_IS_THIRD };

/* {"image":..., "ours":digest of the new content, or "" when we remove it}. */
int file_undo_record(struct ctx *c, const struct dir *d, const char *rel, struct sv ours, json_t **ret, struct err *e) must_check;
/* enum file_state: what stands there now. */
int file_undo_state(const struct dir *d, const char *rel, const json_t *undo, struct err *e) must_check;
/* ERR_CHANGED when file_undo() would meet a third state and ctx->force does not allow it; changes nothing. */
int file_undo_look(struct ctx *c, const struct dir *d, const char *rel, const json_t *undo, struct err *e) must_check;
/* The old file back. A third state is left alone: ERR_CHANGED; with ctx->force it is kept among the run's blobs, and said. */
int file_undo(struct ctx *c, const struct dir *d, const char *rel, const json_t *undo, struct err *e) must_check;
/* "conf" of "conf/server.conf", "" of "server.conf"; static, valid until the next call. */
const char *file_parent(const char *rel);
