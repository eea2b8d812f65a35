import Testing

@testable import Gateway

@Suite struct ContentKindTests {
    private static func ftyp(_ brands: String...) -> [UInt8] {
        [0, 0, 0, UInt8(12 + 4 * brands.count)] + Array("ftyp\(brands[0])\0\0\0\0\(brands.dropFirst().joined())".utf8)
            + Array("mdat".utf8)
    }

    @Test(
        arguments: [
            (ContentKind.png, [0x89, 0x50, 0x4E, 0x47, 0x0D, 0x0A, 0x1A, 0x0A]), (.jpeg, [0xFF, 0xD8, 0xFF, 0xE0]),
            (.gif, Array("GIF87a".utf8)), (.gif, Array("GIF89a".utf8)),
            (.webp, Array("RIFF\u{1}\u{2}\u{3}\u{4}WEBPVP8 ".utf8)),
            (.wav, Array("RIFF\u{1}\u{2}\u{3}\u{4}WAVEfmt ".utf8)), (.pdf, Array("%PDF-1.7".utf8)),
            (.avif, ftyp("avif", "mif1")), (.avif, ftyp("mif1", "avif")), (.mp4, ftyp("isom", "iso2")),
            (.mp4, ftyp("mp42")),
            (.mp4, ftyp("qt  ")), (.webm, [0x1A, 0x45, 0xDF, 0xA3, 0x84, 0x42, 0x82, 0x84] + Array("webm".utf8)),
            (.ogg, Array("OggS\0".utf8)), (.zip, [0x50, 0x4B, 3, 4]), (.zip, [0x50, 0x4B, 5, 6]),
            (.gzip, [0x1F, 0x8B, 8]),
            (.mp3, Array("ID3".utf8) + [4, 0, 0, 0, 0, 0x0A, 0x11]),
            (.mp3, [0xFF, 0xFB, 0x90, 0x64, 0, 0, 0, 0, 0, 0]),
        ] as [(ContentKind, [UInt8])])
    func kindsAreKnownByTheirFirstBytes(kind: ContentKind, head: [UInt8]) {
        #expect(ContentKind(head) == kind)
        #expect(ContentKind([0] + head) == nil)
    }

    @Test(
        arguments: [
            [], [0x89], Array("<!DOCTYPE html>".utf8), Array("<svg xmlns=\"http://www.w3.org/2000/svg\">".utf8),
            Array("RIFF".utf8),
            Array("RIFF\u{1}\u{2}\u{3}\u{4}AVI LIST".utf8), ftyp("heic", "mif1"), Array("ID3 is a word".utf8),
            [0xFF, 0xFE, 0x41, 0, 0x42, 0, 0x43, 0, 0x44, 0], [0x1A, 0x45, 0xDF, 0xA3] + Array("matroska".utf8),
        ] as [[UInt8]])
    func othersAreNone(head: [UInt8]) {
        #expect(ContentKind(head) == nil)
    }

    @Test func aBrandThatStandsBehindTheBoxIsNone() {
        #expect(ContentKind(Self.ftyp("isom") + Array("avif".utf8)) == .mp4)
    }

    @Test(
        arguments: [
            // What is known gets its own type, and what lies is nobody's picture.
            ("text/html", ContentKind.png, "image/png"), ("image/jpeg", .png, "image/png"),
            ("image/png", nil, "application/octet-stream"),
            ("image/avif", nil, "application/octet-stream"), ("image/png", .zip, "application/zip"),
            ("text/html", .pdf, "application/pdf"),
            // What says more stays.
            ("application/vnd.oasis.opendocument.text", .zip, "application/vnd.oasis.opendocument.text"),
            ("application/octet-stream", .zip, "application/zip"), ("application/pdf", .zip, "application/zip"),
            ("application/x-tar", .gzip, "application/x-tar"), ("audio/mp4", .mp4, "audio/mp4"),
            ("audio/ogg", .ogg, "audio/ogg"),
            ("text/html", .mp4, "video/mp4"),
            // What nobody knows is what it is said to be; none of it is shown.
            ("text/html", nil, "text/html"), ("image/svg+xml", nil, "image/svg+xml"), ("text/plain", nil, "text/plain"),
        ] as [(String, ContentKind?, String)])
    func typesAreSettled(told: String, kind: ContentKind?, settled: String) {
        #expect(MediaType.settled(told, kind) == settled)
        #expect(MediaType.isPicture(settled) == [.png, .jpeg, .gif, .webp, .avif].contains(kind))
    }

    @Test func whatIsLookedAtDoesntDependOnThePieces() {
        let jpeg = [0xFF, 0xD8, 0xFF, 0xFE, 0xFF, 0xFF] + Array(repeating: UInt8(0x20), count: 65_533)
        let frame: [UInt8] = [0xFF, 0xC2, 0, 11, 8, 0, 30, 0, 40, 1, 1, 0x11, 0]
        for size in [1, 3, 255, 256, 257, 65_536, 200_000] {
            let look = ContentLook()
            let bytes = jpeg + frame + Array(repeating: UInt8(1), count: 100_000)
            for start in stride(from: 0, to: bytes.count, by: size) {
                look.append(Array(bytes[start..<min(start + size, bytes.count)]))
            }
            let found = look.finish(told: "image/png")
            #expect(found.type == "image/jpeg" && found.size == Int64(bytes.count))
            #expect(found.picture == PictureSize(width: 40, height: 30), "pieces of \(size)")
        }
    }
}
