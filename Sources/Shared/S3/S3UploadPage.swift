/// A page of the list of multipart uploads (ListMultipartUploads).
struct S3UploadPage {
    struct Upload: Equatable {
        var key: String
        var id: String
        /// Milliseconds since the Unix epoch.
        var begun: Int64
    }

    let uploads: [Upload]
    /// The parameters with which the next page is asked for; nil where there is none.
    let next: [(String, String)]?

    /// nil where the document is another one.
    init?(_ root: XMLElement) {
        guard root.name == "ListMultipartUploadsResult" else { return nil }
        uploads = root.children.filter { $0.name == "Upload" }.compactMap { element in
            guard let key = element.first("Key")?.text, let id = element.first("UploadId")?.text,
                let begun = (element.first("Initiated")?.text).flatMap({ RFC3339.parse($0) })
            else { return nil }
            return Upload(key: key, id: id, begun: begun)
        }
        guard root.first("IsTruncated")?.text == "true", let key = root.first("NextKeyMarker")?.text, !key.isEmpty
        else {
            next = nil
            return
        }
        next = [("key-marker", key), ("upload-id-marker", root.first("NextUploadIdMarker")?.text ?? "")]
    }
}
