/// CRC-32 with the polynomial of ISO 3309, as zlib and PNG use it.
public enum CRC32 {
    private static let table: [UInt32] = (0..<256).map { number in
        (0..<8).reduce(UInt32(number)) { crc, _ in crc & 1 == 1 ? 0xEDB8_8320 ^ (crc >> 1) : crc >> 1 }
    }

    /// The checksum of all bytes.
    public static func checksum(_ bytes: some Sequence<UInt8>) -> UInt32 {
        ~bytes.reduce(~0) { crc, byte in table[Int((crc ^ UInt32(byte)) & 0xFF)] ^ (crc >> 8) }
    }
}

/// The hash slot of Redis Cluster: CRC-16/XMODEM of the hash tag, modulo 16384 (Redis Cluster specification, "Key
/// distribution model").
public enum RedisSlot {
    /// The number of slots.
    public static let count = 16_384

    /// The slot of a key that has no braces, or of the text between them.
    public static func of(_ tag: some Sequence<UInt8>) -> Int {
        let crc = tag.reduce(UInt16(0)) { crc, byte in
            (0..<8).reduce(crc ^ UInt16(byte) << 8) { crc, _ in crc & 0x8000 != 0 ? crc << 1 ^ 0x1021 : crc << 1 }
        }
        return Int(crc) % count
    }
}
