/* Names that releases since 2.7.1 refuse when an object is saved; one of an event action makes the
 * schema step itself fail. Source: SFTPGo 2.7.1 to 2.7.5, IsNameValid; seen on 2.7.5. */
#pragma once

/* NULL when it is fine, else what is wrong with it, static. */
const char *name_refused(const char *name);
