import Shared
import Testing

@Suite struct UTF8ValidatorTests {
    /// The standard library's decoder as judge.
    private func expected(_ bytes: [UInt8]) -> Bool {
        var decoder = UTF8()
        var iterator = bytes.makeIterator()
        while true {
            switch decoder.decode(&iterator) {
            case .scalarValue: continue
            case .emptyInput: return true
            case .error: return false
            }
        }
    }

    @Test func agreesWithTheStandardLibraryOnAllPairsAndChosenTails() {
        for first in UInt8.min...UInt8.max {
            for second in UInt8.min...UInt8.max {
                for tail in [[], [0x80], [0xBF, 0x80], [0x41]] as [[UInt8]] {
                    let bytes = [first, second] + tail
                    guard UTF8Validator.isValid(bytes) != expected(bytes) else { continue }
                    Issue.record("\(bytes)")
                }
            }
        }
    }

    /// What the validator says to each piece, and whether it is complete in the end.
    private func answers(_ pieces: [[UInt8]]) -> [Bool] {
        var validator = UTF8Validator()
        let answers = pieces.map { validator.append($0) }
        return answers + [validator.isComplete]
    }

    @Test func piecesGiveTheSameAnswer() {
        let bytes = Array("ASCII that is long, grüße, €, 🙂, and the end".utf8)
        for place in 0...bytes.count {
            #expect(answers([Array(bytes[..<place]), Array(bytes[place...])]) == [true, true, true])
        }
    }

    @Test func aCutCodePointIsIncomplete() {
        #expect(answers([[0xF0, 0x9F]]) == [true, false])
    }

    @Test func aBadByteFailsForGood() {
        #expect(answers([[0xF0, 0x9F], [0x41], [0x41]]) == [true, false, false, false])
    }
}
