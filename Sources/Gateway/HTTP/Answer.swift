internal import Shared

/// What a request is answered with: a whole response, or one whose content is read from a file as the client takes it.
struct Answer {
    var response: HTTPResponse
    var file: FileReader?
    /// Bytes of the content.
    var length: Int64

    init(_ response: HTTPResponse) {
        self.response = response
        length = Int64(response.body.count)
    }

    init(_ response: HTTPResponse, _ file: FileReader, length: Int64) {
        self.response = response
        self.file = file
        self.length = length
    }
}
