/* Where the new build goes and how it takes the old one's place. One answer for the plan and for the checks. */
#pragma once

#include "products/sftpgo/sftpgo.h"

enum taking {
	TAKE_LINK,      /* the launcher names a link: it is pointed at the new directory */
	TAKE_DIRECTORY, /* the new directory and the old one exchange their names */
	TAKE_PACKAGE,   /* the package manager puts it where the old one is; there is nothing to stage or to exchange */
	TAKE_ENTRIES    /* data lies in the old one too: program, templates, static and openapi are exchanged one by one */
};

struct placement {
	enum taking taking;
	char *staged;   /* directory that is made for the new build; NULL with packages */
	char *live;     /* the installation's directory, or the link to it */
};
#define autoplacement cleanup_with(sftpgo_placement_done)

void sftpgo_placement_done(struct placement *p);
/* ERR_ABSENT when a fact it rests on is missing, ERR_REFUSED when the new build cannot take the old one's place. */
int sftpgo_placement(const struct facts *now, const struct goal *to, const struct change *c, struct placement *ret,
                 struct err *e) must_check;
