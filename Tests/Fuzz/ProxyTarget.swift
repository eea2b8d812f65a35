import Shared

/// The PROXY header: while it isn't whole nothing is decided, and bytes behind it change nothing.
enum ProxyTarget {
    static func run(_ input: ArraySlice<UInt8>) {
        guard case .header(let consumed, let source) = ProxyProtocol.parse(input) else { return }
        expect(consumed > 0 && consumed <= input.count, "a header of more bytes than there are")
        for count in 0..<consumed {
            expect(ProxyProtocol.parse(input.prefix(count)) == .needMore, "half a header was decided on")
        }
        expect(
            ProxyProtocol.parse(input.prefix(consumed)) == .header(consumed: consumed, source: source),
            "what follows a header changes it")
    }
}
