/* For tests that need neither product nor step kind. */
#include "engine/product.h"

const struct step_kind *const step_kinds[] = { NULL };
const struct product *const products[] = { NULL };
