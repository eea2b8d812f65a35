internal import COpenSSL

/// Why a public key can't be used.
public enum PublicKeyError: Error, Equatable, CustomStringConvertible {
    /// The text is no PEM of a public key.
    case malformed
    /// The key is neither RSA with at least 2048 bits, P-256 nor Ed25519.
    case unsupported

    /// A sentence for the operator.
    public var description: String {
        switch self {
        case .malformed: "not a public key in PEM form"
        case .unsupported: "not a key that is supported: RSA of 2048 bits or more, P-256 or Ed25519"
        }
    }
}

/// A public key that verifies signatures.
///
/// Unchecked because OpenSSL counts references of a key atomically and verification doesn't change it.
public final class PublicKey: @unchecked Sendable {
    /// What a key is good for.
    public enum Kind: Sendable, Equatable {
        /// RSASSA-PKCS1-v1_5 with SHA-256.
        case rsa
        /// ECDSA on P-256 with SHA-256.
        case p256
        /// Ed25519.
        case ed25519
    }

    private static let minimumRSABits: Int32 = 2048

    /// What the key is good for.
    public let kind: Kind
    private let key: OpaquePointer

    /// Reads a key in PEM form (`BEGIN PUBLIC KEY`, RFC 7468, section 13).
    public convenience init(pem: [UInt8]) throws(PublicKeyError) {
        ERR_clear_error()
        try self.init(owning: Self.read(pem))
    }

    /// Reads a SubjectPublicKeyInfo in its binary form.
    convenience init(der: [UInt8]) throws(PublicKeyError) {
        ERR_clear_error()
        try self.init(
            owning: der.withUnsafeBufferPointer { bytes in
                var next = bytes.baseAddress
                return d2i_PUBKEY(nil, &next, bytes.count)
            })
    }

    private init(owning key: OpaquePointer?) throws(PublicKeyError) {
        guard let key else { throw .malformed }
        switch EVP_PKEY_get_base_id(key) {
        case EVP_PKEY_RSA where EVP_PKEY_get_bits(key) >= Self.minimumRSABits: kind = .rsa
        case EVP_PKEY_EC where Self.isP256(key): kind = .p256
        case EVP_PKEY_ED25519: kind = .ed25519
        default:
            EVP_PKEY_free(key)
            throw .unsupported
        }
        self.key = key
    }

    deinit {
        EVP_PKEY_free(key)
    }

    /// Whether a signature belongs to a message; ECDSA signatures are two 32-byte numbers (RFC 7518, section 3.4).
    public func isValid(signature: [UInt8], for message: [UInt8]) -> Bool {
        var signature = signature
        if kind == .p256 {
            guard let encoded = Self.derEncoded(signature) else { return false }
            signature = encoded
        }
        ERR_clear_error()
        guard let context = EVP_MD_CTX_new() else { return false }
        defer { EVP_MD_CTX_free(context) }
        // Ed25519 hashes by itself.
        let algorithm = kind == .ed25519 ? nil : EVP_sha256()
        guard EVP_DigestVerifyInit(context, nil, algorithm, nil, key) == 1 else { return false }
        return EVP_DigestVerify(context, signature, signature.count, message, message.count) == 1
    }

    private static func read(_ pem: [UInt8]) -> OpaquePointer? {
        // The source refers to the bytes and copies none, so it lives no longer than they hold still.
        pem.withUnsafeBytes { bytes in
            guard let count = Int32(exactly: bytes.count), let source = BIO_new_mem_buf(bytes.baseAddress, count) else {
                return nil
            }
            defer { BIO_free(source) }
            // Without a callback OpenSSL asks for the password of an encrypted key on the terminal, and waits.
            return PEM_read_bio_PUBKEY(source, nil, { _, _, _, _ in -1 }, nil)
        }
    }

    private static func isP256(_ key: OpaquePointer) -> Bool {
        var name = [CChar](repeating: 0, count: 64)
        var length = 0
        guard EVP_PKEY_get_group_name(key, &name, name.count, &length) == 1 else { return false }
        return name.prefix(length).map { UInt8(bitPattern: $0) }.elementsEqual("prime256v1".utf8)
    }

    private static func derEncoded(_ signature: [UInt8]) -> [UInt8]? {
        guard signature.count == 64, let object = ECDSA_SIG_new() else { return nil }
        defer { ECDSA_SIG_free(object) }
        let r = signature[..<32].withUnsafeBytes { BN_bin2bn($0.baseAddress, 32, nil) }
        let s = signature[32...].withUnsafeBytes { BN_bin2bn($0.baseAddress, 32, nil) }
        guard ECDSA_SIG_set0(object, r, s) == 1 else {
            BN_free(r)
            BN_free(s)
            return nil
        }
        var bytes: UnsafeMutablePointer<UInt8>?
        let count = i2d_ECDSA_SIG(object, &bytes)
        guard count > 0, let bytes else { return nil }
        defer { parley_openssl_free(bytes) }
        return Array(UnsafeBufferPointer(start: bytes, count: Int(count)))
    }
}
