/// What a file shows itself to be by its first bytes, whatever its uploader says (the formats' own signatures, and WHATWG's "MIME
/// Sniffing", section 6).
enum ContentKind: String, CaseIterable {
    case png = "image/png"
    case jpeg = "image/jpeg"
    case gif = "image/gif"
    case webp = "image/webp"
    case avif = "image/avif"
    case pdf = "application/pdf"
    case mp4 = "video/mp4"
    case webm = "video/webm"
    case ogg = "application/ogg"
    case mp3 = "audio/mpeg"
    case wav = "audio/wav"
    case zip = "application/zip"
    case gzip = "application/gzip"

    /// So many bytes tell it.
    static let headBytes = 256

    /// Nil for what isn't known here.
    init?(_ head: some Collection<UInt8>) {
        let head = Array(head.prefix(Self.headBytes))
        func has(_ text: StaticString, at offset: Int = 0) -> Bool {
            text.withUTF8Buffer { head.dropFirst(offset).starts(with: $0) }
        }
        if head.starts(with: [0x89, 0x50, 0x4E, 0x47, 0x0D, 0x0A, 0x1A, 0x0A]) {
            self = .png
        } else if head.starts(with: [0xFF, 0xD8, 0xFF]) {
            self = .jpeg
        } else if has("GIF87a") || has("GIF89a") {
            self = .gif
        } else if has("RIFF"), has("WEBP", at: 8) {
            self = .webp
        } else if has("RIFF"), has("WAVE", at: 8) {
            self = .wav
        } else if has("%PDF-") {
            self = .pdf
        } else if has("ftyp", at: 4), let kind = Self.ofBrands(head) {
            self = kind
        } else if head.starts(with: [0x1A, 0x45, 0xDF, 0xA3]), head.prefix(64)[...].first(of: Array("webm".utf8)) != nil
        {
            self = .webm
        } else if head.starts(with: Array("OggS\0".utf8)) {
            self = .ogg
        } else if head.starts(with: [0x50, 0x4B, 0x03, 0x04]) || head.starts(with: [0x50, 0x4B, 0x05, 0x06]) {
            self = .zip
        } else if head.starts(with: [0x1F, 0x8B, 0x08]) {
            self = .gzip
        } else if Self.isMP3(head) {
            self = .mp3
        } else {
            return nil
        }
    }

    /// Whether the type that its uploader tells says the same, or more, than these bytes do.
    func permits(_ told: String) -> Bool {
        switch self {
        case .mp4:
            [
                rawValue, "audio/mp4", "audio/m4a", "audio/x-m4a", "video/x-m4v", "video/quicktime", "video/3gpp",
                "audio/3gpp",
            ]
            .contains(told)
        case .webm: [rawValue, "audio/webm"].contains(told)
        case .ogg: [rawValue, "audio/ogg", "video/ogg", "audio/opus"].contains(told)
        // Documents, programs and books are archives inside.
        case .zip, .gzip:
            told.hasPrefix("application/") && told != MediaType.unknown && ContentKind(rawValue: told) ?? self == self
        case .png, .jpeg, .gif, .webp, .avif, .pdf, .mp3, .wav: told == rawValue
        }
    }

    /// By the brands of an ISO base media file (ISO/IEC 14496-12, section 4.3): the major one, its version, compatible ones.
    private static func ofBrands(_ head: [UInt8]) -> ContentKind? {
        let size = head.prefix(4).reduce(0) { $0 << 8 | Int($1) }
        let places = [8] + stride(from: 16, to: min(size, head.count) - 3, by: 4)
        let brands = places.filter { $0 + 4 <= head.count }.map { String(decoding: head[$0..<$0 + 4], as: UTF8.self) }
        if brands.contains("avif") || brands.contains("avis") { return .avif }
        let known = ["iso", "mp4", "avc1", "M4A", "M4V", "3g", "dash", "qt"]
        return brands.first.flatMap { brand in known.contains { brand.hasPrefix($0) } ? .mp4 : nil }
    }

    /// An ID3v2 tag, or a frame of MPEG audio, layer III (ISO/IEC 11172-3, section 2.4.1.3).
    private static func isMP3(_ head: [UInt8]) -> Bool {
        guard head.count >= 10 else { return false }
        if head.starts(with: "ID3".utf8) { return (2...4).contains(head[3]) && head[6..<10].allSatisfy { $0 < 0x80 } }
        guard head[0] == 0xFF, head[1] & 0xE6 == 0xE2, head[1] & 0x18 != 0x08 else { return false }
        let (bitRate, sampleRate) = (head[2] >> 4, head[2] >> 2 & 3)
        return (1...14).contains(bitRate) && sampleRate != 3
    }
}
