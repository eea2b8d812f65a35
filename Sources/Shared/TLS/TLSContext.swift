internal import COpenSSL

/// What one side of TLS connections have in common: TLS 1.2 (RFC 5246) and 1.3 (RFC 8446), a certificate or whom to trust.
///
/// Unchecked because OpenSSL counts references of a context atomically, and nothing changes it once it is made.
public final class TLSContext: @unchecked Sendable {
    /// Forward secrecy and authenticated encryption only (RFC 9325, section 4.2); TLS 1.3 has nothing else.
    private static let ciphers = "ECDHE+AESGCM:ECDHE+CHACHA20"

    let context: OpaquePointer

    /// A server's side, with the PEM files of its certificate chain and of its private key.
    public static func server(certificateFile: String, keyFile: String) throws(TLSError) -> TLSContext {
        let made = try TLSContext(TLS_server_method())
        guard SSL_CTX_use_certificate_chain_file(made.context, certificateFile) == 1 else {
            throw TLSError("\(certificateFile) holds no certificate")
        }
        guard SSL_CTX_use_PrivateKey_file(made.context, keyFile, SSL_FILETYPE_PEM) == 1 else {
            throw TLSError("\(keyFile) holds no private key that fits the certificate")
        }
        guard SSL_CTX_check_private_key(made.context) == 1 else {
            throw TLSError("\(keyFile) isn't the key of the certificate")
        }
        return made
    }

    /// A client's side; it trusts the certificates in a PEM file, or without one those that the system trusts.
    public static func client(authoritiesFile: String?) throws(TLSError) -> TLSContext {
        let made = try TLSContext(TLS_client_method())
        if let authoritiesFile {
            guard SSL_CTX_load_verify_locations(made.context, authoritiesFile, nil) == 1 else {
                throw TLSError("\(authoritiesFile) holds no certificates")
            }
        } else {
            SSL_CTX_set_default_verify_paths(made.context)
        }
        SSL_CTX_set_verify(made.context, SSL_VERIFY_PEER, nil)
        return made
    }

    private init(_ method: OpaquePointer?) throws(TLSError) {
        ERR_clear_error()
        guard let context = SSL_CTX_new(method) else { throw TLSError("TLS isn't there") }
        self.context = context
        guard parley_ssl_set_minimum_version(context, TLS1_2_VERSION) == 1,
            SSL_CTX_set_cipher_list(context, Self.ciphers) == 1
        else { throw TLSError("TLS can't be set up") }
        // No renegotiation, which costs the server more than the client; and peers often leave without close_notify.
        SSL_CTX_set_options(context, parley_ssl_options())
        // A write may be taken in part and repeated from another place; an idle connection owns no buffers.
        parley_ssl_set_mode(
            context,
            Int(SSL_MODE_ENABLE_PARTIAL_WRITE | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER | SSL_MODE_RELEASE_BUFFERS))
        // Else one call reads on for as long as a peer sends records that hold nothing, and the loop with it.
        parley_ssl_clear_mode(context, Int(SSL_MODE_AUTO_RETRY))
        parley_ssl_disable_session_cache(context)
    }

    deinit {
        SSL_CTX_free(context)
    }
}
