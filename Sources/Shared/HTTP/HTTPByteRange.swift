/// What a `Range` header asks for of something that has so many bytes (RFC 9110, section 14.2).
public enum HTTPByteRange: Equatable, Sendable {
    /// All of it: nothing else was asked for, or nothing that is understood here, such as several ranges at once.
    case whole
    /// These bytes, at least one.
    case part(Range<Int64>)
    /// None of the bytes that there are.
    case unsatisfiable

    /// Reads a header's value.
    public init(_ header: String?, size: Int64) {
        guard let header, header.utf8.count <= 64, header.lowercased().hasPrefix("bytes=") else {
            self = .whole
            return
        }
        let ends = header.dropFirst(6).split(separator: "-", omittingEmptySubsequences: false)
        guard ends.count == 2 else {
            self = .whole
            return
        }
        let first = Decimal.parse(Array(ends[0].utf8))
        let last = Decimal.parse(Array(ends[1].utf8))
        if let first, last != nil || ends[1].isEmpty {
            guard first <= last ?? .max else {
                self = .whole
                return
            }
            self = first < size ? .part(first..<min(last ?? .max, size - 1) + 1) : .unsatisfiable
        } else if ends[0].isEmpty, let last {
            self = last > 0 && size > 0 ? .part(max(0, size - last)..<size) : .unsatisfiable
        } else {
            self = .whole
        }
    }
}
