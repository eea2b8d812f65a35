internal import Shared

/// What users may write, and how it is made safe: once, at the entrance, so that whatever way it leaves by, it is.
struct ContentRules: Sendable {
    /// The longest message in Unicode characters (scalars).
    var maximumCharacters: Int
    /// What becomes of markup.
    var markup: MarkupPolicy

    private static let maximumTitle = 200
    /// The longest `clientMessageId`, in bytes of UTF-8.
    private static let maximumClientMessageID = 128
    /// What could end or begin something in the HTML of a client that shows an id.
    private static let markupCharacters: Set<UInt8> = Set(#"<>"'&`"#.utf8)

    /// A message's content as it is kept and sent.
    func content(_ text: String) throws(CommandError) -> String {
        let text = PlainText.cleaned(text)
        guard !PlainText.isBlank(text) else {
            throw CommandError(.invalidField, "content must not be blank.", field: "content")
        }
        guard MarkupPolicy.characterCount(of: text) <= maximumCharacters else {
            throw CommandError(
                .contentTooLong, "content must not be longer than \(maximumCharacters) characters.", field: "content")
        }
        return markup.applied(to: text)
    }

    /// A conversation's title.
    func title(_ text: String) throws(CommandError) -> String {
        let text = PlainText.cleaned(text)
        guard !PlainText.isBlank(text), text.unicodeScalars.count <= Self.maximumTitle else {
            throw CommandError(
                .invalidField, "title must have 1 to \(Self.maximumTitle) characters, and not be blank.", field: "title"
            )
        }
        return markup.applied(to: text)
    }

    /// An id that a client gave its message: it comes back as it was, so what isn't safe is refused.
    static func clientMessageID(_ text: String) throws(CommandError) -> String {
        guard !text.isEmpty, text.utf8.count <= maximumClientMessageID else {
            throw CommandError(
                .invalidField, "clientMessageId must have 1 to \(maximumClientMessageID) bytes.",
                field: "clientMessageId")
        }
        guard PlainText.cleaned(text) == text,
            !text.utf8.contains(where: { $0 < 0x20 || markupCharacters.contains($0) })
        else {
            throw CommandError(
                .invalidField, "clientMessageId must have no control characters and none of < > \" ' & and `.",
                field: "clientMessageId")
        }
        return text
    }
}
