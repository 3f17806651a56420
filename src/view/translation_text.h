/* The "translation" document for people: what becomes of each event action, field by field. */
#pragma once

#include "view/text.h"

/* The findings of an action or rule, one for each reason and condition. A token with its translation says nothing that the texts do
 * not. */
bool translation_is_told(const json_t *findings, size_t i);
/* Tokens of all findings of that reason and condition, from i on; heap, "" none. */
char *translation_tokens(const json_t *findings, size_t i) must_check;

void view_translation(const json_t *doc, const struct style *s, struct buf *ret);
