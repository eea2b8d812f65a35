internal import Shared

/// The key of one conversation's contents and files.
///
/// Contents are encrypted by AES-256-GCM. The nonce is made of the content and of whose it is, by a second key (as in RFC 5297, synthetic
/// initialisation vectors): the same message sent twice is stored twice the same, so that the persister recognises it.
struct DataKey: Sendable {
    /// What a stored content begins with that is sealed. No content of a user has it, since control characters are taken out.
    static let marker = UInt8(1)

    /// What a content belongs to; it can't be opened as another's.
    struct Place {
        let conversation: UUID
        let sender: UUID

        fileprivate var context: [UInt8] { conversation.bytes + sender.bytes }
    }

    private let encryption: [UInt8]
    private let nonces: [UInt8]
    private let files: [UInt8]

    /// Derives all keys from the secret that is stored under a master key.
    init(secret: [UInt8]) {
        encryption = HMACSHA256.digest(key: secret, Array("parley content encryption".utf8))
        nonces = HMACSHA256.digest(key: secret, Array("parley content nonce".utf8))
        files = HMACSHA256.digest(key: secret, Array("parley file encryption".utf8))
    }

    /// What encrypts one file of the conversation; a file's id is used once.
    func cipher(of file: UUID) -> FileCipher {
        FileCipher(file: file, key: HMACSHA256.digest(key: files, file.bytes))
    }

    /// The content as it is stored; an empty one stays empty.
    func seal(_ content: String, clientMessageID: String, at place: Place) -> String {
        guard !content.isEmpty else { return "" }
        let text = Array(content.utf8)
        let nonce = Array(
            HMACSHA256.digest(key: nonces, place.context + Array(clientMessageID.utf8) + [0] + text)
                .prefix(AES256GCM.nonceCount))
        let sealed = AES256GCM.seal(text, key: encryption, nonce: nonce, context: place.context)
        return String(UnicodeScalar(Self.marker)) + Base64.encodeURL(nonce + sealed)
    }

    /// The content behind the marker of a stored one; nil where it was sealed by another key, for another place, or was changed.
    func open(_ sealed: some Collection<UInt8>, at place: Place) -> String? {
        guard let bytes = Base64.decodeURL(sealed) else { return nil }
        let text = AES256GCM.open(behindNonce: bytes, key: encryption, context: place.context)
        return text.flatMap { String(validating: $0, as: UTF8.self) }
    }
}
