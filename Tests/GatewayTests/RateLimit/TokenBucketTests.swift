import Shared
import Testing

@testable import Gateway

@Suite struct TokenBucketTests {
    @Test func aBurstThenTheRate() {
        var bucket = TokenBucket(RateLimit(interval: 100, burst: 3))
        let burst = (0..<4).map { _ in bucket.take(at: 1_000) }
        #expect(burst == [nil, nil, nil, 100])
        #expect(bucket.take(at: 1_050) == 50)
        let later = [bucket.take(at: 1_100), bucket.take(at: 1_100)]
        #expect(later == [nil, 100])
        // However long nobody comes, it holds no more than the burst.
        let rested = (0..<4).map { _ in bucket.take(at: 100_000) }
        #expect(rested == [nil, nil, nil, 100])
    }
}
