/* The "translation" document as one page that needs nothing else: no script, nothing fetched. */
#pragma once

#include "view/text.h"

void view_translation_html(const json_t *doc, struct buf *ret);
