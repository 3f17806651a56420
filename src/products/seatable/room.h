/* Room for what a restore point of ours holds: the check and the plan ask here, and come to the same. */
#pragma once

#include "products/seatable/seatable.h"

enum sea_lack {
	SEA_LACKS_NOTHING,
	SEA_LACKS_FACTS,
	SEA_LACKS_DUMPS,
	SEA_LACKS_WHOLE,        /* SEA_FOLDERS_ODD: a copy would not have all of them */
	SEA_LACKS_FOLDERS,
	SEA_LACKS_INODES,
};

/* Sizes in bytes, and files, with a tenth to spare; 0 of what is not copied by the goal. Dumps lie beside the project's directory and the
 * folders' copy beside the folders, or both in the store that the goal names. */
struct sea_room {
	enum sea_lack lack;             /* the first; of folders: dumps fit */
	int64_t dumps, folders, files;
	bool apart;                     /* the folders' copy is on a file system of its own */
	const json_t *at, *folders_at;  /* of SEA_ROOM, borrowed: of the dumps, and where the folders' copy is */
	int64_t reserve;                /* what their copy leaves free beside a server that writes */
};
void sea_room_of(const struct facts *now, const struct goal *to, struct sea_room *ret);
