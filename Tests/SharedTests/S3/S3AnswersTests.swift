import Testing

@testable import Shared

@Suite struct XMLElementTests {
    private func parse(_ text: String) -> XMLElement? { XMLElement.parse(Array(text.utf8)) }

    @Test func namesTextAndChildren() {
        #expect(
            parse(
                " \n<?xml version=\"1.0\"?><!-- a > b --><A x=\"1>2\" y='\"'>t<B/>&amp;&lt;&#65;&#x42;<C >c</C > </A>\n"
            )
                == XMLElement(
                    name: "A", text: "t&<AB ", children: [XMLElement(name: "B"), XMLElement(name: "C", text: "c")]))
        #expect(XMLElement.escaped("<a & b>") == "&lt;a &amp; b&gt;")
    }

    @Test(arguments: [
        "", "text", "<A>", "<A></B>", "<A>&x;</A>", "<A>&amp</A>", "<A/><B/>", "<A", "<A x='></A>", "<!DOCTYPE A><A/>",
        "<A>\u{0}<", "<></>", "<A>&#xD800;</A>", "<!-- <A/>", String(repeating: "<A>", count: 50),
    ])
    func whatIsMalformedIsNothing(text: String) {
        #expect(parse(text) == nil)
    }

    /// Whatever comes, it is read to its end or refused.
    @Test func itMayBeCutAnywhere() {
        let whole = Array("<?xml version=\"1.0\"?><A a=\"b\"><B>&amp;</B><!-- c --><C/></A>".utf8)
        for end in 0..<whole.count { #expect(XMLElement.parse(Array(whole[..<end])) == nil) }
        #expect(XMLElement.parse(whole) != nil)
    }
}

@Suite struct S3AnswersTests {
    @Test func aListOfUploadsAndWhereItGoesOn() throws {
        let text = """
            <ListMultipartUploadsResult xmlns="http://s3.amazonaws.com/doc/2006-03-01/"><Bucket>b</Bucket>
            <IsTruncated>true</IsTruncated><NextKeyMarker>k2</NextKeyMarker><NextUploadIdMarker>u2</NextUploadIdMarker>
            <Upload><Key>k1</Key><UploadId>u1</UploadId><Initiated>2026-01-02T03:04:05.000Z</Initiated></Upload>
            <Upload><Key>k2</Key><Initiated>2026-01-02T03:04:05.000Z</Initiated></Upload></ListMultipartUploadsResult>
            """
        let page = try #require(XMLElement.parse(Array(text.utf8)).flatMap { S3UploadPage($0) })
        #expect(page.uploads == [S3UploadPage.Upload(key: "k1", id: "u1", begun: 1_767_323_045_000)])
        #expect(page.next?.map(\.1) == ["k2", "u2"])
        let last = XMLElement(name: "ListMultipartUploadsResult")
        #expect(S3UploadPage(last)?.uploads == [] && S3UploadPage(last)?.next == nil)
        #expect(S3UploadPage(XMLElement(name: "Error")) == nil)
    }

    private func refusal(_ status: Int, _ code: String, _ headers: [(String, String)] = []) -> S3Refusal {
        S3Refusal(
            status: status, headers: HTTPHeaders(headers),
            content: Array("<Error><Code>\(code)</Code><Message>m</Message></Error>".utf8))
    }

    @Test func refusalsSayWhatHelps() {
        #expect(refusal(403, "SignatureDoesNotMatch").description == "the store answered 403 SignatureDoesNotMatch: m")
        let skewed = refusal(403, "RequestTimeTooSkewed", [("Date", "Fri, 24 May 2013 00:00:00 GMT")])
        #expect(skewed.description.contains("there it is Fri, 24 May 2013 00:00:00 GMT, here 20"))
        let moved = refusal(301, "PermanentRedirect", [("x-amz-bucket-region", "eu-west-1")])
        #expect(moved.description.hasSuffix("; the bucket is in the region eu-west-1"))
        #expect(
            S3Refusal(status: 502, headers: HTTPHeaders(), content: Array("<html>".utf8)).description
                == "the store answered 502")
    }

    @Test func onlyWhatPassesIsTriedAgain() {
        #expect([500, 502, 503, 504, 429].allSatisfy { refusal($0, "").isPassing })
        #expect(refusal(200, "InternalError").isPassing && refusal(503, "SlowDown").isPassing)
        #expect([301, 400, 403, 404, 409, 501].allSatisfy { !refusal($0, "AccessDenied").isPassing })
        #expect(S3Error.unreachable(HTTPCallError(description: "")).isPassing && !S3Error.busy.isPassing)
    }

    @Test func aFileOfCredentials() {
        let text = "# renewed\n[default]\naws_access_key_id = A\naws_secret_access_key=B/=c\naws_session_token = d \n"
        #expect(
            S3Credentials(file: Array(text.utf8))
                == S3Credentials(accessKeyID: "A", secretAccessKey: "B/=c", sessionToken: "d"))
        #expect(S3Credentials(file: Array("aws_access_key_id=A".utf8)) == nil)
        #expect(S3Credentials(file: Array((text + "[other]\naws_access_key_id = X").utf8)) == nil)
    }

    @Test func aRenewedFileIsReadAgain() async throws {
        let path = "/tmp/parley-credentials-\(UUID.random())"
        let source = S3CredentialSource(path: path)
        await #expect(throws: S3Error.self) { _ = try await source.current() }
        let file = try DiskFile(creating: path)
        defer { try? DiskFile.remove(path) }
        try file.append(Array("aws_access_key_id=A\naws_secret_access_key=B\n".utf8))
        file.close()
        #expect(try await source.current().accessKeyID == "A")
    }
}
