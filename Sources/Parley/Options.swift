/// The `--name value` pairs of a command line.
struct Options {
    private var values: [String: String] = [:]

    init(_ arguments: ArraySlice<String>) throws(CommandFailure) {
        var rest = arguments
        while let name = rest.popFirst() {
            guard name.hasPrefix("--"), name.count > 2 else { throw .usage("unknown argument \(name)") }
            guard let value = rest.popFirst() else { throw .usage("\(name) needs a value") }
            values[String(name.dropFirst(2))] = value
        }
    }

    /// Takes an option out; what is left at the end is unknown.
    mutating func take(_ name: String) -> String? { values.removeValue(forKey: name) }

    /// Refuses options that nobody took.
    func finish() throws(CommandFailure) {
        if let unknown = values.keys.min() { throw .usage("unknown option --\(unknown)") }
    }
}
