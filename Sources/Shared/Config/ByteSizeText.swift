/// Sizes in bytes as people write them in configuration, with binary units.
enum ByteSizeText {
    private static let units: [(suffix: String, bytes: Int)] = [
        ("GiB", 1 << 30), ("MiB", 1 << 20), ("KiB", 1 << 10), ("B", 1), ("", 1),
    ]

    /// Reads `64KiB`, `1MiB`, `2GiB`, `512B` or `512`; nil for anything else.
    ///
    /// `KB` and `k` are refused: they mean 1000 to some and 1024 to others.
    static func parse(_ text: String) -> Int? {
        let digits = text.utf8.prefix { $0 >= 0x30 && $0 <= 0x39 }
        let suffix = text[digits.endIndex...]
        guard let count = Decimal.parse(digits), let unit = units.first(where: { $0.suffix == suffix }) else {
            return nil
        }
        let (bytes, overflows) = Int(count).multipliedReportingOverflow(by: unit.bytes)
        return overflows ? nil : bytes
    }

    /// Writes a size with the largest unit that takes no fraction.
    static func format(_ bytes: Int) -> String {
        for unit in units where bytes != 0 && bytes % unit.bytes == 0 {
            return "\(bytes / unit.bytes)\(unit.suffix)"
        }
        return "\(bytes)B"
    }
}
