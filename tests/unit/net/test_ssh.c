#include "net/ssh.h"

#include "double.h"

#include <string.h>

#include "base/buf.h"
#include "unit.h"

/* A key that ssh-keygen made, and what it calls it; and one that nobody made. */
#define ED25519_KEY \
	"\x00\x00\x00\x20\x84\x81\xab\x7a\x60\x58\xec\x3f\x25\xb7\x90\xc4\xd2\xd2" \
	"\x93\x1a\x20\x3a\xcb\xdd\xec\x32\x36\x91\xc0\xe9\x75\x20\x7b\xe3\x93\xd9"
#define ED25519_PRINT "SHA256:KJGaD3TzXU2l1ZSaCInARzmoqcYQ+6fs6FUyPt7fNPw"
#define RSA_PRINT "SHA256:CPTTDxabOEZkfXVoTq7jg0a4Qe+/46SGQJA+ctVmdIU"

#define ALL_KEYS "rsa-sha2-256,rsa-sha2-512,ssh-rsa-cert-v01@openssh.com,ssh-ed25519"
#define CURVE "mlkem768x25519-sha256,curve25519-sha256"

static struct {
	const char *before, *kex, *keys;
	enum { WELL, WRONG_KEY, CUT_SHORT, HANGS_UP, TOO_LONG } how;
} behaviour;

/* ---- the server's side ---- */

static void add_string(struct buf *b, const char *bytes, size_t n)
{
	uint32_t wire = htonl((uint32_t)n);

	buf_add(b, &wire, sizeof wire);
	buf_add(b, bytes, n);
}

static void send_packet(int fd, const struct buf *payload)
{
	uint32_t wire = htonl((uint32_t)(payload->len + 1 + 9));
	autobuf struct buf m = BUF_MAX(8192);

	buf_add(&m, &wire, sizeof wire);
	buf_addc(&m, 9);
	buf_add_sv(&m, buf_sv(payload));
	buf_add(&m, "123456789", 9);
	double_say(fd, m.data, m.len);
}

static void send_offer(int fd)
{
	autobuf struct buf m = BUF_MAX(8192), noise = BUF_MAX(64);

	buf_adds(&noise, "\x02" "ignore me");
	send_packet(fd, &noise);
	buf_addc(&m, 20);
	buf_adds(&m, "cookiecookiecook");
	add_string(&m, behaviour.kex, strlen(behaviour.kex));
	add_string(&m, behaviour.keys, strlen(behaviour.keys));
	send_packet(fd, &m);
}

static bool hear(int fd, void *to, size_t n)
{
	return recv(fd, to, n, MSG_WAITALL) == (ssize_t)n;
}

static bool hear_packet(int fd, char *to, size_t max)
{
	uint32_t n;

	return hear(fd, &n, 4) && ntohl(n) < max && hear(fd, to, ntohl(n));
}

static void send_key(int fd, bool ed25519)
{
	autobuf struct buf m = BUF_MAX(8192), key = BUF_MAX(8192);

	if (ed25519)
		add_string(&key, "ssh-ed25519", 11);
	else
		add_string(&key, "ssh-rsa", 7);
	buf_add(&key, ed25519 ? ED25519_KEY : "made up", ed25519 ? 36 : 7);
	buf_addc(&m, 31);
	add_string(&m, key.data, key.len);
	add_string(&m, "their public value", 18);
	if (behaviour.how == CUT_SHORT)
		m.len = 20;
	send_packet(fd, &m);
}

