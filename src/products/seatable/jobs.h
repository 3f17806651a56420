/* Is a container that is there all the time at work? By its processes. */
#pragma once

#include <jansson.h>

#include "base/sv.h"

/* Of what "docker container top NAME -o pid,args" says: the program of a backup that is under way, "restic"; "" none. Words of its command
 * line are not shown. New reference. */
json_t *sea_job_of(struct sv top);
