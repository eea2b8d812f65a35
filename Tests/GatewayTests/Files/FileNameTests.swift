import Testing

@testable import Gateway

@Suite struct FileNameTests {
    @Test(arguments: [
        "photo.png", "Übersicht 2026 (final).pdf", "日本語.txt", "👩‍👩‍👧.gif", "a.tar.gz", "Tom & Jerry's.pdf",
    ])
    func usualNamesStay(name: String) {
        #expect(FileName.cleaned(name) == name)
    }

    @Test(arguments: [
        ("/etc/passwd", "passwd"), ("..\\..\\windows\\win.ini", "win.ini"), ("../..", "file"), ("", "file"),
        (".htaccess", "htaccess"), ("...", "file"), ("name. . ", "name"), ("a/", "file"),
        ("<img src=x onerror=alert(1)>.png", "_img src=x onerror=alert(1)_.png"), ("\"quoted\".txt", "_quoted_.txt"),
        ("what?*|:.txt", "what____.txt"), ("line\r\nfeed\u{2028}.txt", "linefeed.txt"), ("nul\0l.txt", "null.txt"),
        ("invoice_\u{202E}fdp.exe", "invoice_fdp.exe"), ("\u{FEFF}bom\u{200F}.txt", "bom.txt"),
        ("CON", "_CON"), ("con.txt", "_con.txt"), ("LPT1.tar.gz", "_LPT1.tar.gz"), ("console.txt", "console.txt"),
    ])
    func whatIsUnsafeSomewhereGoes(name: String, expected: String) {
        #expect(FileName.cleaned(name) == expected)
    }

    @Test func aLongNameKeepsItsExtension() {
        let name = FileName.cleaned(String(repeating: "ä", count: 400) + ".jpeg")
        #expect(name.utf8.count <= FileName.maximumBytes && name.hasPrefix("äääää") && name.hasSuffix("ä.jpeg"))
        #expect(FileName.cleaned(String(repeating: "x", count: 300)).utf8.count == FileName.maximumBytes)
        // One character of many code points.
        let tall = FileName.cleaned("a" + String(repeating: "\u{301}", count: 400) + ".txt")
        #expect(tall.utf8.count <= FileName.maximumBytes && tall.hasSuffix(".txt"))
    }

    @Test func cleaningTwiceChangesNothing() throws {
        var random = SplitMix(seed: 11)
        let alphabet = [
            "a", "B", ".", " ", "/", "\\", "<", ">", "\"", ":", "é", "\u{202E}", "\u{301}", "con", "\n", "🙂", "x",
        ]
        for _ in 0..<3_000 {
            var name = ""
            for _ in 0..<Int.random(in: 0...90, using: &random) {
                name += try #require(alphabet.randomElement(using: &random))
            }
            let once = FileName.cleaned(name)
            #expect(!once.isEmpty && once.utf8.count <= FileName.maximumBytes)
            #expect(FileName.cleaned(once) == once)
            #expect(!once.unicodeScalars.contains { "<>\":|?*/\\\n".unicodeScalars.contains($0) })
        }
    }

    @Test func typesAreReadStrictly() {
        #expect(MediaType.parse("image/PNG") == "image/png")
        #expect(MediaType.parse("text/plain; charset=utf-8") == "text/plain")
        let long = "application/vnd.oasis.opendocument.text"
        #expect(MediaType.parse(long) == long)
        let tooLong = "a/" + String(repeating: "b", count: 130)
        for malformed in ["", "text", "text/", "/html", "text/html/x", "te<xt/html", "text/\"html", tooLong] {
            #expect(MediaType.parse(malformed) == nil, "\(malformed)")
        }
        #expect(MediaType.isPicture("image/png"))
        #expect(!MediaType.isPicture("image/svg+xml"))
    }
}
