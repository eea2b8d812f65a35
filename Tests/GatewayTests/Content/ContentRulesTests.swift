import Shared
import Testing

@testable import Gateway

@Suite struct PlainTextTests {
    @Test func ordinaryTextStaysAsItIs() {
        for text in ["", "a", "a\tb\r\nc", "ünïcödé 😀 שלום", "a\u{200F}b", "5 € – “x”", "👩‍👩‍👧"] {
            #expect(Array(PlainText.cleaned(text).utf8) == Array(text.utf8), "\(text)")
        }
    }

    @Test func controlCharactersAreTakenOut() {
        #expect(PlainText.cleaned("a\u{1B}[31mb\u{7}\u{7F}c\u{85}\u{9B}d\u{1}") == "a[31mbcd")
        #expect(PlainText.cleaned("\u{B}\u{C}") == "")
    }

    @Test func overridesAreTakenOut() {
        #expect(PlainText.cleaned("invoice\u{202E}fdp.exe") == "invoicefdp.exe")
        #expect(PlainText.cleaned("\u{202D}1\u{202C}2") == "12")
    }

    @Test func whatIsOpenedIsClosedAndNothingElse() {
        #expect(PlainText.cleaned("\u{2067}a\u{2069}") == "\u{2067}a\u{2069}")
        #expect(PlainText.cleaned("\u{2067}a\u{202B}b") == "\u{2067}a\u{202B}b\u{202C}\u{2069}")
        #expect(PlainText.cleaned("a\u{2069}b\u{202C}c") == "abc")
        // The end of an isolate ends what was embedded in it.
        #expect(PlainText.cleaned("\u{2066}\u{202A}a\u{2069}b\u{202C}") == "\u{2066}\u{202A}a\u{2069}b")
        // An embedding doesn't end beyond its isolate.
        #expect(PlainText.cleaned("\u{202A}\u{2068}a\u{202C}b") == "\u{202A}\u{2068}ab\u{2069}\u{202C}")
    }

    /// What closes nothing must not be searched for: that would cost the square of the length.
    @Test(.timeLimit(.minutes(1))) func manyThatCloseNothingCostLittle() {
        let count = 300_000
        let text = String(repeating: "\u{202A}", count: count) + String(repeating: "\u{2069}", count: count)
        #expect(PlainText.cleaned(text).unicodeScalars.count == 2 * count)
        let nested = String(repeating: "\u{2066}\u{202A}", count: count) + String(repeating: "\u{2069}", count: count)
        #expect(PlainText.cleaned(nested) == nested)
    }

    @Test func cleaningTwiceIsCleaningOnce() {
        var random = SplitMix(seed: 3)
        let parts = ["a", "\u{1B}", "\u{202A}", "\u{202B}", "\u{202C}", "\u{202D}", "\u{2066}", "\u{2069}", "<", "é"]
        for _ in 0..<2_000 {
            let text = (0..<12).map { _ in parts.randomElement(using: &random) ?? "" }.joined()
            let once = PlainText.cleaned(text)
            #expect(PlainText.cleaned(once) == once)
        }
    }
}

@Suite struct MarkupTests {
    private let joiner = "\u{2060}"

    @Test func whatCouldOpenSomethingIsGuarded() {
        for opener in ["b", "Z", "/", "!", "?"] {
            #expect(MarkupPolicy.guarded.applied(to: "<\(opener)x") == "<\(joiner)\(opener)x")
        }
        #expect(MarkupPolicy.guarded.applied(to: "a<") == "a<\(joiner)", "what a client puts behind it may open")
        #expect(MarkupPolicy.guarded.applied(to: "<<b") == "<<\(joiner)b")
    }

    @Test func whatOpensNothingStays() {
        for text in ["", "a < b", "1<2", "<3", "&lt;b&gt;", "a > b", "<\u{2060}b", "x <- y", "\"'&"] {
            #expect(MarkupPolicy.guarded.applied(to: text) == text)
        }
    }

    @Test func theOtherPolicies() {
        #expect(
            MarkupPolicy.escape.applied(to: #"<a href="x">'&'</a>"#)
                == "&lt;a href=&quot;x&quot;&gt;&#39;&amp;&#39;&lt;/a&gt;")
        #expect(MarkupPolicy.keep.applied(to: "<b>&") == "<b>&")
    }
}

@Suite struct ContentRulesTests {
    private let rules = ContentRules(maximumCharacters: 5, markup: .guarded)

    @Test func charactersAreCountedAsTheyAreKept() throws {
        #expect(try rules.content("\u{1B}12345") == "12345")
        #expect(try rules.content("<a<b<") == "<\u{2060}a<\u{2060}b<\u{2060}", "guards don't count")
        #expect(
            try rules.content("<\u{2060}a<\u{2060}b<\u{2060}") == "<\u{2060}a<\u{2060}b<\u{2060}",
            "an edit sends them back")
        #expect(throws: CommandError.self) { try rules.content("123456") }
        #expect(throws: CommandError.self) { try rules.content("12345\u{2060}") }
        #expect(throws: CommandError.self) { try rules.content("\u{202E}") }
    }

    @Test func titlesAreMadeSafeToo() throws {
        #expect(try rules.title("<i>\u{202E}x") == "<\u{2060}i>x")
        #expect(throws: CommandError.self) { try rules.title(String(repeating: "a", count: 201)) }
    }

    @Test func idsComeBackAsTheyWere() throws {
        for id in ["a", "3F2A-x_y.z:1", "ü 1", String(repeating: "a", count: 128)] {
            #expect(try ContentRules.clientMessageID(id) == id)
        }
        for id in ["", "a\nb", "<b>", "\"", "'", "&", "`", "\u{202E}x", "\u{9B}", String(repeating: "a", count: 129)] {
            #expect(throws: CommandError.self, "\(id)") { try ContentRules.clientMessageID(id) }
        }
    }
}

@Suite struct BlankTextTests {
    @Test(arguments: [
        "", " ", "\n", "\t \r\n", "\u{A0}", "\u{3000}", "\u{200B}", "\u{2060}", "\u{FEFF}", "\u{AD}", "\u{3164}",
        "\u{2800}",
        "\u{2066}\u{2069}", " \u{200B}\u{FE0F} ", "\u{E0020}",
    ])
    func whatNobodySeesIsBlank(text: String) {
        #expect(PlainText.isBlank(text))
        let rules = ContentRules(maximumCharacters: 100, markup: .guarded)
        #expect(throws: CommandError.self) { try rules.content(text) }
        #expect(throws: CommandError.self) { try rules.title(text) }
    }

    @Test(arguments: [".", " a ", "👍", "👩‍👩‍👧", "\u{200F}ש", "<", "é"])
    func whatSomebodySeesIsNot(text: String) {
        #expect(!PlainText.isBlank(text))
    }
}
