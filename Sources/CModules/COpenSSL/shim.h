// OpenSSL 3. What it offers as macros only is wrapped here in static inline functions, since Swift imports no macros
// that take arguments.
#include <openssl/bio.h>
#include <openssl/core_names.h>
#include <openssl/crypto.h>
#include <openssl/err.h>
#include <openssl/ecdsa.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <openssl/params.h>
#include <openssl/pem.h>
#include <openssl/rand.h>
#include <openssl/ssl.h>
#include <openssl/x509.h>
#include <openssl/x509v3.h>

static inline void parley_openssl_free(void *memory) { OPENSSL_free(memory); }

static inline int parley_ssl_set_minimum_version(SSL_CTX *context, int version) {
    return SSL_CTX_set_min_proto_version(context, version);
}
static inline void parley_ssl_set_mode(SSL_CTX *context, long mode) { SSL_CTX_set_mode(context, mode); }
static inline void parley_ssl_clear_mode(SSL_CTX *context, long mode) { SSL_CTX_clear_mode(context, mode); }
static inline uint64_t parley_ssl_options(void) {
    return SSL_OP_NO_RENEGOTIATION | SSL_OP_IGNORE_UNEXPECTED_EOF;
}
static inline void parley_ssl_disable_session_cache(SSL_CTX *context) {
    SSL_CTX_set_session_cache_mode(context, SSL_SESS_CACHE_OFF);
}
static inline void parley_ssl_note_message(
    int is_ours, int version, int type, const void *message, size_t length, SSL *ssl, void *count) {
    (void)version, (void)ssl;
    if (is_ours || type != SSL3_RT_HANDSHAKE || length == 0) return;
    if (*(const unsigned char *)message == SSL3_MT_KEY_UPDATE) ++*(int *)count;
}
// Counts the KeyUpdate messages that the peer sends (RFC 8446, section 4.6.3).
static inline void parley_ssl_count_key_updates(SSL *ssl, int *count) {
    SSL_set_msg_callback(ssl, parley_ssl_note_message);
    SSL_set_msg_callback_arg(ssl, count);
}
static inline int parley_ssl_set_server_name(SSL *ssl, const char *name) {
    return (int)SSL_set_tlsext_host_name(ssl, name);
}
