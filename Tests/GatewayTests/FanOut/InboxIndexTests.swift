import Shared
import Testing

@testable import Gateway

@Suite struct InboxIndexTests {
    @Test func onlyWhatWasFoundWholeInThePresentEpochCounts() {
        let epoch: Int64 = 1_760_000_000_000
        let whole = InboxIndex([3, epoch, 17], epoch: epoch)
        #expect(whole.isWhole && whole.has(3) && whole.has(17) && !whole.has(4))
        let older = InboxIndex([3, epoch - 1], epoch: epoch)
        #expect(!older.isWhole && older.has(4) && older.older == [epoch - 1])
        #expect(!InboxIndex([3], epoch: epoch).isWhole, "what was noted by loads alone may not be all")
        #expect(!InboxIndex([3, epoch], epoch: 0).isWhole, "a process of the first release is there")
        #expect(InboxIndex().has(63))
    }
}
