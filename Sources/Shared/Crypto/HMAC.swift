internal import COpenSSL

/// HMAC with SHA-256 (RFC 2104).
public enum HMACSHA256 {
    /// The 32 bytes of the code.
    public static func digest(key: [UInt8], _ message: some Collection<UInt8>) -> [UInt8] {
        let message = Array(message)
        var code = [UInt8](repeating: 0, count: Int(EVP_MAX_MD_SIZE))
        var length: UInt32 = 0
        let result = HMAC(EVP_sha256(), key, Int32(key.count), message, message.count, &code, &length)
        precondition(result != nil, "OpenSSL has no HMAC")
        return Array(code.prefix(Int(length)))
    }
}

/// Comparison that takes as long for a wrong secret as for the right one.
public enum ConstantTime {
    /// Whether both have the same bytes; the time depends on their length only.
    public static func equal(_ left: [UInt8], _ right: [UInt8]) -> Bool {
        left.count == right.count && CRYPTO_memcmp(left, right, left.count) == 0
    }
}

/// Random numbers for secrets and names.
public enum SecureRandom {
    /// So many random bytes.
    public static func bytes(_ count: Int) -> [UInt8] {
        var bytes = [UInt8](repeating: 0, count: count)
        let result = RAND_bytes(&bytes, Int32(count))
        precondition(result == 1, "the system has no randomness")
        return bytes
    }
}
