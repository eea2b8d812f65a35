internal import Glibc

/// What the kernel says of this process (proc(5)).
struct ProcessStatistics: Equatable {
    /// CPU time in user and kernel mode, in clock ticks.
    var cpuTicks: Int64
    /// When the process began, in clock ticks since the machine did.
    var startTicks: Int64
    /// Resident memory in pages.
    var residentPages: Int64

    /// Reads `/proc/self/stat`; nil when it isn't that.
    init?(stat text: [UInt8]) {
        // The second field is the program's name in parentheses and may hold anything: count from its end.
        guard let end = text.lastIndex(of: UInt8(ascii: ")")) else { return nil }
        let fields = text[(end + 1)...].split(separator: UInt8(ascii: " "))
        // The manual counts from 1, and field 3 is the first after the name.
        func field(_ number: Int) -> Int64? { fields.count > number - 3 ? Decimal.parse(fields[number - 3]) : nil }
        guard let user = field(14), let system = field(15), let start = field(22), let pages = field(24) else {
            return nil
        }
        (cpuTicks, startTicks, residentPages) = (user + system, start, pages)
    }

    /// The statistics now; nil without /proc.
    static func current() -> ProcessStatistics? { ProcessStatistics(stat: readFile("/proc/self/stat")) }

    /// When the machine began, in seconds since the Unix epoch, from the text of `/proc/stat`.
    static func bootTime(stat text: [UInt8]) -> Int64? {
        for line in text.split(separator: UInt8(ascii: "\n")) where line.starts(with: "btime ".utf8) {
            return Decimal.parse(line.dropFirst("btime ".utf8.count))
        }
        return nil
    }

    /// How many descriptors are open; nil without /proc.
    static func openDescriptors() -> Int? {
        guard let directory = opendir("/proc/self/fd") else { return nil }
        defer { closedir(directory) }
        var count = 0
        while readdir(directory) != nil { count += 1 }
        // Neither `.` and `..` nor the descriptor of the directory itself.
        return count - 3
    }

    /// A small file of the kernel's; empty when it can't be read.
    static func readFile(_ path: String) -> [UInt8] {
        let descriptor = open(path, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else { return [] }
        defer { SystemCall.close(descriptor) }
        var text: [UInt8] = []
        var buffer = [UInt8](repeating: 0, count: 4096)
        while case .count(let count) = SystemCall.io(descriptor, { read(descriptor, &buffer, buffer.count) }), count > 0
        {
            text += buffer.prefix(count)
        }
        return text
    }
}

extension MetricsRegistry {
    /// Registers the metrics that every process has, by the names that Prometheus' clients agree on.
    public func observeProcess() {
        let ticksPerSecond = Double(sysconf(Int32(_SC_CLK_TCK)))
        let pageSize = Double(sysconf(Int32(_SC_PAGESIZE)))
        observe("process_resident_memory_bytes", help: "Resident memory in bytes.") {
            ProcessStatistics.current().map { Double($0.residentPages) * pageSize } ?? .nan
        }
        observe("process_open_fds", help: "Open file descriptors.") {
            ProcessStatistics.openDescriptors().map { Double($0) } ?? .nan
        }
        observe("process_cpu_seconds_total", help: "CPU time in user and kernel mode in seconds.", type: .counter) {
            ProcessStatistics.current().map { Double($0.cpuTicks) / ticksPerSecond } ?? .nan
        }
        observe(
            "parley_defects_total", help: "What only a mistake in the program can bring about; each is logged.",
            type: .counter
        ) { Double(Defect.count) }
        // Neither changes: read once.
        let boot = ProcessStatistics.bootTime(stat: ProcessStatistics.readFile("/proc/stat")).map { Double($0) }
        let start = ProcessStatistics.current().map { Double($0.startTicks) / ticksPerSecond }
        let began = (boot ?? .nan) + (start ?? .nan)
        observe("process_start_time_seconds", help: "When the process began, in seconds since the Unix epoch.") {
            began
        }
    }
}
