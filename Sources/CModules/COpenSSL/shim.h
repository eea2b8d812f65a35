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

static inline void parley_openssl_free(void *memory) { OPENSSL_free(memory); }
