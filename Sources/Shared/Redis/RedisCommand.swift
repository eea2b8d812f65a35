/// A command in RESP form: an array of bulk strings.
public struct RedisCommand: Sendable {
    private(set) var arguments: [UInt8] = []
    private(set) var count = 0

    /// Makes a command from its name and text arguments.
    public init(_ words: String...) {
        for word in words { add(word) }
    }

    /// A write on one key that goes on while Redis' memory is full. It carries its script along, which is short: so it may be
    /// one of a pipeline, where nobody could load the script in time.
    public static func housekeeping(_ name: String, _ key: String, _ words: String...) -> RedisCommand {
        var command = RedisCommand("EVAL")
        command.add(RedisScripts.housekeeping.source)
        for word in ["1", key, name] + words { command.add(word) }
        return command
    }

    /// Adds an argument of text.
    public mutating func add(_ text: String) {
        header(text.utf8.count)
        arguments.append(contentsOf: text.utf8)
        end()
    }

    /// Adds an argument of bytes.
    public mutating func add(_ bytes: some Collection<UInt8>) {
        header(bytes.count)
        arguments.append(contentsOf: bytes)
        end()
    }

    /// Adds an argument that is a decimal number.
    public mutating func add(_ number: Int64) {
        add(String(number))
    }

    /// Appends the whole command to a connection's output.
    func append(to output: inout [UInt8]) {
        output.append(UInt8(ascii: "*"))
        output.append(contentsOf: String(count).utf8)
        output.append(0x0D)
        output.append(0x0A)
        output.append(contentsOf: arguments)
    }

    private mutating func header(_ length: Int) {
        count += 1
        arguments.append(UInt8(ascii: "$"))
        arguments.append(contentsOf: String(length).utf8)
        end()
    }

    private mutating func end() {
        arguments.append(0x0D)
        arguments.append(0x0A)
    }
}
