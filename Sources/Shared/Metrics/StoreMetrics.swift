extension MetricsRegistry {
    /// Measures how long Redis takes; `connection` names the connections that are measured together.
    public func observe(_ redis: RedisConnection, as connection: String) {
        let latency = histogram(
            "parley_redis_seconds",
            help: "From the turn in which a command was sent to Redis to that of its answer.",
            labels: [("connection", connection)])
        redis.answered = { latency.observe(nanoseconds: $0) }
    }

    /// Measures how long PostgreSQL takes; `pool` names the pools that are measured together.
    public func observe(_ postgres: PostgresPool, as pool: String) {
        let latency = histogram(
            "parley_postgres_seconds",
            help: "From the turn in which a query was sent to PostgreSQL to that of its answer.",
            labels: [("pool", pool)])
        postgres.answered = { latency.observe(nanoseconds: $0) }
    }
}
