/// What Redis remembers of an accepted message, so that the same one is answered and not accepted again.
public enum DedupeDigest {
    /// The first 16 bytes of SHA-256 over the sender's 16 bytes and the id that the client gave.
    public static func digest(sender: UUID, clientMessageID: String) -> [UInt8] {
        Array(SHA256.digest(sender.bytes + Array(clientMessageID.utf8)).prefix(16))
    }
}
