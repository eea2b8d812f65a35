internal import Glibc

/// How many descriptors the process may have open (setrlimit(2), RLIMIT_NOFILE).
public enum DescriptorLimit {
    /// Raises the limit as far as the process may by itself, to the hard one; returns what holds then.
    public static func raise() -> Int {
        let resource = __rlimit_resource_t(RLIMIT_NOFILE.rawValue)
        var limit = rlimit()
        guard getrlimit(resource, &limit) == 0 else { return 0 }
        var raised = rlimit(rlim_cur: limit.rlim_max, rlim_max: limit.rlim_max)
        return Int(clamping: setrlimit(resource, &raised) == 0 ? limit.rlim_max : limit.rlim_cur)
    }
}
