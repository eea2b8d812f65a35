/// The `--name value` pairs of a command line, and the switches, which have no value.
struct Options {
    private var values: [String: String] = [:]
    private var switched: Set<String> = []

    /// `switches` are the names of those that have no value.
    init(_ arguments: ArraySlice<String>, switches: Set<String> = []) throws(CommandFailure) {
        var rest = arguments
        while let name = rest.popFirst() {
            guard name.hasPrefix("--"), name.count > 2 else { throw .usage("unknown argument \(name)") }
            guard !switches.contains(String(name.dropFirst(2))) else {
                switched.insert(String(name.dropFirst(2)))
                continue
            }
            guard let value = rest.popFirst() else { throw .usage("\(name) needs a value") }
            values[String(name.dropFirst(2))] = value
        }
    }

    /// Takes an option out; what is left at the end is unknown.
    mutating func take(_ name: String) -> String? { values.removeValue(forKey: name) }

    /// Whether a switch is there.
    func has(_ name: String) -> Bool { switched.contains(name) }

    /// Refuses options that nobody took.
    func finish() throws(CommandFailure) {
        if let unknown = values.keys.min() { throw .usage("unknown option --\(unknown)") }
    }
}
