import Testing

@testable import Shared

/// The examples of AWS' documentation: "Signature Calculations for the Authorization Header" and "Using Query
/// Parameters".
@Suite struct S3SignerTests {
    private let signer = S3Signer(
        S3Credentials(
            accessKeyID: "AKIAIOSFODNN7EXAMPLE", secretAccessKey: "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY",
            sessionToken: nil), region: "us-east-1")
    /// 2013-05-24.
    private let time: Int64 = 1_369_353_600_000
    private let host = "examplebucket.s3.amazonaws.com"

    private func authorization(_ request: S3Signer.Request, payload: String = S3Signer.emptyPayload) -> String? {
        signer.headers(request, payload: payload, at: time).first { $0.name == "Authorization" }?.value
    }

    private func expected(_ names: String, _ signature: String) -> String {
        "AWS4-HMAC-SHA256 Credential=AKIAIOSFODNN7EXAMPLE/20130524/us-east-1/s3/aws4_request,SignedHeaders=\(names),"
            + "Signature=\(signature)"
    }

    @Test func gettingAnObject() {
        let request = S3Signer.Request(
            method: "GET", host: host, path: "/test.txt", headers: [("Range", "bytes=0-9")])
        #expect(
            authorization(request)
                == expected(
                    "host;range;x-amz-content-sha256;x-amz-date",
                    "f0e8bdb87c964420e857bd35b5d6ed310bd44f0170aba48dd91039c6036bdb41"))
    }

    @Test func puttingAnObject() {
        let request = S3Signer.Request(
            method: "PUT", host: host, path: "/test$file.text",
            headers: [("Date", "Fri, 24 May 2013 00:00:00 GMT"), ("x-amz-storage-class", "REDUCED_REDUNDANCY")])
        #expect(request.target == "/test%24file.text")
        #expect(
            authorization(request, payload: Hex.encode(SHA256.digest(Array("Welcome to Amazon S3.".utf8))))
                == expected(
                    "date;host;x-amz-content-sha256;x-amz-date;x-amz-storage-class",
                    "98ad721746da40c64f1a55b78f14c238d841ea1380cd77a1b5971af0ece108bd"))
    }

    @Test func aParameterWithoutValue() {
        let request = S3Signer.Request(method: "GET", host: host, path: "/", query: [("lifecycle", "")])
        #expect(request.target == "/?lifecycle=")
        #expect(
            authorization(request)
                == expected(
                    "host;x-amz-content-sha256;x-amz-date",
                    "fea454ca298b7da1c68078a5d1bdbfbbe0d65c699e0f91ac7a200a0136783543"))
    }

    @Test func listingObjects() {
        let request = S3Signer.Request(
            method: "GET", host: host, path: "/", query: [("prefix", "J"), ("max-keys", "2")])
        #expect(request.target == "/?max-keys=2&prefix=J")
        #expect(
            authorization(request)
                == expected(
                    "host;x-amz-content-sha256;x-amz-date",
                    "34b48302e7b5fa45bde8084f4b7868a86f0a534bc59db6670ed5711ef69dc6f7"))
    }

    @Test func aPresignedURL() {
        let request = S3Signer.Request(method: "GET", host: host, path: "/test.txt")
        #expect(
            signer.presigned(request, seconds: 86_400, at: time)
                == "/test.txt?X-Amz-Algorithm=AWS4-HMAC-SHA256"
                + "&X-Amz-Credential=AKIAIOSFODNN7EXAMPLE%2F20130524%2Fus-east-1%2Fs3%2Faws4_request"
                + "&X-Amz-Date=20130524T000000Z&X-Amz-Expires=86400&X-Amz-SignedHeaders=host"
                + "&X-Amz-Signature=aeeed9bbccd4d02ee5c0109b86d86835f995330da4c265957d157751f604d404")
    }

    /// Computed by Python's hmac and hashlib, from the specification.
    @Test func aPresignedURLWithATokenAndParametersOfItsOwn() {
        let signer = S3Signer(
            S3Credentials(
                accessKeyID: "AKIAIOSFODNN7EXAMPLE", secretAccessKey: "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY",
                sessionToken: "a/b="), region: "us-east-1")
        let request = S3Signer.Request(
            method: "GET", host: host, path: "/test.txt",
            query: [("response-content-disposition", "inline; filename=\"a b.png\"")])
        let url = signer.presigned(request, seconds: 600, at: time)
        #expect(url.contains("&X-Amz-Security-Token=a%2Fb%3D&"))
        #expect(url.hasSuffix("&X-Amz-Signature=6ebd240dd6a12b0ac6bc10e6bb54470600e8e31ef950a03eed6099e70930fb74"))
        let names = signer.headers(request, payload: S3Signer.unsignedPayload, at: time).map(\.name)
        #expect(names == ["x-amz-content-sha256", "x-amz-date", "x-amz-security-token", "Authorization"])
    }
}
