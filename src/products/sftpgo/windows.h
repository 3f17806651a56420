/* A folder that was copied from a Windows host: how it is known, where it lay, and what its paths are in the copy.
 *
 * SFTPGo's installers for Windows keep configuration, database, keys and logs in one folder, C:\ProgramData\SFTPGo, and the program in
 * C:\Program Files\SFTPGo; those of Enterprise in "SFTPGo Enterprise", beside. The service is called SFTPGo in both. facts/sftpgo 1.1;
 * src: windows-installer/sftpgo.iss, internal/service/service_windows.go */
#pragma once

#include "products/sftpgo/config.h"

#define WINDOWS_SERVICE "SFTPGo"

/* The folder on its host, and who says so. false: nothing speaks for Windows. Heap; *ret_from is static. */
bool windows_folder_of(const char *root, const struct sftpgo_config *conf, char **ret_folder, const char **ret_from);

/* The release that wrote the folder's log last, else the one whose API description lies in it: "2.6.4", by `*ret_from`. */
bool windows_version_of(const char *root, char ret[48], const char **ret_from);

/* "C:\x", "c:/x", "\\host\share": on whatever drive. */
bool windows_is_absolute(const char *path);
/* `path` as the configuration or the database names it, a relative one from `folder`, which was copied to `root`: where it is in the
 * copy. Letters are compared without case, as Windows does. Heap; NULL: it is not in the copy. */
char *windows_here(const char *root, const char *folder, const char *path) must_check;
/* The same path, whole, on the Windows host. Heap. */
char *windows_there(const char *folder, const char *path) must_check;
/* Does path lie in the folder, or is it the folder itself? *ret_rest: what follows it. */
bool windows_below(const char *folder, const char *path, const char **ret_rest);

/* May it stand between single quotes in a command that an administrator pastes? PowerShell takes more than one character for a quote,
 * and "$" and "`" for more than themselves elsewhere: so only letters, digits and a few marks. */
bool windows_is_plain(const char *text);
