internal import Shared

let arguments = ProcessEnvironment.arguments
if arguments.contains("--help") || arguments.contains("-h") {
    let summary = "moves accepted messages from Redis into PostgreSQL."
    StandardStreams.write(ConfigHelp.text(program: "persister", summary: summary, groups: PersisterConfig.groups))
    Process.exit(0)
}
if arguments == ["--version"] {
    StandardStreams.write("\(Version.current)\n")
    Process.exit(0)
}
guard arguments.isEmpty else {
    StandardStreams.writeError("persister: unknown argument \(arguments[0]); see persister --help\n")
    Process.exit(64)
}
Signals.block(Signals.terminating)
if let problem = Bootstrap.run(environment: ProcessEnvironment.variables) {
    StandardStreams.writeError(problem)
    Process.exit(78)
}
