/* What people are told to do about what docker, Compose and registries say. */
#include <string.h>

#include "svc/docker.h"

#define TAG   "the registry has no such tag: look at its name and version, or bring the image as a file: target.image_archive"
#define FOLDER \
	"one of the two is a directory: docker makes it where the file was missing; remove it if it is empty, on this host and in the data, and put " \
	"the file there"
#define LOGIN "'docker login' to its registry, or bring the image as a file: target.image_archive"

/* The first that is found counts: what is more special stands before what it is part of. */
static const struct {
	const char *words, *advice;
} all[] = {
	{ "Cannot connect to the Docker daemon", "start the Docker daemon, or name it with DOCKER_HOST" },
	{ "failed to connect to the docker API", "start the Docker daemon, or name it with DOCKER_HOST" },
	{ "permission denied while trying to connect", "run as root, or as a member of the group of the daemon's socket" },
	{ "bind source path does not exist", "what is mounted from that path is missing on this host: put it back, or an empty file where nothing is needed" },
	{ "Are you trying to mount a directory onto a file", FOLDER },
	{ "not a directory: unknown", FOLDER },
	{ "is already in use by container", "another project or a container by itself has that name: 'docker container ls --all' shows it; end or rename it" },
	{ "port is already allocated", "another container has that port: 'docker container ls' shows it; stop it, or publish another port" },
	{ "address already in use", "another program has that port: 'ss -ltnp' shows it; stop it, or publish another port" },
	{ "no space left on device", "make room where docker keeps its images and containers: 'docker system df' shows what takes it" },
	{ "manifest unknown", TAG },
	{ "no such manifest", "the registry has no such tag, or does not take the login: look at the name, 'docker login', or bring the image as a file: "
			      "target.image_archive" },
	{ "manifest for", TAG },
	{ "pull access denied", LOGIN },
	{ "unauthorized", LOGIN },
	{ "authentication required", LOGIN },
	{ "no basic auth credentials", LOGIN },
	{ "permission denied", NULL }, /* by the kernel, of some file: no login */
	{ "denied", LOGIN },
	{ "is missing a value", "a yml wants a variable that .env does not have: one of another release than .env, or an assignment that was lost" },
};

const char *docker_advice(const char *words)
{
	for (size_t i = 0; i < ARRAY_LEN(all); i++)
		if (strcasestr(words, all[i].words))
			return all[i].advice;
	return NULL;
}
