/* When a file came to stand where its name leads: by the times that the kernel keeps of each name on the way, for its own times may be of
 * old, as a package and a file put back bring them. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

/* Was it there before that moment (microseconds since 1970), and led each name on the way there, every link of it, where it does now? A
 * file that is not there was not. */
bool arrived_before(const char *path, uint64_t us);
