import Shared
import Testing

@Suite struct JSONWriterTests {
    @Test func writesEveryKindOfValue() {
        let value = JSON.object(
            JSONObject([
                ("z", .array([.null, .bool(true), .bool(false), .integer(-7), .number(0.1)])),
                ("a", .object(JSONObject())),
                ("m", .string("é")),
            ]))
        #expect(text(value) == #"{"z":[null,true,false,-7,0.1],"a":{},"m":"é"}"#)
    }

    @Test(arguments: [
        ("", #""""#), ("plain", #""plain""#), ("a\"b\\c", #""a\"b\\c""#), ("\u{1}\u{1f}\0", #""\u0001\u001f\u0000""#),
        ("\u{8}\t\n\u{c}\r", #""\b\t\n\f\r""#), ("\u{2028}x\u{2029}", #""\u2028x\u2029""#),
        ("</script>", #""</script>""#),
        ("\u{2027}\u{202a}€", "\"\u{2027}\u{202a}€\""), ("\u{7f}😀", "\"\u{7f}😀\""),
    ])
    func escapesStrings(string: String, expected: String) {
        #expect(text(.string(string)) == expected)
        var output: [UInt8] = []
        JSONWriter.appendString("<\(string)>".dropFirst().dropLast(), to: &output)
        #expect(output == [UInt8](expected.utf8))
    }

    @Test func writesDoublesThatReadBackTheSame() throws {
        var generator = SeededGenerator(state: 2)
        for _ in 0..<2_000 {
            let value = Double(bitPattern: generator.next())
            guard value.isFinite else { continue }
            #expect(try JSONParser.parse(JSONWriter.bytes(.number(value))) == .number(value))
        }
        #expect(text(.number(.nan)) == "null")
        #expect(text(.number(-.infinity)) == "null")
    }

    @Test func objectsKeepOrderAndReplaceByName() {
        var object = JSONObject([("a", .integer(1)), ("b", .integer(2)), ("a", .integer(3))])
        object["c"] = .null
        object["b"] = nil
        object["d"] = nil
        #expect(object.members.map(\.name) == ["a", "c"])
        #expect(object["a"] == .integer(3))
        #expect(object != JSONObject([("c", .null), ("a", .integer(3))]))
    }

    @Test func accessorsAnswerOnlyTheirKind() {
        #expect(JSON.string("x").string == "x")
        #expect(JSON.integer(1).string == nil)
        #expect(JSON.number(2).integer == 2)
        #expect(JSON.number(2.5).integer == nil)
        #expect(JSON.number(1e300).integer == nil)
        #expect(JSON.bool(true).bool == true)
        #expect(JSON.null.bool == nil)
        #expect(JSON.array([.null]).array == [.null])
        #expect(JSON.null.array == nil)
        #expect(JSON.object(JSONObject()).object == JSONObject())
        #expect(JSON.null.object == nil)
    }

    private func text(_ value: JSON) -> String {
        String(decoding: JSONWriter.bytes(value), as: UTF8.self)
    }
}
