import Testing

@testable import Shared

@Suite struct S3LocationTests {
    private let id = UUID(high: 0x0123_4567_89AB_CDEF, low: 0x8123_4567_89AB_CDEF)

    @Test func withoutAnEndpointItIsAWS() throws {
        let location = try #require(S3Location(url: "s3://bucket?region=eu-central-1"))
        #expect(location.host == "bucket.s3.eu-central-1.amazonaws.com" && location.isSecure && !location.isInPath)
        #expect(location.key(id) == "01/01234567-89ab-cdef-8123-456789abcdef")
        #expect(location.path(location.key(id)) == "/01/01234567-89ab-cdef-8123-456789abcdef")
        #expect(location.path(nil) == "/")
        #expect(S3Location(url: "s3://bucket")?.host == "bucket.s3.us-east-1.amazonaws.com")
    }

    @Test func withOneTheBucketStandsInThePath() throws {
        let location = try #require(
            S3Location(url: "s3://bucket/chat/files/?region=garage&endpoint=http%3A%2F%2F127.0.0.1:9000/"))
        #expect(location.host == "127.0.0.1:9000" && !location.isSecure && location.isInPath)
        #expect(location.path(location.key(id)) == "/bucket/chat/files/01/01234567-89ab-cdef-8123-456789abcdef")
        #expect(location.path(nil) == "/bucket/")
        #expect(
            S3Location(url: "s3://bucket?endpoint=https://store.example&style=host")?.host == "bucket.store.example")
    }

    @Test(arguments: [
        "s3:/bucket", "s3://", "s3://b", "s3://Bucket", "s3://a..b", "s3://bucket//a", "s3://bucket/../a",
        "s3://bucket/a b", "s3://bucket?style=other", "s3://bucket?regoin=a", "s3://bucket?region=",
        "s3://bucket?region=a/b",
        "s3://bucket?endpoint=store", "s3://bucket?endpoint=http://", "s3://bucket?endpoint=http://user@store",
        "s3://bucket?endpoint=http://store/path", "s3://bucket?region=a&region=b",
    ])
    func whatIsMisspeltIsRefused(url: String) {
        #expect(S3Location(url: url) == nil)
    }

    @Test func aKeyIsAFilesOrNot() throws {
        let location = try #require(S3Location(url: "s3://bucket/chat"))
        #expect(location.file(location.key(id)) == id)
        for other in ["01/\(id)", "chat/02/\(id)", "chat/01/\(id).part", "other/01/\(id)", ""] {
            #expect(location.file(other) == nil)
        }
    }

    @Test func partsAreAsLargeAsTheLargestFileNeeds() {
        let unit = 65_552
        #expect(S3Settings.partBytes(largest: 1, unit: unit) == 128 * unit)
        for largest: Int64 in [80 << 30, 1 << 40] {
            let bytes = S3Settings.partBytes(largest: largest, unit: unit)
            #expect(bytes % unit == 0 && Int64(bytes) * 10_000 >= largest && Int64(bytes - unit) * 10_000 < largest)
        }
    }
}
