/* What is read out of another fact and is missing with it: one trouble is told once, by the check that judges its cause. */
#include "products/seatable/inspect.h"

static const struct fact_origin origins[] = {
	{ SEA_SERVICES, SEA_COMPOSE },
	{ SEA_LAYOUT, SEA_SERVICES },
	{ SEA_SERVER, SEA_SERVICES },
	{ SEA_IMAGE, SEA_SERVER },
	{ SEA_IMAGE_FROM, SEA_SERVER },
	{ SEA_ENVIRONMENT, SEA_SERVER },
	{ SEA_BINDS, SEA_SERVER },
	{ SEA_PUBLISHED, SEA_SERVER },
	{ SEA_PUBLIC, SEA_SERVER },
	{ SEA_SHAPE, SEA_SERVER },
	{ SEA_RUNNING, SEA_SERVICES },
	{ SEA_IMAGES, SEA_SERVICES },
	{ SEA_STATES, SEA_RUNNING },
	{ SEA_UP, SEA_RUNNING },
	{ SEA_LABELS, SEA_UP },
	{ SEA_SAYS, SEA_UP },
	{ SEA_PINGS, SEA_UP },
	{ SEA_VERSION, SEA_SAYS },
	{ SEA_EDITION, SEA_SAYS },
	{ SEA_DATA, SEA_BINDS },
	{ SEA_DATA_CONF, SEA_DATA },
	{ SEA_FEATURES, SEA_DATA_CONF },
	{ SEA_STORAGE, SEA_DATA_CONF },
	{ SEA_FOLDERS, SEA_DATA },
	{ SEA_ARCHIVES, SEA_FOLDERS },
	{ SEA_LICENSE, SEA_BINDS },
	{ SEA_LICENSE_MOUNT, SEA_DATA },
	{ SEA_DB, SEA_SERVER },
	{ SEA_DB_LOGIN, SEA_DB },
	{ SEA_DB_VERSION, SEA_DB_LOGIN },
	{ SEA_DB_SCHEMAS, SEA_DB_LOGIN },
	{ SEA_DB_OWN, SEA_DB_LOGIN },
	{ SEA_DB_SIZES, SEA_DB_LOGIN },
	{ SEA_DB_SHAPE, SEA_DB_LOGIN },
	{ SEA_USERS, SEA_DB_LOGIN },
	{ SEA_COUNTS, SEA_DB_LOGIN },
	{ SEA_REDIS, SEA_DB },
	{ SEA_TO_EDITION, SEA_EDITION },
	{ SEA_TO_IMAGE, SEA_TO_VERSION },
	{ SEA_TO_MOVED, SEA_TO_IMAGE },
	{ NULL, NULL },
};

void sea_look_at_causes(struct sea_look *k)
{
	facts_trace(k->f, origins);
}
