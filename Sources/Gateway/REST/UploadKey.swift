internal import Shared

/// By what a client names an upload, so that it can be sent again without being stored again (`Idempotency-Key`, an Internet-Draft
/// of the HTTPAPI working group).
enum UploadKey {
    private static let lengths = 1...255

    /// Nil where none is told.
    static func read(_ headers: HTTPHeaders) throws(CommandError) -> String? {
        let keys = headers.all("Idempotency-Key")
        guard let key = keys.first else { return nil }
        guard keys.count == 1, lengths.contains(key.utf8.count), key.utf8.allSatisfy({ (0x21...0x7E).contains($0) })
        else {
            throw CommandError(
                .invalidField, "The Idempotency-Key must have 1 to 255 visible ASCII characters.",
                field: "Idempotency-Key")
        }
        return key
    }

    static let reused = CommandError(
        .keyReused, "Another upload was made under this key.", field: "Idempotency-Key")
}
