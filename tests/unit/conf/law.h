/* The editor's law as a question, for tests and fuzz targets alike. */
#pragma once

#include "conf/editor.h"

/* Set key to value (NULL: take it out) in text and see whether the law holds. NULL: it does, or the
 * edit was refused as an edit may be; else what is broken. ret_changed (may be NULL): was the text
 * changed. */
const char *law_broken(const struct dialect *lang, struct sv text, const char *key,
		       const char *value, bool *ret_changed);

/* Fuzz input: "key LF value LF text", value "-" taking the key out. Aborts when the law is
 * broken. */
int law_fuzz(const struct dialect *lang, const uint8_t *data, size_t size);
