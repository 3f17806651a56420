/* stand-in-bind.so: the release behind the stand-in's front binds another port of loopback instead
 * of the HTTP port, while its configuration keeps naming the one its clients know.
 * STAND_IN_BIND="9000:41234". */
#include <arpa/inet.h>
#include <dlfcn.h>
#include <netinet/in.h>
#include <sys/socket.h>

typedef int bind_function(int fd, const struct sockaddr *address, socklen_t n);

int bind(int fd, const struct sockaddr *address, socklen_t n)
{
	static bind_function *real;
	const char *map = getenv("STAND_IN_BIND");
	struct sockaddr_in to;
	unsigned from, other;

	if (!real)
		*(void **)&real = dlsym(RTLD_NEXT, "bind");
	if (!map || sscanf(map, "%u:%u", &from, &other) != 2 || address->sa_family != AF_INET ||
	    n < (socklen_t)sizeof to ||
	    ntohs(((const struct sockaddr_in *)address)->sin_port) != from)
		return real(fd, address, n);
	memcpy(&to, address, sizeof to);
	to.sin_port = htons((unsigned short)other);
	to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	return real(fd, (const struct sockaddr *)&to, sizeof to);
}
