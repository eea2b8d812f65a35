/// Durations as people write them in configuration: a whole number and one unit.
public enum DurationText {
    private static let units: [(suffix: String, milliseconds: Int64)] = [
        ("d", 86_400_000), ("h", 3_600_000), ("m", 60000), ("s", 1000), ("ms", 1),
    ]

    /// Reads `500ms`, `10s`, `5m`, `12h` or `7d` as milliseconds; nil for anything else.
    ///
    /// A number without a unit is refused: nobody can tell seconds from milliseconds by looking at it.
    public static func parse(_ text: String) -> Int64? {
        let digits = text.utf8.prefix { $0 >= 0x30 && $0 <= 0x39 }
        let suffix = text[digits.endIndex...]
        guard let count = Decimal.parse(digits), let unit = units.first(where: { $0.suffix == suffix }) else {
            return nil
        }
        let (milliseconds, overflows) = count.multipliedReportingOverflow(by: unit.milliseconds)
        return overflows ? nil : milliseconds
    }

    /// Writes milliseconds with the largest unit that takes no fraction, so that `parse` reads the same number.
    public static func format(milliseconds: Int64) -> String {
        guard milliseconds != 0 else { return "0s" }
        for unit in units where milliseconds % unit.milliseconds == 0 {
            return "\(milliseconds / unit.milliseconds)\(unit.suffix)"
        }
        return "\(milliseconds)ms"
    }
}
