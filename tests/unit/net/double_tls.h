/* A server that shows a certificate of its own, for double.h: valid until NOT_AFTER, for NAMES, and its fingerprint. */
#pragma once

#include <openssl/ssl.h>
#include <openssl/x509v3.h>
#include <stdio.h>

#include "double.h"

#define NOT_AFTER 1893456000 /* 2030-01-01 */
#define NAMES     "site.test *.sites.test 127.0.0.1"

static SSL_CTX *served;
static char fingerprint[65];

static inline void add_names(X509 *x)
{
	X509_EXTENSION *names = X509V3_EXT_conf_nid(NULL, NULL, NID_subject_alt_name, "DNS:site.test,DNS:*.sites.test,IP:127.0.0.1");

	assert_non_null(names);
	assert_int_equal(X509_add_ext(x, names, -1), 1);
	X509_EXTENSION_free(names);
}

static inline int make_certificate(void **state)
{
	EVP_PKEY *key = EVP_PKEY_Q_keygen(NULL, NULL, "EC", "P-256");
	X509 *x = X509_new();
	unsigned char sum[32];

	assert_non_null(key);
	X509_set_version(x, 2);
	X509_NAME_add_entry_by_txt(X509_get_subject_name(x), "CN", MBSTRING_ASC, (const unsigned char *)"double", -1, -1, 0);
	X509_set_issuer_name(x, X509_get_subject_name(x));
	ASN1_TIME_set(X509_getm_notBefore(x), 0);
	ASN1_TIME_set(X509_getm_notAfter(x), NOT_AFTER);
	X509_set_pubkey(x, key);
	add_names(x);
	assert_true(X509_sign(x, key, EVP_sha256()) > 0);
	assert_int_equal(X509_digest(x, EVP_sha256(), sum, NULL), 1);
	for (int i = 0; i < 32; i++)
		snprintf(fingerprint + 2 * i, 3, "%02x", sum[i]);
	served = SSL_CTX_new(TLS_server_method());
	assert_int_equal(SSL_CTX_use_certificate(served, x), 1);
	assert_int_equal(SSL_CTX_use_PrivateKey(served, key), 1);
	X509_free(x);
	EVP_PKEY_free(key);
	return 0;
}

static inline int drop_certificate(void **state)
{
	SSL_CTX_free(served);
	return 0;
}

static inline void tls(int fd)
{
	SSL *s = SSL_new(served);

	signal(SIGPIPE, SIG_IGN); /* who has seen it hangs up */
	SSL_set_fd(s, fd);
	(void)SSL_accept(s);
	SSL_free(s);
}
