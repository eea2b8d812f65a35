internal import CLinux
internal import Glibc

/// Gives memory back to the system that a burst has left free.
///
/// The allocator keeps what was freed for the next time, and after a flood of slow clients that is more than everything else; only
/// what lies at the end of an arena it gives back by itself.
public enum MemoryTrim {
    /// Milliseconds between two looks.
    private static let interval: Int64 = 10_000
    /// So many bytes, and this part of what is resident, may lie idle.
    private static let leastIdle = 48 << 20
    private static let idlePart = 4

    /// Looks now and then from now on, away from the loop: both the look and the giving back hold up allocations a little.
    public static func start(on loop: EventLoop) {
        loop.scheduleRepeating(every: interval) {
            BlockingPool.shared.run(trim) {}
            return true
        }
    }

    @Sendable private static func trim() {
        guard let resident = residentBytes(), resident > leastIdle else { return }
        let heap = mallinfo2()
        let idle = resident - Int(heap.uordblks) - Int(heap.hblkhd)
        guard idle > max(leastIdle, resident / idlePart) else { return }
        malloc_trim(0)
    }

    private static func residentBytes() -> Int? {
        let words = (Process.readFile("/proc/self/statm") ?? []).split(separator: UInt8(ascii: " "))
        guard words.count > 1, let pages = Decimal.parse(words[1]) else { return nil }
        return Int(pages) * sysconf(Int32(_SC_PAGESIZE))
    }
}