/* Their offer: padding length, number, cookie, exchange, key. */
static void talk(int fd)
{
	char offer[4096] = "", first[4096];
	bool ed25519;

	double_say(fd, behaviour.before, strlen(behaviour.before));
	for (char byte = 0; byte != '\n';)
		if (!hear(fd, &byte, 1))
			return;
	if (behaviour.how == TOO_LONG)
		return double_say(fd, "\xff\xff\xff\xff\x04\x14", 6);
	send_offer(fd);
	if (!hear_packet(fd, offer, sizeof offer) || !hear_packet(fd, first, sizeof first) || first[1] != 30)
		return;
	if (behaviour.how == HANGS_UP)
		return;
	ed25519 = memmem(offer, sizeof offer, "ssh-ed25519", 11) != NULL;
	send_key(fd, behaviour.how == WRONG_KEY ? !ed25519 : ed25519);
}

static int ask(ssh_keys *keys, struct err *e)
{
	struct double_server s = double_start(talk);
	int r = ssh_host_keys("127.0.0.1", s.port, 0, deadline_in(60 * NS_PER_S), keys, e);

	double_stop(&s);
	return r;
}

static int behave(void **state)
{
	behaviour.before = "SSH-2.0-Double\r\n";
	behaviour.kex = CURVE;
	behaviour.keys = ALL_KEYS;
	behaviour.how = WELL;
	return 0;
}

/* ---- what is seen ---- */

static void one_key_of_each_type(void **state)
{
	struct err e = ERR_INIT;
	ssh_keys keys = { 0 };

	assert_ok(ask(&keys, &e), &e);
	assert_int_equal(keys.n, 2);
	assert_string_equal(keys.v[0].type, "ssh-ed25519");
	assert_string_equal(keys.v[0].fingerprint, ED25519_PRINT);
	assert_string_equal(keys.v[1].type, "ssh-rsa");
	assert_string_equal(keys.v[1].fingerprint, RSA_PRINT);
	vec_done(&keys);
}

static void lines_before_the_version(void **state)
{
	struct err e = ERR_INIT;
	ssh_keys keys = { 0 };

	behaviour.before = "Welcome\r\nto this host\r\nSSH-2.0-Double\r\n";
	behaviour.kex = "ecdh-sha2-nistp256";
	behaviour.keys = "ssh-ed25519";
	assert_ok(ask(&keys, &e), &e);
	assert_int_equal(keys.n, 1);
	vec_done(&keys);
}

static void nothing_in_common(void **state)
{
	struct err e = ERR_INIT;
	ssh_keys keys = { 0 };

	behaviour.kex = "diffie-hellman-group14-sha256";
	assert_fails(ask(&keys, &e), &e, ERR_ABSENT);
	assert_non_null(strstr(e.msg, "no key exchange"));
	behave(state);
	behaviour.keys = "ssh-dss";
	err_clear(&e);
	assert_fails(ask(&keys, &e), &e, ERR_ABSENT);
	assert_non_null(strstr(e.msg, "no host key"));
}

static void what_is_no_exchange(void **state)
{
	static const struct {
		int how;
		enum err_kind kind;
	} cases[] = { { WRONG_KEY, ERR_FORMAT }, { CUT_SHORT, ERR_FORMAT }, { HANGS_UP, ERR_REFUSED }, { TOO_LONG, ERR_FORMAT } };

	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct err e = ERR_INIT;
		ssh_keys keys = { 0 };

		behaviour.how = cases[i].how;
		assert_fails(ask(&keys, &e), &e, cases[i].kind);
		assert_int_equal(keys.n, 0);
	}
}

static void what_is_no_ssh(void **state)
{
	struct err e = ERR_INIT;
	ssh_keys keys = { 0 };

	behaviour.before = "1\n2\n3\n4\n5\n6\n7\n8\n9\n10\n11\n12\n13\n14\n15\n16\n17\n18\n19\n20\nSSH-2.0-late\r\n";
	assert_fails(ask(&keys, &e), &e, ERR_FORMAT);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(one_key_of_each_type, behave),
		cmocka_unit_test_setup(lines_before_the_version, behave),
		cmocka_unit_test_setup(nothing_in_common, behave),
		cmocka_unit_test_setup(what_is_no_exchange, behave),
		cmocka_unit_test_setup(what_is_no_ssh, behave),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
