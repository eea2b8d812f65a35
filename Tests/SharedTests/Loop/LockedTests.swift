import Glibc
import Shared
import Testing

/// Run with ThreadSanitizer this also shows that it understands the lock where threads do meet.
@Suite struct LockedTests {
    @Test func nothingIsLostWhereThreadsMeet() {
        let numbers = Locked<[Int]>([])
        var threads = [pthread_t](repeating: 0, count: 4)
        for position in threads.indices {
            let argument = Unmanaged.passUnretained(numbers).toOpaque()
            pthread_create(&threads[position], nil, addMany, argument)
        }
        for thread in threads { pthread_join(thread, nil) }
        #expect(numbers.withLock { $0.count } == 4 * 20_000)
    }

    @Test func anErrorLeavesItUnlocked() {
        let number = Locked(1)
        #expect(throws: Refused.self) { try number.withLock { _ throws(Refused) in throw Refused() } }
        #expect(number.withLock { $0 } == 1)
    }
}

private struct Refused: Error {}

private func addMany(_ argument: UnsafeMutableRawPointer?) -> UnsafeMutableRawPointer? {
    let numbers = Unmanaged<Locked<[Int]>>.fromOpaque(argument!).takeUnretainedValue()
    for number in 0..<20_000 { numbers.withLock { $0.append(number) } }
    return nil
}
