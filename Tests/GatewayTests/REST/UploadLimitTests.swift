import Shared
import Testing

@testable import Gateway

@Suite struct UploadLimitTests {
    private func limit(_ quota: Int64?, used: Int64) throws -> UploadLimit {
        var reader = ConfigReader(environment: [:], known: [])
        var config = FilesConfig(&reader)
        config.maximumBytes = 100
        config.userQuota = quota
        return UploadLimit(config, used: used)
    }

    @Test func theSmallerOfTheTwoCounts() throws {
        for (quota, used, bytes, code) in [
            (nil, 1_000, 100, .fileTooLarge), (200, 0, 100, .fileTooLarge), (200, 100, 100, .fileTooLarge),
            (200, 101, 99, .quotaExceeded), (200, 200, 0, .quotaExceeded), (200, 900, 0, .quotaExceeded),
        ] as [(Int64?, Int64, Int64, ErrorCode)] {
            let limit = try limit(quota, used: used)
            #expect(limit.bytes == bytes && limit.refusal.code == code)
        }
    }
}
