import Testing

@testable import Shared

@Suite struct JSONParserTests {
    @Test func readsEveryKindOfValue() throws {
        let text = #" { "a" : [ 1 , -2.5e1, true,false,null ] ,"b":{"c":"x"},"d":[],"e":{} } "#
        let expected = JSON.object(
            JSONObject([
                ("a", .array([.integer(1), .number(-25), .bool(true), .bool(false), .null])),
                ("b", .object(JSONObject([("c", .string("x"))]))), ("d", .array([])), ("e", .object(JSONObject())),
            ]))
        #expect(try JSONParser.parse([UInt8](text.utf8)) == expected)
        #expect(try JSONParser.parse(text.utf8) == expected)
        #expect(try JSONParser.parse([UInt8]("--\(text)".utf8)[2...]) == expected)
    }

    @Test(arguments: [
        ("0", JSON.integer(0)), ("-0", .integer(0)), ("9223372036854775807", .integer(.max)),
        ("-9223372036854775808", .integer(.min)), ("1.0", .number(1)), ("1e2", .number(100)), ("1E-2", .number(0.01)),
        ("2.5e-308", .number(2.5e-308)),
    ])
    func readsNumbers(text: String, value: JSON) throws {
        #expect(try JSONParser.parse(text.utf8) == value)
    }

    /// What an error says goes back to whoever has sent the text, perhaps several times.
    @Test func anErrorsFieldIsCut() throws {
        for character in ["n", "ä", "😀", "\u{301}"] {
            let name = String(repeating: character, count: 60_000)
            let nested = #"{"a":{"\#(name)":[{"\#(name)":x}]}}"#
            let error = try #require(throws: JSONError.self) { try JSONParser.parse(nested.utf8) }
            let field = try #require(error.field)
            #expect(field.utf8.count <= 128 && field.utf8.count > 120 && error.description.utf8.count < 400)
        }
    }

    @Test func readsEscapes() throws {
        let text = #""\"\\\/\b\f\n\r\t\u00e9\u20AC\ud83d\ude00é""#
        #expect(try JSONParser.parse(text.utf8) == .string("\"\\/\u{8}\u{c}\n\r\té€😀é"))
    }

    @Test(arguments: [
        "", " ", "{", "}", "[", "]", "[1,]", "[,1]", "[1 2]", #"{"a":1,}"#, #"{"a"}"#, #"{"a":}"#, #"{a:1}"#,
        #"{"a" 1}"#,
        "01", "1.", ".5", "+1", "-", "1e", "1e+", "0x1", "NaN", "tru", "truee", "nul", "1 1", #"""#, #""a"#, #""\x""#,
        #""\u12g4""#, #""\u12""#, #""\"#, "\"\t\"", "\"\n\"", "'a'", "/**/1", "\u{FEFF}1", #"{"a":1 "b":2}"#,
    ])
    func refusesBrokenSyntax(text: String) {
        #expect(kind(of: text) == .syntax)
    }

    @Test(arguments: [
        (#""\ud800""#, JSONError.Kind.loneSurrogate), (#""\udc00""#, .loneSurrogate),
        (#""\ud800\ud800""#, .loneSurrogate),
        (#""\ud800x""#, .loneSurrogate), (#""\u0000""#, .nulCharacter), ("\"a\0\"", .nulCharacter),
        (#"{"a":1,"a":2}"#, .duplicateName), (#"{"a":1,"\u0061":2}"#, .duplicateName),
        ("9223372036854775808", .numberOutOfRange), ("1e400", .numberOutOfRange), ("-1e400", .numberOutOfRange),
    ])
    func namesWhatIsWrong(text: String, expected: JSONError.Kind) {
        #expect(kind(of: text) == expected)
    }

    @Test(arguments: [[0xFF], [0xC0, 0x80], [0xED, 0xA0, 0x80], [0xF4, 0x90, 0x80, 0x80], [0xC3]] as [[UInt8]])
    func refusesInvalidUTF8(bytes: [UInt8]) {
        for prefix in ["", #"\n"#] {
            let text = [UInt8]("\"\(prefix)".utf8) + bytes + [UInt8(ascii: "\"")]
            #expect(throws: JSONError(kind: .invalidUTF8, offset: 1)) { try JSONParser.parse(text) }
        }
    }

    @Test func limitsDepth() throws {
        func nested(_ depth: Int) -> [UInt8] {
            [UInt8](repeating: UInt8(ascii: "["), count: depth) + [UInt8](repeating: UInt8(ascii: "]"), count: depth)
        }
        _ = try JSONParser.parse(nested(32))
        #expect(throws: JSONError.self) { try JSONParser.parse(nested(33)) }
        #expect(throws: JSONError.self) { try JSONParser.parse(nested(1_000_000)) }
        _ = try JSONParser.parse("1".utf8, maximumDepth: 0)
    }

    @Test(arguments: [
        (#"{"content":"\u0000"}"#, "content"), (#"{"file":{"name":"\ud800"}}"#, "file.name"),
        (#"{"ids":["a",["b","\u0000"]]}"#, "ids[1][1]"), (#"{"items":[{"id":"\u0000"}]}"#, "items[0].id"),
        (#"{"a":{"b":1,"b":2}}"#, "a.b"), (#"["\u0000"]"#, "[0]"),
    ])
    func namesTheField(text: String, field: String) throws {
        let error = #expect(throws: JSONError.self) { try JSONParser.parse(text.utf8) }
        #expect(error?.field == field)
        #expect(error?.description.contains(field) == true)
    }

    @Test func findsRepeatedNamesAmongMany() throws {
        let names = (0..<200).map { "\"n\($0)\":\($0)" }
        let object = try #require(try JSONParser.parse("{\(names.joined(separator: ","))}".utf8).object)
        #expect(object.members.count == 200)
        #expect(object["n199"]?.integer == 199)
        for repeated in [0, 15, 16, 17, 199] {
            let text = "{\(names.joined(separator: ",")),\"n\(repeated)\":0}"
            #expect(kind(of: text) == .duplicateName)
        }
    }

    @Test func keepsCanonicallyEquivalentNamesApart() throws {
        let object = try #require(try JSONParser.parse("{\"K\":1,\"\u{212A}\":2}".utf8).object)
        #expect(object["K"]?.integer == 1)
        #expect(object["\u{212A}"]?.integer == 2)
    }

    @Test func survivesPrefixesAndMutations() {
        let text = [UInt8](#"{"a":[1,-2.5e+3,"é\ud83d\ude00\n",true,null],"b":{"c":"x\u0041"}}"#.utf8)
        for end in 0..<text.count { #expect(throws: JSONError.self) { try JSONParser.parse(text[..<end]) } }
        var generator = SeededGenerator(state: 1)
        for _ in 0..<20_000 {
            guard let value = try? JSONParser.parse(generator.mutate(text)) else { continue }
            #expect(throws: Never.self) { try JSONParser.parse(JSONWriter.bytes(value)) }
        }
    }

    private func kind(of text: String) -> JSONError.Kind? {
        do throws(JSONError) {
            _ = try JSONParser.parse(text.utf8)
            return nil
        } catch {
            return error.kind
        }
    }
}
