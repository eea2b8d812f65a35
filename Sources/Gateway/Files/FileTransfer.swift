/// One of the uploads and downloads that a node has at a time: each holds a descriptor beside its client's connection.
final class FileTransfer {
    private let node: NodeContext

    /// nil where the node has as many as it takes.
    init?(_ node: NodeContext) {
        guard node.transfers.take() else { return nil }
        self.node = node
    }

    deinit {
        node.transfers.giveBack()
    }
}
