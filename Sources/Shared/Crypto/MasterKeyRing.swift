/// Why a file of master keys can't be used.
public enum MasterKeyRingError: Error, Equatable, CustomStringConvertible {
    /// The file can't be read.
    case unreadable
    /// A line isn't `<id> <base64 of 32 bytes>`; counted from 1.
    case malformedLine(Int)
    /// Two keys have the same id.
    case repeatedID(String)
    /// There is no key in it.
    case empty

    /// A sentence for the operator; never a key.
    public var description: String {
        switch self {
        case .unreadable: "the file can't be read"
        case .malformedLine(let number):
            "line \(number) isn't a name of a-z, 0-9 and -, a blank, and the base64 of 32 bytes; see parley keys new"
        case .repeatedID(let id): "two keys are named \(id)"
        case .empty: "there is no key in the file; see parley keys new"
        }
    }
}

/// The master keys of a deployment: the first wraps new data keys, all of them unwrap.
///
/// Data keys are wrapped by AES-256-GCM with a random nonce, bound to their conversation.
public struct MasterKeyRing: Sendable {
    /// A data key under a master key.
    public struct Wrapped: Sendable, Equatable {
        /// The name of the master key.
        public let master: String
        /// Base64 of the nonce, the encrypted key and the tag.
        public let text: String

        /// What stands in a store.
        public init(master: String, text: String) {
            self.master = master
            self.text = text
        }
    }

    /// The name of the key that wraps.
    public let current: String
    private let keys: [String: [UInt8]]

    /// Reads a file. For start-up only: it blocks.
    public init(path: String) throws(MasterKeyRingError) {
        guard let file = Process.readFile(path) else { throw .unreadable }
        try self.init(file: file)
    }

    /// Reads what a file holds: a key per line, the current one first; blank lines and those that begin with `#` don't count.
    public init(file: [UInt8]) throws(MasterKeyRingError) {
        var keys: [String: [UInt8]] = [:]
        var first: String?
        for (number, line) in file.split(separator: 0x0A, omittingEmptySubsequences: false).enumerated() {
            let words = line.split { $0 == 0x20 || $0 == 0x09 || $0 == 0x0D }
            guard let name = words.first, name.first != UInt8(ascii: "#") else { continue }
            guard words.count == 2, let id = NodeName.parse(String(decoding: name, as: UTF8.self)),
                let key = Base64.decode(words[1]), key.count == AES256GCM.keyCount
            else { throw .malformedLine(number + 1) }
            guard keys.updateValue(key, forKey: id) == nil else { throw .repeatedID(id) }
            first = first ?? id
        }
        guard let first else { throw .empty }
        current = first
        self.keys = keys
    }

    /// A line for the file, with a new key.
    public static func newLine(id: String) -> String {
        "\(id) \(Base64.encode(SecureRandom.bytes(AES256GCM.keyCount)))"
    }

    /// Whether there is a key of this name.
    public func has(_ id: String) -> Bool { keys[id] != nil }

    /// Keys for a purpose of their own, one of each master key; the current one's is the first.
    public func derived(_ purpose: String) -> [[UInt8]] {
        let names = [current] + keys.keys.sorted().filter { $0 != current }
        return names.compactMap { keys[$0] }.map { HMACSHA256.digest(key: $0, purpose.utf8) }
    }

    /// Wraps a data key with the current master key.
    public func wrap(_ secret: [UInt8], for conversation: UUID) -> Wrapped {
        guard let key = keys[current] else { preconditionFailure("the current key is one of them") }
        let nonce = SecureRandom.bytes(AES256GCM.nonceCount)
        let sealed = AES256GCM.seal(secret, key: key, nonce: nonce, context: conversation.bytes)
        return Wrapped(master: current, text: Base64.encode(nonce + sealed))
    }

    /// The data key; nil where its master key is missing or another, or the conversation is another.
    public func unwrap(_ wrapped: Wrapped, for conversation: UUID) -> [UInt8]? {
        guard let key = keys[wrapped.master], let bytes = Base64.decode(wrapped.text.utf8) else { return nil }
        return AES256GCM.open(behindNonce: bytes, key: key, context: conversation.bytes)
    }
}
