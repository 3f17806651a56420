/* Asking from outside, in its own process: every 100 ms in the window, once a second outside it. What it saw goes to a
 * file (run's directory in the state dir), a line an answer, so that a killed run keeps its measurement. Time between the calls
 * of a run is measured by nobody and counted as nothing; after a kill the time to the next call is "unmeasured". */
#pragma once

#include "engine/product.h"

struct prober;

int  prober_start(const struct product *p, const struct site *s, const struct dir *d, const char *rel,
                  struct prober **ret, struct err *e) must_check;
void prober_window(struct prober *p, bool open);
void prober_stop(struct prober *p);             /* NULL is fine */

/* Longest and total gap from the file: {"longest_ms","total_ms","gaps":[{from,to,ms}],"unmeasured_ms","probes"}. */
int  prober_read(const struct dir *d, const char *rel, json_t **ret, struct err *e) must_check;
