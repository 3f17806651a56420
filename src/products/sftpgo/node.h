/* Nodes of a shared provider. Each has a name made of where the others reach it, and since 2.7 another one than before.
 * src: internal/dataprovider/node.go, getNodeName() of 2.6.4 and 2.7.5 */
#pragma once

#include "base/sv.h"

/* at: "host:port" of data_provider.node. Is `name`, of the table nodes, that node's, as any release makes it? */
bool node_has_name(const char *at, struct sv name);
