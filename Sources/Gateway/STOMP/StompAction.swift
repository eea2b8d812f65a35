/// How deliveries of a subscription are acknowledged (STOMP 1.2, "SUBSCRIBE").
enum StompAckMode: String, Sendable, Equatable {
    case auto
    /// One ACK settles everything up to it.
    case client
    case clientIndividual = "client-individual"
}

/// Which delivery an ACK or NACK is about: each version names it in its own way.
enum StompAckReference: Sendable, Equatable {
    /// STOMP 1.2: what the `ack` header of the MESSAGE said.
    case id(String)
    /// STOMP 1.1 and 1.0, which has no `subscription`.
    case message(id: String, subscription: String?)
}

/// What a frame asks the gateway to do; `receipt` is the RECEIPT to send once it is done.
enum StompAction: Sendable, Equatable {
    case connect(StompConnect)
    case send(destination: String, frame: StompFrame, receipt: String?)
    /// The frame holds further headers. `hasID` is false where a 1.0 client gave none and `id` is its destination.
    case subscribe(
        id: String, destination: String, ackMode: StompAckMode, frame: StompFrame, hasID: Bool, receipt: String?)
    case unsubscribe(id: String, receipt: String?)
    case ack(StompAckReference, receipt: String?)
    case nack(StompAckReference, receipt: String?)
    /// The `send`, `ack` and `nack` that the transaction held, in order; theirs carry no receipt, it was sent before.
    case commit([StompAction], receipt: String?)
    /// Nothing is left to do but the RECEIPT, if one is asked for.
    case handled(receipt: String?)
    /// RECEIPT, then give the client a moment to close.
    case disconnect(receipt: String?)
    /// The frame had no effect; the client must be told, the connection may live.
    case refuse(StompFailure)
    /// ERROR, then close.
    case fail(StompFailure)
}
