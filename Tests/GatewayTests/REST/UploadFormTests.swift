import Shared
import Testing

@testable import Gateway

@Suite struct UploadFormTests {
    private static let id = "00000000-0000-4000-8000-00000000000a"

    private func field(_ name: String, _ value: String) -> String {
        "--b\r\nContent-Disposition: form-data; name=\"\(name)\"\r\n\r\n\(value)\r\n"
    }

    private func file(
        _ name: String = "filename=\"a.txt\"", type: String = "Content-Type: text/plain\r\n", _ content: String = "x"
    ) -> String {
        "--b\r\nContent-Disposition: form-data; name=\"file\"; \(name)\r\n\(type)\r\n\(content)\r\n"
    }

    /// The form's file and its content, read byte by byte.
    private func read(
        _ text: String, fields: [String: String] = [:]
    ) throws(CommandError) -> (file: FormFile?, content: String) {
        var form = try UploadForm(HeaderParameters("multipart/form-data; boundary=\"b\""), fields: fields)
        var file: FormFile?
        var content: [UInt8] = []
        for byte in text.utf8 {
            form.append([byte])
            while let event = try form.next() {
                switch event {
                case .file(let found): file = found
                case .content(let bytes): content += bytes
                }
            }
        }
        try form.finish()
        return (file, String(decoding: content, as: UTF8.self))
    }

    private func refusal(_ text: String, fields: [String: String] = [:]) -> CommandError? {
        do throws(CommandError) {
            _ = try read(text, fields: fields)
            return nil
        } catch {
            return error
        }
    }

    @Test func fieldsComeBeforeTheFile() throws {
        let text =
            field("conversationId", Self.id) + field("csrf", "x") + field("fileName", "b.txt") + file("filename=a")
        let (found, content) = try read(text + field("behind", "y") + "--b--\r\n")
        #expect(found?.fields == ["conversationId": Self.id, "fileName": "b.txt"])
        #expect(found?.name == "a" && found?.type == "text/plain" && content == "x")
        #expect(try read(file(type: "") + "--b--", fields: ["conversationId": Self.id]).file?.type == nil)
    }

    @Test(arguments: [
        (#"filename="a b.txt""#, "a b.txt"), (#"filename=a.txt"#, "a.txt"), (#"filename="a\"b.txt""#, "a\"b.txt"),
        (#"filename="a%22b.txt""#, "a\"b.txt"), (#"filename="Ü.txt""#, "Ü.txt"),
        (#"filename="C:\temp\a.txt""#, #"C:\temp\a.txt"#),
        (#"filename="U.txt"; filename*=UTF-8''%C3%9C.txt"#, "Ü.txt"), (#"filename*=utf-8'de'%C3%9C.txt"#, "Ü.txt"),
        (#"filename="U.txt"; filename*=latin1''%DC.txt"#, "U.txt"),
    ])
    func namesAreReadAsBrowsersWriteThem(parameter: String, name: String) throws {
        #expect(try read(file(parameter) + "--b--").file?.name == name)
    }

    @Test func whatIsMissingIsTold() {
        #expect(refusal(field("conversationId", Self.id) + "--b--")?.code == .missingField)
        #expect(refusal("--b--")?.field == "file")
        #expect(refusal(file("filename=\"\"", "") + "--b--")?.code == .missingField)
        #expect(
            refusal(file() + file() + "--b--")
                == CommandError(.invalidField, "A form may have one file.", field: "file"))
        #expect(refusal(file())?.message == "The form ends before its last boundary.")
    }

    @Test func nothingIsGivenTwiceOrTooLate() {
        let name = field("fileName", "a")
        for text in [name + name + file(), file() + name] {
            #expect(refusal(text + "--b--")?.field == "fileName")
        }
        #expect(refusal(name + file() + "--b--", fields: ["fileName": "b"])?.field == "fileName")
    }

    @Test func whatStandsBesideTheFileIsBounded() {
        #expect(
            refusal(field("fileName", String(repeating: "x", count: 1_025)) + file() + "--b--")?.field == "fileName")
        let other = field("other", String(repeating: "x", count: 40_000))
        #expect(refusal(other + file() + "--b--") == nil)
        #expect(refusal(other + file() + other + "--b--")?.code == .malformedForm)
    }

    @Test(arguments: [
        "--b\r\n\r\nx\r\n--b--", "--b\r\nContent-Disposition: form-data\r\n\r\nx\r\n--b--",
        "--b\r\nContent-Disposition: attachment; name=a\r\n\r\nx\r\n--b--",
        "--b\r\nContent-Disposition: form-data; name=a\r\nContent-Disposition: form-data; name=b\r\n\r\nx\r\n--b--",
    ])
    func aPartSaysWhatItIs(text: String) {
        #expect(refusal(text)?.code == .malformedForm)
    }

    @Test func headersOfTheFileAreChecked() {
        #expect(refusal(file(type: "Content-Type: nonsense\r\n") + "--b--")?.code == .malformedForm)
        #expect(refusal(file(type: "Content-Transfer-Encoding: base64\r\n") + "--b--")?.code == .malformedForm)
        #expect(refusal(file(type: "Content-Transfer-Encoding: Binary\r\n") + "--b--") == nil)
        for twice in [
            "Content-Transfer-Encoding: binary\r\nContent-Transfer-Encoding: base64\r\n",
            "Content-Type: text/plain\r\nContent-Type: text/html\r\n",
        ] {
            #expect(refusal(file(type: twice) + "--b--")?.code == .malformedForm)
        }
    }

    @Test func aFormNeedsABoundary() {
        let long = String(repeating: "x", count: 71)
        for type in [
            "", "; boundary=", "; boundary=\"\"", "; boundary=\(long)", "; boundary=\"a", "; boundary=a; boundary=b",
        ] {
            #expect(throws: CommandError.self) {
                _ = try UploadForm(HeaderParameters("multipart/form-data" + type), fields: [:])
            }
        }
    }
}
