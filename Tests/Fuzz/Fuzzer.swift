import Glibc
import Shared

/// What libFuzzer (LLVM, "libFuzzer – a library for coverage-guided fuzz testing") calls with each input.
///
/// One program holds all targets; the variable FUZZ_TARGET chooses one, so that the parsers are instrumented and linked once.
enum Fuzzer {
    private static let targets: [String: @Sendable (ArraySlice<UInt8>) -> Void] = [
        "http": HTTPTarget.run,
        "multipart": MultipartTarget.run,
        "files": FilesTarget.run,
        "websocket": WebSocketTarget.run,
        "deflate": WebSocketTarget.runCompressed,
        "stomp": StompTarget.run,
        "jwt": JWTTarget.run,
        "json": JSONTarget.run,
        "commands": CommandsTarget.run,
        "proxy": ProxyTarget.run,
        "entries": EntriesTarget.run,
    ]

    static let chosen: @Sendable (ArraySlice<UInt8>) -> Void = {
        let name = getenv("FUZZ_TARGET").map { String(cString: $0) } ?? ""
        guard let target = targets[name] else {
            StandardStreams.writeError("FUZZ_TARGET must be one of \(targets.keys.sorted().joined(separator: ", "))\n")
            exit(64)
        }
        return target
    }()
}

/// The entry point that libFuzzer looks for by this name.
@_cdecl("LLVMFuzzerTestOneInput")
public func testOneInput(_ bytes: UnsafePointer<UInt8>?, _ count: Int) -> CInt {
    Fuzzer.chosen(Array(UnsafeBufferPointer(start: bytes, count: count))[...])
    return 0
}

/// An input's first byte says how the rest is cut into reads, since a parser must not care.
struct Reads {
    let whole: [UInt8]
    private let size: Int

    init?(_ input: ArraySlice<UInt8>) {
        guard let first = input.first else { return nil }
        size = Int(first % 32) + 1
        whole = Array(input.dropFirst())
    }

    var pieces: [ArraySlice<UInt8>] {
        stride(from: 0, to: whole.count, by: size).map { whole[$0..<min($0 + size, whole.count)] }
    }
}

/// Ends the program where something isn't as it has to be; unlike `precondition` it says what, also in optimised code.
func expect(_ holds: Bool, _ broken: StaticString) {
    if !holds { fatalError("\(broken)") }
}
