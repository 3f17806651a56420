/* The "translation" document as one page that needs nothing else: no script, nothing fetched. What waits for somebody's hand is at
 * its top. */
#pragma once

#include "view/translation_parts.h"

/* By which a page of ours is known again. */
#define TRANSLATION_PAGE_HEAD \
	"<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n<title>Event actions</title>\n"

int view_translation_html(const json_t *doc, view_put put, void *arg, struct err *e) must_check;
