/// Prometheus' text format 0.0.4.
enum Exposition {
    /// Appends a family: HELP and TYPE once, then a line per number.
    static func append(_ family: MetricsRegistry.Family, to output: inout [UInt8]) {
        output.append(contentsOf: "# HELP \(family.name) \(escape(family.help, quotes: false))\n".utf8)
        output.append(contentsOf: "# TYPE \(family.name) \(family.type.rawValue)\n".utf8)
        for (labels, metric) in family.metrics {
            switch metric {
            case .counter(let counter): line(family.name, labels, String(counter.value), to: &output)
            case .gauge(let gauge): line(family.name, labels, String(gauge.value), to: &output)
            case .callback(let read): line(family.name, labels, number(read()), to: &output)
            case .histogram(let histogram): append(histogram, family.name, labels, to: &output)
            }
        }
    }

    /// Writes labels without braces.
    static func labels(_ labels: [(String, String)]) -> String {
        labels.map { "\($0.0)=\"\(escape($0.1, quotes: true))\"" }.joined(separator: ",")
    }

    /// Whether a text may name a metric or label: letters, digits and underscores, no digit first.
    static func isName(_ name: String) -> Bool {
        guard let first = name.utf8.first, !(0x30...0x39).contains(first) else { return false }
        return name.utf8.allSatisfy { byte in
            (0x61...0x7A).contains(byte) || (0x41...0x5A).contains(byte) || (0x30...0x39).contains(byte)
                || byte == UInt8(ascii: "_")
        }
    }

    /// Writes a number as Go reads it; whole numbers have no fraction.
    static func number(_ value: Double) -> String {
        if value.isNaN { return "NaN" }
        if value.isInfinite { return value > 0 ? "+Inf" : "-Inf" }
        return Int(exactly: value).map { String($0) } ?? value.description
    }

    private static func append(
        _ histogram: Histogram, _ name: String, _ labels: String, to output: inout [UInt8]
    ) {
        let (cumulative, sum) = histogram.snapshot
        let separator = labels.isEmpty ? "" : ","
        for (index, count) in cumulative.enumerated() {
            let bound = index < histogram.bounds.count ? number(histogram.bounds[index]) : "+Inf"
            line("\(name)_bucket", "\(labels)\(separator)le=\"\(bound)\"", String(count), to: &output)
        }
        line("\(name)_sum", labels, number(sum), to: &output)
        line("\(name)_count", labels, String(cumulative.last ?? 0), to: &output)
    }

    private static func line(_ name: String, _ labels: String, _ value: String, to output: inout [UInt8]) {
        output.append(contentsOf: (labels.isEmpty ? "\(name) \(value)\n" : "\(name){\(labels)} \(value)\n").utf8)
    }

    private static func escape(_ text: String, quotes: Bool) -> String {
        var escaped = ""
        for scalar in text.unicodeScalars {
            switch scalar {
            case "\\": escaped += "\\\\"
            case "\n": escaped += "\\n"
            case "\"" where quotes: escaped += "\\\""
            default: escaped.unicodeScalars.append(scalar)
            }
        }
        return escaped
    }
}
