internal import COpenSSL

/// SHA-1, where a protocol asks for it: the WebSocket handshake and the names of Redis scripts.
public enum SHA1 {
    /// The 20 bytes of the digest.
    public static func digest(_ bytes: [UInt8]) -> [UInt8] { openSSLDigest(bytes, EVP_sha1()) }
}

/// SHA-256 (FIPS 180-4).
public enum SHA256 {
    /// The 32 bytes of the digest.
    public static func digest(_ bytes: [UInt8]) -> [UInt8] { openSSLDigest(bytes, EVP_sha256()) }
}

private func openSSLDigest(_ bytes: [UInt8], _ algorithm: OpaquePointer?) -> [UInt8] {
    var digest = [UInt8](repeating: 0, count: Int(EVP_MAX_MD_SIZE))
    var length: UInt32 = 0
    let result = EVP_Digest(bytes, bytes.count, &digest, &length, algorithm, nil)
    precondition(result == 1, "OpenSSL has no such digest")
    return Array(digest.prefix(Int(length)))
}
