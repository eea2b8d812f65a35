/// Keys from their numbers, as JSON Web Keys give them: each is written as a SubjectPublicKeyInfo (RFC 5280, section 4.1) that
/// OpenSSL reads and judges, a point's place on its curve included.
extension PublicKey {
    /// SEQUENCE { OID rsaEncryption, NULL } (RFC 3279, section 2.3.1).
    private static let rsaAlgorithm: [UInt8] = [
        0x30, 0x0D, 0x06, 0x09, 0x2A, 0x86, 0x48, 0x86, 0xF7, 0x0D, 0x01, 0x01, 0x01, 0x05, 0x00,
    ]
    /// SEQUENCE { OID ecPublicKey, OID prime256v1 } (RFC 5480, section 2.1.1).
    private static let p256Algorithm: [UInt8] = [
        0x30, 0x13, 0x06, 0x07, 0x2A, 0x86, 0x48, 0xCE, 0x3D, 0x02, 0x01, 0x06, 0x08, 0x2A, 0x86, 0x48, 0xCE, 0x3D,
        0x03, 0x01, 0x07,
    ]
    /// SEQUENCE { OID Ed25519 } (RFC 8410, section 3).
    private static let ed25519Algorithm: [UInt8] = [0x30, 0x05, 0x06, 0x03, 0x2B, 0x65, 0x70]
    /// Longer numbers are refused, in bytes: verifying with them would cost too much.
    private static let maximumModulus = 1_024
    private static let maximumExponent = 8

    /// An RSA key from its big-endian numbers.
    public convenience init(modulus: [UInt8], exponent: [UInt8]) throws(PublicKeyError) {
        guard modulus.count <= Self.maximumModulus, exponent.count <= Self.maximumExponent else { throw .unsupported }
        let numbers = Self.element(0x30, Self.integer(modulus) + Self.integer(exponent))
        try self.init(der: Self.info(Self.rsaAlgorithm, numbers))
    }

    /// A P-256 key from the 64 bytes of its point.
    public convenience init(p256 point: [UInt8]) throws(PublicKeyError) {
        // 4: uncompressed (SEC 1, section 2.3.3).
        try self.init(der: Self.info(Self.p256Algorithm, [4] + point))
    }

    /// An Ed25519 key from its 32 bytes.
    public convenience init(ed25519 bytes: [UInt8]) throws(PublicKeyError) {
        try self.init(der: Self.info(Self.ed25519Algorithm, bytes))
    }

    private static func info(_ algorithm: [UInt8], _ key: [UInt8]) -> [UInt8] {
        element(0x30, algorithm + element(0x03, [0] + key))
    }

    /// An INTEGER that isn't negative: in the fewest bytes, with a zero before a set top bit.
    private static func integer(_ bytes: [UInt8]) -> [UInt8] {
        let digits = bytes.drop { $0 == 0 }
        return element(0x02, (digits.first ?? 0x80) & 0x80 == 0 ? Array(digits) : [0] + digits)
    }

    /// Tag, length and content (ITU-T X.690, section 8.1).
    private static func element(_ tag: UInt8, _ content: [UInt8]) -> [UInt8] {
        let count = content.count
        if count < 0x80 { return [tag, UInt8(count)] + content }
        if count < 0x100 { return [tag, 0x81, UInt8(count)] + content }
        return [tag, 0x82, UInt8(count >> 8), UInt8(count & 0xFF)] + content
    }
}
