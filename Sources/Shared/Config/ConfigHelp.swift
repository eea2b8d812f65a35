/// Settings as text for people: `--help` and the table of the documentation.
public enum ConfigHelp {
    private static let width = 100

    /// What `--help` prints: the summary, then each group with name and description in two columns, 100 wide at most.
    public static func text(program: String, summary: String, groups: [SettingGroup]) -> String {
        var lines = wrap("\(program): \(summary)", to: width)
        lines += ["", "Settings are environment variables:"]
        let longest = groups.flatMap(\.settings).map(\.variable.utf8.count).max() ?? 0
        let column = 2 + longest + 2
        for group in groups {
            lines += ["", group.title]
            for setting in group.settings {
                let description = wrap("\(setting.help) \(limits(of: setting))", to: width - column)
                for (index, line) in description.enumerated() {
                    let name = index == 0 ? "  \(setting.variable)" : ""
                    lines.append(name + String(repeating: " ", count: column - name.utf8.count) + line)
                }
            }
        }
        return lines.joined(separator: "\n") + "\n"
    }

    /// The table of the documentation in Markdown, a heading and a table for each group.
    public static func markdownTable(groups: [SettingGroup]) -> String {
        var lines: [String] = []
        for group in groups {
            if !lines.isEmpty { lines.append("") }
            lines += ["### \(group.title)", "", "| variable | default | allowed | meaning |", "|---|---|---|---|"]
            for setting in group.settings {
                let absent = setting.isRequired ? "required" : "not set"
                let value = setting.defaultText.map { $0.isEmpty ? "empty" : "`\(cell($0))`" } ?? absent
                lines.append("| `\(setting.variable)` | \(value) | \(cell(setting.allowed)) | \(cell(setting.help)) |")
            }
        }
        return lines.joined(separator: "\n") + "\n"
    }

    private static func limits(of setting: AnySetting) -> String {
        guard let value = setting.defaultText else {
            return "(\(setting.allowed); \(setting.isRequired ? "required" : "not set by default"))"
        }
        return "(\(setting.allowed); default \(value.isEmpty ? "empty" : value))"
    }

    private static func cell(_ text: String) -> String {
        text.split(separator: "|", omittingEmptySubsequences: false).joined(separator: "\\|")
    }

    /// Breaks a text at blanks; a word longer than the width has a line of its own.
    private static func wrap(_ text: String, to width: Int) -> [String] {
        var lines: [String] = []
        for word in text.split(separator: " ") {
            if let last = lines.last, last.count + 1 + word.count <= width {
                lines[lines.count - 1] = "\(last) \(word)"
            } else {
                lines.append(String(word))
            }
        }
        return lines
    }
}
