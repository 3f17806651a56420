/* Between the files of the journal. */
#pragma once

#include "engine/journal.h"

struct db *journal_db(struct journal *j);
