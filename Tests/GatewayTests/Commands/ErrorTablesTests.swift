import Shared
import Testing

@testable import Gateway

/// The tables of docs/errors.md and the code say the same.
@Suite struct ErrorTablesTests {
    private func document() throws -> String {
        let path = #filePath.split(separator: "/").dropLast(4).joined(separator: "/")
        return String(decoding: try #require(Process.readFile("/\(path)/docs/errors.md")), as: UTF8.self)
    }

    @Test func everyErrorCodeStandsThereWithItsNumberAndStatus() throws {
        let document = try document()
        for code in ErrorCode.allCases {
            #expect(document.contains("| `\(code.rawValue)` | \(code.number) | \(code.status) |"), "\(code)")
        }
    }

    @Test func everyEndOfASessionStandsThereWithItsNumber() throws {
        let document = try document()
        for code in SessionErrorCode.allCases {
            #expect(document.contains("| `\(code.rawValue)` | \(code.number) |"), "\(code)")
        }
    }

    /// Two tables, one set of codes and numbers.
    @Test func noCodeAndNoNumberIsThereTwice() {
        let codes = ErrorCode.allCases.map(\.rawValue) + SessionErrorCode.allCases.map(\.rawValue)
        let numbers = ErrorCode.allCases.map(\.number) + SessionErrorCode.allCases.map(\.number)
        #expect(Set(codes).count == codes.count && Set(numbers).count == numbers.count)
    }

    @Test func everyCloseCodeStandsThereWithItsAdvice() throws {
        let lines = try document().split(separator: "\n").filter { $0.hasPrefix("| 1") || $0.hasPrefix("| 4") }
        for code in CloseCode.allCases {
            let line = try #require(lines.first { $0.prefix(30).contains("\(code.rawValue)") }, "\(code)")
            let advice =
                switch code.mayReconnect {
                case .now: "now"
                case .later: "later"
                case .never: "never"
                }
            #expect(line.split(separator: "|").last?.contains(advice) == true, "\(code)")
        }
    }
}
