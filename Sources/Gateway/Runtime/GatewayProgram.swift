internal import Shared

/// The program `gateway`: what its arguments and its environment ask for.
package enum GatewayProgram {
    /// Runs the program to its end.
    package static func run() {
        let arguments = ProcessEnvironment.arguments
        if arguments.contains("--help") || arguments.contains("-h") {
            let summary = "terminates WebSocket and STOMP, accepts messages into Redis and fans them out."
            StandardStreams.write(ConfigHelp.text(program: "gateway", summary: summary, groups: GatewayConfig.groups))
            Process.exit(0)
        }
        if arguments == ["--version"] {
            StandardStreams.write("\(Version.current)\n")
            Process.exit(0)
        }
        guard arguments.isEmpty else {
            StandardStreams.writeError("gateway: unknown argument \(arguments[0]); see gateway --help\n")
            Process.exit(64)
        }
        Signals.block(Signals.terminating + [Signals.reloading])
        switch Bootstrap.node(environment: ProcessEnvironment.variables) {
        case .success(let node): node.run()
        case .failure(let problem):
            StandardStreams.writeError(problem.text)
            Process.exit(78)
        }
    }
}
