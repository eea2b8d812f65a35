import Testing

@testable import Gateway

@Suite struct PictureSizeTests {
    private func size(_ head: [UInt8]) -> [Int64]? {
        PictureSize(ContentKind(head), head).map { [$0.width, $0.height] }
    }

    private let png: [UInt8] =
        [0x89, 0x50, 0x4E, 0x47, 0x0D, 0x0A, 0x1A, 0x0A, 0, 0, 0, 13] + Array("IHDR".utf8) + [
            0, 0, 2, 0x80, 0, 0, 1, 0xE0, 8, 6,
        ]
    private let gif: [UInt8] = Array("GIF89a".utf8) + [0x80, 2, 0xE0, 1]

    private func webP(_ chunk: String, _ bytes: [UInt8]) -> [UInt8] {
        Array("RIFF\u{1}\0\0\0WEBP\(chunk)".utf8) + [10, 0, 0, 0] + bytes
    }

    /// A JPEG of 640 by 480 whose camera was turned so.
    private func jpeg(orientation: UInt8? = nil, isLittle: Bool = false, marker: UInt8 = 0xC0) -> [UInt8] {
        var bytes: [UInt8] = [0xFF, 0xD8, 0xFF, 0xE0, 0, 16] + Array("JFIF\0".utf8) + [1, 1, 0, 0, 1, 0, 1, 0, 0]
        if let orientation {
            let entry: [UInt8] =
                isLittle
                ? [0x49, 0x49, 0x2A, 0, 8, 0, 0, 0, 1, 0, 0x12, 1, 3, 0, 1, 0, 0, 0, orientation, 0, 0, 0, 0, 0, 0, 0]
                : [0x4D, 0x4D, 0, 0x2A, 0, 0, 0, 8, 0, 1, 1, 0x12, 0, 3, 0, 0, 0, 1, 0, orientation, 0, 0, 0, 0, 0, 0]
            let segment = Array("Exif\0\0".utf8) + entry
            bytes += [0xFF, 0xE1, 0, UInt8(segment.count + 2)] + segment
        }
        // A table, and a fill byte in front of the frame.
        bytes += [0xFF, 0xC4, 0, 4, 1, 2, 0xFF, 0xFF, marker, 0, 17, 8, 1, 0xE0, 2, 0x80, 3]
        return bytes
    }

    @Test func headersAreRead() {
        #expect(size(png) == [640, 480])
        #expect(size(gif) == [640, 480])
        #expect(size(webP("VP8X", [0x10, 0, 0, 0, 0x7F, 2, 0, 0xDF, 1, 0])) == [640, 480])
        #expect(size(webP("VP8 ", [0x30, 1, 0, 0x9D, 1, 0x2A, 0x80, 2 | 0x40, 0xE0, 1 | 0x80])) == [640, 480])
        #expect(size(webP("VP8L", [0x2F, 0x7F, 0xC2, 0x77, 0])) == [640, 480])
        for marker: UInt8 in [0xC0, 0xC1, 0xC2, 0xCF] { #expect(size(jpeg(marker: marker)) == [640, 480]) }
    }

    @Test func aTurnedPictureHasItsSidesAsTheyAreShown() {
        for isLittle in [false, true] {
            for orientation in UInt8(0)...9 {
                let turned = (5...8).contains(orientation)
                #expect(
                    size(jpeg(orientation: orientation, isLittle: isLittle)) == (turned ? [480, 640] : [640, 480]))
            }
        }
    }

    /// Thousands of segments, each with a directory of thousands of entries, would be walked through one by one.
    @Test func onlyTheFirstExifSegmentCountsAndSoManyOfItsEntries() {
        let first = jpeg(orientation: 1)
        let second = jpeg(orientation: 6)
        let segment = second[20..<(second.count - 17)]
        #expect(segment.prefix(2) == [0xFF, 0xE1])
        #expect(
            size(Array(first.prefix(20)) + first[20..<(first.count - 17)] + segment + first.suffix(17)) == [640, 480])
        func many(_ entries: UInt16) -> [UInt8] {
            var exif = Array("Exif\0\0".utf8) + [0x4D, 0x4D, 0, 0x2A, 0, 0, 0, 8]
            exif += [UInt8(entries >> 8), UInt8(entries & 0xFF)]
            for _ in 1..<entries { exif += [1, 0, 0, 3, 0, 0, 0, 1, 0, 0, 0, 0] }
            exif += [1, 0x12, 0, 3, 0, 0, 0, 1, 0, 6, 0, 0]
            let length = UInt16(exif.count + 2)
            let plain = jpeg()
            return Array(plain.prefix(20)) + [0xFF, 0xE1, UInt8(length >> 8), UInt8(length & 0xFF)] + exif
                + plain.dropFirst(20)
        }
        #expect(size(many(256)) == [480, 640])
        #expect(size(many(257)) == [640, 480])
    }

    @Test func whatIsCutOffHasNoSize() {
        for whole in [
            Array(png.prefix(24)), gif, webP("VP8X", [0, 0, 0, 0, 1, 0, 0, 1, 0, 0]),
            Array(jpeg(orientation: 6).dropLast()),
        ] {
            #expect(size(whole) != nil)
            for count in 0..<whole.count { #expect(size(Array(whole.prefix(count))) == nil) }
        }
    }

    @Test func whatIsBrokenHasNoSize() {
        var noHeader = png
        noHeader[12] = 0x69
        #expect(size(noHeader) == nil)
        #expect(size(Array(png.prefix(16)) + [0, 0, 0, 0, 0, 0, 0, 1]) == nil)
        #expect(size(Array(png.prefix(16)) + [0xFF, 0xFF, 0xFF, 0xFF, 0, 0, 0, 1]) == nil)
        #expect(size(webP("VP8L", [0x2E, 0x7F, 0xC2, 0x77, 0])) == nil)
        #expect(size(webP("VP8 ", [0x30, 1, 0, 0x9D, 1, 0x2B, 0x80, 2, 0xE0, 1])) == nil)
        #expect(size(webP("ALPH", [0x10, 0, 0, 0, 0x7F, 2, 0, 0xDF, 1, 0])) == nil)
        // No frame before the scan, and a segment that is shorter than its length.
        #expect(size([0xFF, 0xD8, 0xFF, 0xDA, 0, 2] + jpeg()) == nil)
        #expect(size([0xFF, 0xD8, 0xFF, 0xE0, 0, 1] + jpeg()) == nil)
    }
}
