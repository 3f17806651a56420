/* What a build of SFTPGo is: an archive, or a program that is installed. A build tells its version by `--version` alone
 * (facts/sftpgo 1.2), so its program is run with a clean environment, within seconds; one that is not installed yet as nobody. */
#pragma once

#include "io/json.h"
#include "svc/packager.h"

/* {"form": "archive"|"deb"|"rpm"|"installer" (of Windows)|"?", "sha256", "size", "machine": the kind it was judged on, "version",
 * "edition", "arch", "features": ["+bolt", ...], "top": directory that all entries lie in or "", "entries": [names of the program's own
 * files and directories], "finding": text when something is wrong with it}; of a package also "package": {"name","version","arch",
 * "conffiles": {path: SHA-256}}, and version and edition only when /usr/bin/sftpgo is in it; of an installer those that its name tells.
 * A file that cannot be opened is an error, and so is what this machine refuses (memory, rights, time); one that is damaged, unsafe or
 * no SFTPGo is a finding. `known`, NULL none, is such a document of before: of the same bytes it is the answer, and nothing is
 * unpacked. */
int build_judge(const char *path, const json_t *known, json_t **ret, struct err *e) must_check;

/* Of a package, into the document; what is wrong with it is the error. */
int build_look_in_package(const struct packager_ops *ops, const char *path, json_t *doc, struct err *e) must_check;

/* {"version","edition","features"} of a program, run in the name of that account; ERR_FORMAT when what it says is not SFTPGo's. */
int build_ask(const char *program, uid_t uid, gid_t gid, json_t **ret, struct err *e) must_check;
/* Of an open file in memory (io/memory.h), as nobody. */
int build_ask_open(int program, json_t **ret, struct err *e) must_check;
#define BUILD_NOBODY 65534 /* for a program that nobody trusts yet */
