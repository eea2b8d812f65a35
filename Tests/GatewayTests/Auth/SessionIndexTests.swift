import Shared
import Testing

@testable import Gateway

@Suite struct SessionIndexTests {
    private final class Session {}

    private let user = UUID(high: 1, low: 2)
    private let first = Session()
    private let second = Session()
    private var index = SessionIndex<Session>()

    init() {
        index.add(first, "1", Identity(user: user, tokenID: "one"))
        index.add(second, "2", Identity(user: user))
    }

    private func concerned(_ name: String) -> Set<ObjectIdentifier> {
        Set(index.concerned(by: name).map { ObjectIdentifier($0) })
    }

    @Test func anEndFindsThoseWhomItIsFor() {
        #expect(concerned("u:\(user)") == [ObjectIdentifier(first), ObjectIdentifier(second)])
        #expect(concerned("j:one") == [ObjectIdentifier(first)])
        #expect(index["2"] === second)
        #expect(concerned("u:\(UUID(high: 1, low: 3))").isEmpty && concerned("j:two").isEmpty && index["3"] == nil)
    }

    @Test(arguments: ["", "u", "u:", "u:x", "x:one", "one"])
    func whatIsNoRevocationConcernsNobody(name: String) {
        #expect(concerned(name).isEmpty)
    }

    @Test mutating func whoHasGoneIsNotFound() {
        index.remove(first, "1", Identity(user: user, tokenID: "one"))
        #expect(concerned("u:\(user)") == [ObjectIdentifier(second)] && concerned("j:one").isEmpty && index["1"] == nil)
        index.remove(second, "2", Identity(user: user))
        index.remove(second, "2", Identity(user: user))
        #expect(index.count == 0)
    }
}
