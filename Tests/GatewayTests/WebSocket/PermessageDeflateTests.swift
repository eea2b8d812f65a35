import Shared
import Testing

@testable import Gateway

@Suite struct PermessageDeflateTests {
    private func response(_ offers: String..., policy: CompressionPolicy = .takeover) -> String? {
        PermessageDeflate.negotiate(offers, policy)?.response
    }

    @Test func thePlainOfferIsAccepted() {
        #expect(response("permessage-deflate") == "permessage-deflate")
        #expect(response("Permessage-Deflate") == "permessage-deflate")
        #expect(response("permessage-deflate", policy: .off) == nil)
        #expect(response() == nil)
        #expect(response("x-webkit-deflate-frame") == nil)
    }

    @Test func withoutTakeoverBothSidesForget() {
        let agreed = PermessageDeflate.negotiate(["permessage-deflate; client_max_window_bits"], .noTakeover)
        #expect(agreed?.response == "permessage-deflate; server_no_context_takeover; client_no_context_takeover")
        #expect(agreed?.serverNoContextTakeover == true)
        #expect(agreed?.clientNoContextTakeover == true)
    }

    /// RFC 7692, section 7.1.1: what the client asks for is granted.
    @Test func whatIsOfferedIsAgreedOn() {
        #expect(
            response("permessage-deflate; server_no_context_takeover")
                == "permessage-deflate; server_no_context_takeover")
        #expect(
            response("permessage-deflate; client_no_context_takeover; client_max_window_bits=9")
                == "permessage-deflate; client_no_context_takeover")
        #expect(
            response("permessage-deflate; server_max_window_bits=10", policy: .noTakeover)
                == "permessage-deflate; server_no_context_takeover; client_no_context_takeover; "
                + "server_max_window_bits=10")
    }

    /// Section 7.1.2.2: the parameter is in the answer only where it was in the offer, and never larger.
    @Test func theClientsWindowIsLimitedOnlyWhereItOffersThat() {
        #expect(
            response("permessage-deflate; client_max_window_bits")
                == "permessage-deflate; client_max_window_bits=12")
        #expect(
            response("permessage-deflate;client_max_window_bits=\"9\"")
                == "permessage-deflate; client_max_window_bits=9")
        #expect(PermessageDeflate.negotiate(["permessage-deflate"], .takeover)?.clientMaxWindowBits == 15)
    }

    @Test(arguments: [
        "unknown", "server_no_context_takeover=1", "client_no_context_takeover=", "server_max_window_bits",
        "server_max_window_bits=7", "server_max_window_bits=16", "server_max_window_bits=08",
        "server_max_window_bits=+9", "client_max_window_bits=", "client_max_window_bits=16",
        "server_no_context_takeover; server_no_context_takeover", "client_max_window_bits=9; client_max_window_bits",
        "",
    ])
    func anOfferWithAnythingElseIsDeclined(_ parameters: String) {
        #expect(response("permessage-deflate; \(parameters)") == nil)
        #expect(response("permessage-deflate; \(parameters)", "permessage-deflate") == "permessage-deflate")
    }

    @Test func theFirstAcceptableOfferWins() {
        #expect(
            response("permessage-deflate; server_max_window_bits=9", "permessage-deflate")
                == "permessage-deflate; server_max_window_bits=9")
    }

    @Test func theAnswerNamesTheExtension() throws {
        let agreed = try #require(PermessageDeflate.negotiate(["permessage-deflate"], .takeover))
        let head = String(decoding: WebSocketHandshake.response(key: "x", protocol: nil, agreed), as: UTF8.self)
        #expect(head.contains("\r\nSec-WebSocket-Extensions: permessage-deflate\r\n"))
    }
}
