internal import Shared

/// What a command needs to work on a deployment: its common settings, and an event loop that the calling thread runs.
struct Deployment {
    let config: CommonConfig
    let loop: EventLoop

    init(_ environment: [String: String]) throws(CommandFailure) {
        do {
            config = try CommonConfig.read(environment: environment)
            loop = try EventLoop()
        } catch {
            throw .failed("\(error)")
        }
    }
}
