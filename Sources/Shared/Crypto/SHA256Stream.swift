internal import COpenSSL

/// SHA-256 of what comes piece by piece.
///
/// For one thread at a time.
package final class SHA256Stream {
    private let context: OpaquePointer

    /// Begins with nothing.
    package init() {
        guard let context = EVP_MD_CTX_new() else { preconditionFailure("OpenSSL has no memory") }
        self.context = context
        begin()
    }

    deinit {
        EVP_MD_CTX_free(context)
    }

    /// Takes the next bytes.
    package func append(_ bytes: [UInt8]) {
        let result = EVP_DigestUpdate(context, bytes, bytes.count)
        precondition(result == 1, "OpenSSL can't digest")
    }

    /// The 32 bytes of the digest; it begins with nothing again.
    package func finish() -> [UInt8] {
        var digest = [UInt8](repeating: 0, count: Int(EVP_MAX_MD_SIZE))
        var length: UInt32 = 0
        let result = EVP_DigestFinal_ex(context, &digest, &length)
        precondition(result == 1, "OpenSSL can't digest")
        begin()
        return Array(digest.prefix(Int(length)))
    }

    private func begin() {
        let result = EVP_DigestInit_ex(context, EVP_sha256(), nil)
        precondition(result == 1, "OpenSSL has no such digest")
    }
}
