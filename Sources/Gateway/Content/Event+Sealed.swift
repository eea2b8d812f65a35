internal import Shared

/// Events as they are kept, with their contents sealed.
extension Event {
    private static let sealedStart = Array(#""content":"\u0001"#.utf8)
    private static let contentStart = Array(#""content":"#.utf8)

    /// Where the sealed content stands between its marker and the closing quotation mark; nil where it isn't sealed.
    private var sealedRange: Range<Int>? {
        guard let start = json.first(of: Self.contentStart)?.lowerBound,
            json[start...].starts(with: Self.sealedStart)
        else { return nil }
        let first = start + Self.sealedStart.count
        return json[first...].firstIndex(of: UInt8(ascii: "\"")).map { first..<$0 }
    }

    /// Whether the content is sealed.
    var isSealed: Bool { sealedRange != nil }

    /// The event with its content in clear, or without a content where it can't be opened.
    func opened(by key: DataKey?) -> (event: Event, isWhole: Bool) {
        guard let range = sealedRange else { return (self, true) }
        let content = sender.flatMap { key?.open(json[range], at: .init(conversation: conversation, sender: $0)) }
        let start = range.lowerBound - Self.sealedStart.count
        var bytes = Array(self.bytes[..<start]) + Self.contentStart
        JSONWriter.appendString(content ?? "", to: &bytes)
        bytes += self.bytes[(range.upperBound + 1)...]
        return (Event(head: head, bytes: bytes), content != nil)
    }
}
