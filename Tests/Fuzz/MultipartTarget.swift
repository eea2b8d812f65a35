@testable import Gateway
@testable import Shared

/// Forms: what is read doesn't depend on how they were cut.
enum MultipartTarget {
    static func run(_ input: ArraySlice<UInt8>) {
        guard let reads = Reads(input) else { return }
        let atOnce = parts([reads.whole])
        expect(atOnce == parts(reads.pieces.map { Array($0) }), "cutting a form changes what is read")
        expect(atOnce.allSatisfy { $0.content.count <= reads.whole.count }, "a part is longer than its form")
        expect(upload([reads.whole]) == upload(reads.pieces.map { Array($0) }), "cutting a form changes its file")
        _ = HeaderParameters(String(decoding: reads.whole, as: UTF8.self))
    }

    private struct Part: Equatable {
        var headers: [HTTPHeaders.Field]
        var content: [UInt8] = []
        var isWhole = false
    }

    /// Of two things that are wrong, the one that is seen first is told, which may depend on the cut.
    private static func parts(_ pieces: [[UInt8]]) -> [Part] {
        var parts: [Part] = []
        do throws(MultipartError) {
            guard var parser = MultipartParser(boundary: "b") else { return [] }
            for piece in pieces {
                parser.append(piece)
                while let event = try parser.next() {
                    switch event {
                    case .part(let headers): parts.append(Part(headers: headers.fields))
                    case .content(let bytes): parts[parts.count - 1].content += bytes
                    case .partEnd: parts[parts.count - 1].isWhole = true
                    }
                }
            }
            try parser.finish()
            return parts
        } catch {
            return parts.filter(\.isWhole)
        }
    }

    private static func upload(_ pieces: [[UInt8]]) -> [UInt8]? {
        do throws(CommandError) {
            var form = try UploadForm(HeaderParameters("multipart/form-data; boundary=b"), fields: [:])
            var content: [UInt8] = []
            for piece in pieces {
                form.append(piece)
                while let event = try form.next() {
                    if case .content(let bytes) = event { content += bytes }
                }
            }
            try form.finish()
            return content
        } catch {
            return nil
        }
    }
}
