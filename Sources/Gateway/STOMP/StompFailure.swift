internal import Shared

/// Why a frame is refused; what an ERROR frame, or an entry of `/user/queue/errors`, says.
///
/// The texts are our own: nothing of a user's stands in them, because headers must not carry it.
struct StompFailure: Error, Sendable, Equatable {
    /// For programs: kebab-case.
    var code: String
    /// The code's number in docs/errors.md; nil for one that stands in no table.
    var number: Int?
    /// How the connection is closed behind the ERROR.
    var closeCode = CloseCode.policy
    /// For people: a sentence.
    var message: String
    /// Headers for the ERROR beyond `code`, `message` and `receipt-id`.
    var headers: [(String, String)] = []
    /// The `receipt` of the frame that was refused.
    var receiptID: String?

    init(_ code: String, _ message: String, headers: [(String, String)] = [], receiptID: String? = nil) {
        self.code = code
        self.message = message
        self.headers = headers
        self.receiptID = receiptID
    }

    init(
        _ code: SessionErrorCode, _ message: String, headers: [(String, String)] = [], receiptID: String? = nil
    ) {
        self.init(code.rawValue, message, headers: headers, receiptID: receiptID)
        number = code.number
        closeCode = code.closeCode
    }

    init(_ code: ErrorCode, _ message: String, headers: [(String, String)] = [], receiptID: String? = nil) {
        self.init(code.rawValue, message, headers: headers, receiptID: receiptID)
        number = code.number
    }

    static func == (left: Self, right: Self) -> Bool {
        left.code == right.code && left.message == right.message && left.receiptID == right.receiptID
            && left.headers.elementsEqual(right.headers) { $0 == $1 }
    }
}
