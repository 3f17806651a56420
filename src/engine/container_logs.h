/* What a container wrote, without secrets; and kept, where it is about to be removed or could not be made anew. */
#pragma once

#include "engine/step.h"

/* Servers print their environment at times. A '*' for each byte of its values that the product calls secret (seen: docker's description of the
 * container), and of passwords in addresses. */
void container_log_cut(const struct product *p, const json_t *seen, struct buf *log);
/* What it wrote last, cut, into logs/<run>-<name>.log of the state directory, so that a failure can be understood later; 0600, for a log can hold
 * what is nobody's business. That it cannot be had is no error. */
void keep_container_logs(struct ctx *c, const json_t *seen);
