/* `crossgrade convert sftpgo-events`: the event actions of a dump from the placeholders of 2.6 and 2.7 to Enterprise's templates.
 *
 * The file is read three times, one object in memory: every action and rule is heard of, every action is judged, and the dump is
 * written with what became of them. Actions that are held back have no switch of their own, so the active rules that use one are
 * set inactive. The version becomes that from which nobody puts dots into placeholders any more. */
#pragma once

#include "engine/convert.h"

extern const struct converter sftpgo_converters[];
