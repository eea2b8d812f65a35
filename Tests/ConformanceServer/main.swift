// conformance-server PORT: foreign test suites are pointed at it.
//
//   ws://127.0.0.1:PORT/echo               sends every message back
//   ws://127.0.0.1:PORT/echo/no-takeover   the same, each message compressed by itself
//   ws://127.0.0.1:PORT/stomp              a plain STOMP broker in memory: /topic/* and /queue/*
//
// Both stand on the gateway's own loop, connections and protocols. What is internal to the gateway can be imported in debug
// builds only.
internal import Shared

#if DEBUG
guard let argument = ProcessEnvironment.arguments.first, let port = UInt16(argument),
    let address = SocketAddress(literal: "127.0.0.1", port: port)
else {
    StandardStreams.writeError("usage: ConformanceServer PORT\n")
    Process.exit(64)
}
Signals.block(Signals.terminating)
do {
    try ConformanceServer.run(on: address)
} catch {
    StandardStreams.writeError("ConformanceServer: \(error)\n")
    Process.exit(1)
}
#else
StandardStreams.writeError("ConformanceServer exists in debug builds only\n")
Process.exit(78)
#endif
