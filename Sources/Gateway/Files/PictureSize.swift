internal import Shared

/// Width and height of a picture in pixels, as its header has them.
struct PictureSize: Sendable, Equatable {
    let width: Int64
    let height: Int64

    /// What a header may say: a larger one is broken, or a bomb.
    static let sides: ClosedRange<Int64> = 1...1 << 24
    /// So many bytes of a file that begins like this are looked at. A JPEG's size stands behind what cameras write, two segments
    /// of 64 KiB at most.
    static func headBytes(_ head: [UInt8]) -> Int {
        head.starts(with: [0xFF, 0xD8, 0xFF]) ? 132 << 10 : ContentKind.headBytes
    }

    init?(width: Int64, height: Int64) {
        guard Self.sides.contains(width), Self.sides.contains(height) else { return nil }
        self.width = width
        self.height = height
    }

    private init?(width: Int?, height: Int?) {
        guard let width, let height else { return nil }
        self.init(width: Int64(width), height: Int64(height))
    }

    /// Reads the beginning of a file; nil where it is no picture, or its header is broken.
    init?(_ kind: ContentKind?, _ head: [UInt8]) {
        let bytes = HeadReader(bytes: head)
        switch kind {
        // Portable Network Graphics, section 11.2.2.
        case .png:
            guard bytes.text(12) == "IHDR" else { return nil }
            self.init(width: bytes.big(16, 4), height: bytes.big(20, 4))
        // GIF89a, section 18.
        case .gif: self.init(width: bytes.little(6, 2), height: bytes.little(8, 2))
        case .webp: self.init(webP: bytes)
        case .jpeg: self.init(jpeg: bytes)
        default: return nil
        }
    }

    /// RFC 9649, sections 2.5 to 2.7; RFC 6386, section 9.1; the lossless format, section 3.
    private init?(webP bytes: HeadReader) {
        switch bytes.text(12) {
        case "VP8X":
            self.init(width: bytes.little(24, 3).map { $0 + 1 }, height: bytes.little(27, 3).map { $0 + 1 })
        case "VP8 ":
            guard bytes.big(23, 3) == 0x9D012A else { return nil }
            self.init(width: bytes.little(26, 2).map { $0 & 0x3FFF }, height: bytes.little(28, 2).map { $0 & 0x3FFF })
        case "VP8L":
            guard bytes.big(20, 1) == 0x2F, let bits = bytes.little(21, 4) else { return nil }
            self.init(width: (bits & 0x3FFF) + 1, height: (bits >> 14 & 0x3FFF) + 1)
        default: return nil
        }
    }

    /// The first frame header (ITU-T T.81, annex B); a camera that was turned has noted it in front of that.
    private init?(jpeg bytes: HeadReader) {
        var at = 2
        var isTurned = false
        var hasExif = false
        while bytes.big(at, 1) == 0xFF, let marker = bytes.big(at + 1, 1) {
            switch marker {
            case 0xFF: at += 1
            case 0x01, 0xD0...0xD7: at += 2
            case 0xC0...0xC3, 0xC5...0xC7, 0xC9...0xCB, 0xCD...0xCF:
                let (height, width) = (bytes.big(at + 5, 2), bytes.big(at + 7, 2))
                self.init(width: isTurned ? height : width, height: isTurned ? width : height)
                return
            case 0xD8, 0xD9, 0xDA: return nil
            default:
                guard let length = bytes.big(at + 2, 2), length >= 2 else { return nil }
                // There is one (Exif 2.32, section 4.7.2): others would cost as much again.
                if marker == 0xE1, !hasExif, bytes.text(at + 4) == "Exif" {
                    hasExif = true
                    isTurned = Self.isTurned(bytes, at + 10)
                }
                at += 2 + length
            }
        }
        return nil
    }

    /// So many entries of Exif's first directory are looked at; cameras write a dozen.
    private static let maximumEntries = 256

    /// Whether the orientation in Exif's first directory is one by which width and height change places (Exif 2.32, section 4.6.4).
    private static func isTurned(_ bytes: HeadReader, _ start: Int) -> Bool {
        let isLittle = bytes.big(start, 2) == 0x4949
        func number(_ at: Int, _ count: Int) -> Int? {
            isLittle ? bytes.little(start + at, count) : bytes.big(start + at, count)
        }
        guard let directory = number(4, 4), let count = number(directory, 2) else { return false }
        for entry in 0..<min(count, maximumEntries) {
            let at = directory + 2 + entry * 12
            guard let tag = number(at, 2) else { return false }
            if tag == 0x0112 { return number(at + 8, 2).map { (5...8).contains($0) } ?? false }
        }
        return false
    }
}

/// Numbers at places of a file's beginning; nil beyond its end.
private struct HeadReader {
    let bytes: [UInt8]

    private func slice(_ at: Int, _ count: Int) -> ArraySlice<UInt8>? {
        at >= 0 && at <= bytes.count - count ? bytes[at..<at + count] : nil
    }

    func text(_ at: Int) -> String? { slice(at, 4).map { String(decoding: $0, as: UTF8.self) } }
    func big(_ at: Int, _ count: Int) -> Int? { slice(at, count)?.reduce(0) { $0 << 8 | Int($1) } }
    func little(_ at: Int, _ count: Int) -> Int? { slice(at, count)?.reversed().reduce(0) { $0 << 8 | Int($1) } }
}
