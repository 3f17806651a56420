#!/bin/sh
# Caddy before the server: https with a certificate of Caddy's own authority, which lies in /data/caddy and stays; and plain http.
# The vendor's image reads this from labels by the Docker socket; nobody packages that part of it.
cat >/etc/caddy/Caddyfile <<END
{
	skip_install_trust
	auto_https disable_redirects
}
(door) {
	handle_errors {
		respond "{err.status_code}" {err.status_code}
	}
	reverse_proxy ${UPSTREAM:-seatable-server:80}
}
http:// {
	import door
}
https://$SEATABLE_SERVER_HOSTNAME {
	tls internal
	import door
}
END
exec caddy run --config /etc/caddy/Caddyfile --adapter caddyfile
