internal import CHiredis
internal import Glibc

/// Parses replies from bytes as they come, by hiredis' `redisReader`.
final class RESPReader {
    private let reader: UnsafeMutablePointer<redisReader>

    init() {
        guard let reader = redisReaderCreate() else { preconditionFailure("out of memory") }
        self.reader = reader
    }

    deinit {
        redisReaderFree(reader)
    }

    /// Adds bytes to parse.
    func feed(_ bytes: [UInt8], count: Int) {
        bytes.withUnsafeBytes { raw in
            _ = redisReaderFeed(reader, raw.baseAddress, count)
        }
    }

    /// The next whole reply; nil when more bytes are needed. Throws on bytes that aren't RESP.
    func next() throws(RedisError) -> RedisReply? {
        var object: UnsafeMutableRawPointer?
        guard redisReaderGetReply(reader, &object) == REDIS_OK else {
            // It says which byte it is that can't begin a reply.
            let reason = withUnsafeBytes(of: reader.pointee.errstr) {
                String(decoding: $0.prefix { $0 != 0 }, as: UTF8.self)
            }
            throw .unexpectedReply(reason)
        }
        guard let object else { return nil }
        defer { freeReplyObject(object) }
        return Self.convert(object.assumingMemoryBound(to: redisReply.self))
    }

    private static func convert(_ reply: UnsafePointer<redisReply>) -> RedisReply {
        let raw = reply.pointee
        switch raw.type {
        case REDIS_REPLY_STRING: return .string(bytes(raw))
        case REDIS_REPLY_STATUS: return .status(String(decoding: bytes(raw), as: UTF8.self))
        case REDIS_REPLY_ERROR: return .error(String(decoding: bytes(raw), as: UTF8.self))
        case REDIS_REPLY_INTEGER: return .integer(raw.integer)
        case REDIS_REPLY_ARRAY:
            var elements: [RedisReply] = []
            elements.reserveCapacity(raw.elements)
            for index in 0..<raw.elements {
                guard let element = raw.element[index] else { continue }
                elements.append(convert(element))
            }
            return .array(elements)
        default: return .null
        }
    }

    private static func bytes(_ reply: redisReply) -> [UInt8] {
        [UInt8](UnsafeRawBufferPointer(start: reply.str, count: Int(reply.len)))
    }
}
