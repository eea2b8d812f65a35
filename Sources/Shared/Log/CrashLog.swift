internal import CLinux

/// The last line of a process that ends by a mistake of its own: which signal, which loop, and where.
///
/// `instruction` is the address of the machine instruction, `offset` the same within the file of the `module`, as `addr2line -e`
/// takes it; `address` is what the instruction could not reach, or was told of.
public enum CrashLog {
    /// Writes that line to standard output from now on, in the form of the other lines, with the `base` fields; whoever handled the
    /// signal before, Swift's own backtraces for instance, has it afterwards.
    public static func start(format: LogFormat, base: [(LogKey, LogValue)]) {
        let line = LogLine(format: format)
        var rest: [UInt8] = format == .json ? [UInt8(ascii: "\"")] : []
        line.field("level", .string(LogLevel.error.name), to: &rest)
        line.field("msg", "crashed", to: &rest)
        for (key, value) in base { line.field(key.rawValue, value, to: &rest) }
        let head = format == .json ? #"{"time":""# : "time="
        parley_crash_observe(head, String(decoding: rest, as: UTF8.self), format == .json ? 1 : 0)
    }
}
