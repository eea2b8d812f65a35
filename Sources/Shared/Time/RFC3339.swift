/// Moments as RFC 3339 (section 5.6) writes them, in UTC with milliseconds.
public enum RFC3339 {
    /// Appends `2026-01-31T23:59:59.999Z` for milliseconds since the Unix epoch; years 0 to 9999 have four digits.
    public static func append(milliseconds: Int64, to output: inout [UInt8]) {
        let (day, rest) = floorDivide(milliseconds, 86_400_000)
        let date = civil(daysSinceEpoch: day)
        pad(date.year, 4, to: &output)
        output.append(UInt8(ascii: "-"))
        pad(date.month, 2, to: &output)
        output.append(UInt8(ascii: "-"))
        pad(date.day, 2, to: &output)
        output.append(UInt8(ascii: "T"))
        pad(rest / 3_600_000, 2, to: &output)
        output.append(UInt8(ascii: ":"))
        pad(rest / 60000 % 60, 2, to: &output)
        output.append(UInt8(ascii: ":"))
        pad(rest / 1000 % 60, 2, to: &output)
        output.append(UInt8(ascii: "."))
        pad(rest % 1000, 3, to: &output)
        output.append(UInt8(ascii: "Z"))
    }

    /// The same as a string.
    public static func format(milliseconds: Int64) -> String {
        var text: [UInt8] = []
        text.reserveCapacity(24)
        append(milliseconds: milliseconds, to: &text)
        return String(decoding: text, as: UTF8.self)
    }

    /// The Gregorian date of a day.
    ///
    /// Years are counted from March, so that the leap day is the last of its year and every month before it starts at a
    /// day that one linear formula gives; 400 years (an era) have 146,097 days.
    private static func civil(daysSinceEpoch: Int64) -> (year: Int64, month: Int64, day: Int64) {
        let daysFromMarchOfYearZeroToEpoch: Int64 = 719_468
        let (era, dayOfEra) = floorDivide(daysSinceEpoch + daysFromMarchOfYearZeroToEpoch, 146_097)
        let yearOfEra = (dayOfEra - dayOfEra / 1460 + dayOfEra / 36524 - dayOfEra / 146_096) / 365
        let dayOfYear = dayOfEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100)
        let monthFromMarch = (5 * dayOfYear + 2) / 153
        let day = dayOfYear - (153 * monthFromMarch + 2) / 5 + 1
        let month = monthFromMarch < 10 ? monthFromMarch + 3 : monthFromMarch - 9
        return (era * 400 + yearOfEra + (month <= 2 ? 1 : 0), month, day)
    }

    private static func floorDivide(_ value: Int64, _ divisor: Int64) -> (quotient: Int64, remainder: Int64) {
        let (quotient, remainder) = value.quotientAndRemainder(dividingBy: divisor)
        return remainder < 0 ? (quotient - 1, remainder + divisor) : (quotient, remainder)
    }

    private static func pad(_ value: Int64, _ width: Int, to output: inout [UInt8]) {
        var smallest: Int64 = 10
        for _ in 1..<width {
            if value < smallest { output.append(0x30) }
            smallest *= 10
        }
        Decimal.append(value, to: &output)
    }
}
