/// Decimal numbers in ASCII.
public enum Decimal {
    /// Reads a number without sign from 0 to 2^63 - 1; nil for anything else, an empty text too.
    public static func parse(_ digits: some Collection<UInt8>) -> Int64? {
        guard !digits.isEmpty, digits.count <= 19 else { return nil }
        var value: Int64 = 0
        for byte in digits {
            guard byte >= 0x30, byte <= 0x39 else { return nil }
            let (product, overflows) = value.multipliedReportingOverflow(by: 10)
            let (sum, overflowsToo) = product.addingReportingOverflow(Int64(byte - 0x30))
            guard !overflows, !overflowsToo else { return nil }
            value = sum
        }
        return value
    }

    /// Appends a number's digits.
    public static func append(_ value: Int64, to output: inout [UInt8]) {
        guard value != .min else { return output.append(contentsOf: String(value).utf8) }
        var rest = value
        if rest < 0 {
            output.append(UInt8(ascii: "-"))
            rest = -rest
        }
        let start = output.count
        repeat {
            output.append(UInt8(0x30 + rest % 10))
            rest /= 10
        } while rest > 0
        output[start...].reverse()
    }
}
