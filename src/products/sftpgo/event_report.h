/* What a translation of the event actions that were kept would do, as notes of a run: counts, and the first names of each class, of
 * what blocks, is held back by which findings, and of the rules that would stay inactive. Pure. */
#pragma once

#include "products/sftpgo/event_kept.h"

#define EVENT_REPORT_NAMES 50 /* of a note; those beyond are counted */

/* file: where they are kept. [text]; new reference. */
int event_report(const struct event_kept *k, const struct event_judge *j, const char *file, json_t **ret, struct err *e) must_check;
