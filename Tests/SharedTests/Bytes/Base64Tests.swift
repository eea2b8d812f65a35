import Shared
import Testing

@Suite struct Base64Tests {
    @Test func theVectorsOfSection10() {
        let vectors = [
            ("", ""), ("f", "Zg=="), ("fo", "Zm8="), ("foo", "Zm9v"), ("foob", "Zm9vYg=="), ("fooba", "Zm9vYmE="),
            ("foobar", "Zm9vYmFy"),
        ]
        for (plain, text) in vectors {
            #expect(Base64.encode(Array(plain.utf8)) == text)
            #expect(Base64.decode(text.utf8) == Array(plain.utf8))
            let bare = String(text.filter { $0 != "=" })
            #expect(Base64.encodeURL(Array(plain.utf8)) == bare)
            #expect(Base64.decodeURL(bare.utf8) == Array(plain.utf8))
        }
        #expect(Base64.encode([0xFB, 0xFF]) == "+/8=")
        #expect(Base64.encodeURL([0xFB, 0xFF]) == "-_8")
    }

    @Test func onlyWhatTheEncoderWritesIsRead() {
        for text in [
            "Zg", "Zg=", "Zg===", "Zh==", "Zm9=", "Z", "====", "=", "Zm 9v", "Zm9v\n", "-_8=", "Zg==Zg==", "A===",
        ] {
            #expect(Base64.decode(text.utf8) == nil, "\(text)")
        }
        for text in ["Zg==", "Z", "Zh", "+/8", "Zm9v "] { #expect(Base64.decodeURL(text.utf8) == nil, "\(text)") }
    }
}
