/// Times as RFC 3339 writes them: `2025-01-01T00:00:00.000Z`.
public enum RFC3339 {
    /// The moments that can be written, in milliseconds since the Unix epoch: the years 0 to 9999.
    public static let range = CivilDate.earliest * 1_000...CivilDate.latest * 1_000 + 999

    /// The text of a moment in milliseconds since the Unix epoch, in UTC; years outside of 0 to 9999 are clamped.
    public static func format(milliseconds: Int64) -> String {
        var text: [UInt8] = []
        append(milliseconds: milliseconds, to: &text)
        return String(decoding: text, as: UTF8.self)
    }

    /// Appends the text of a moment, as ``format(milliseconds:)`` gives it.
    public static func append(milliseconds: Int64, to output: inout [UInt8]) {
        let milliseconds = min(max(milliseconds, range.lowerBound), range.upperBound)
        let seconds = CivilDate.floorDivide(milliseconds, by: 1_000)
        let date = CivilDate(seconds: seconds)
        output.appendPadded(date.year, width: 4)
        output.append(UInt8(ascii: "-"))
        output.appendPadded(date.month, width: 2)
        output.append(UInt8(ascii: "-"))
        output.appendPadded(date.day, width: 2)
        output.append(UInt8(ascii: "T"))
        output.appendPadded(date.hour, width: 2)
        output.append(UInt8(ascii: ":"))
        output.appendPadded(date.minute, width: 2)
        output.append(UInt8(ascii: ":"))
        output.appendPadded(date.second, width: 2)
        output.append(UInt8(ascii: "."))
        output.appendPadded(milliseconds - seconds * 1_000, width: 3)
        output.append(UInt8(ascii: "Z"))
    }

    /// Reads a time with any offset (RFC 3339, section 5.6) into milliseconds since the Unix epoch.
    ///
    /// Digits beyond milliseconds are cut off; leap seconds are refused, since the Unix epoch doesn't count them.
    public static func parse(_ text: some StringProtocol) -> Int64? {
        var reader = Reader(bytes: Array(text.utf8))
        guard let year = reader.number(4), reader.skip("-"), let month = reader.number(2), reader.skip("-"),
            let day = reader.number(2), reader.skip("T") || reader.skip("t"),
            let hour = reader.number(2), reader.skip(":"), let minute = reader.number(2), reader.skip(":"),
            let second = reader.number(2), let fraction = reader.milliseconds(), let offset = reader.offset(),
            reader.isAtEnd,
            let date = CivilDate(year: year, month: month, day: day, hour: hour, minute: minute, second: second)
        else { return nil }
        return (date.seconds - offset) * 1_000 + fraction
    }

    private struct Reader {
        let bytes: [UInt8]
        var position = 0

        var isAtEnd: Bool { position == bytes.count }

        mutating func skip(_ character: Unicode.Scalar) -> Bool {
            guard position < bytes.count, bytes[position] == UInt8(ascii: character) else { return false }
            position += 1
            return true
        }

        mutating func number(_ digits: Int) -> Int64? {
            guard position + digits <= bytes.count else { return nil }
            defer { position += digits }
            return Decimal.parse(bytes[position..<position + digits])
        }

        /// The fraction of a second, 0 if there is none.
        mutating func milliseconds() -> Int64? {
            guard skip(".") else { return 0 }
            var value: Int64 = 0
            var count = 0
            while position < bytes.count, (0x30...0x39).contains(bytes[position]) {
                if count < 3 { value = value * 10 + Int64(bytes[position] - 0x30) }
                count += 1
                position += 1
            }
            guard count > 0 else { return nil }
            for _ in min(count, 3)..<3 { value *= 10 }
            return value
        }

        /// The distance from UTC in seconds.
        mutating func offset() -> Int64? {
            if skip("Z") || skip("z") { return 0 }
            let isNegative = skip("-")
            guard isNegative || skip("+"), let hours = number(2), hours < 24, skip(":"),
                let minutes = number(2), minutes < 60
            else { return nil }
            return (hours * 3_600 + minutes * 60) * (isNegative ? -1 : 1)
        }
    }
}
