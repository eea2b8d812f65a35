// swift-tools-version: 6.2
import PackageDescription

let settings: [SwiftSetting] = [
    .enableUpcomingFeature("NonisolatedNonsendingByDefault"),
    .enableUpcomingFeature("ExistentialAny"),
    .enableUpcomingFeature("InternalImportsByDefault"),
    .treatAllWarnings(as: .error),
    .unsafeFlags(["-enforce-exclusivity=unchecked"], .when(configuration: .release)),
]

let package = Package(
    name: "Parley",
    products: [
        .executable(name: "gateway", targets: ["GatewayMain"]),
        .executable(name: "persister", targets: ["Persister"]),
        .executable(name: "parley", targets: ["Parley"]),
    ],
    targets: [
        .target(name: "CLinux", path: "Sources/CModules/CLinux"),
        .systemLibrary(name: "CHiredis", path: "Sources/CModules/CHiredis", providers: [.apt(["libhiredis-dev"])]),
        .systemLibrary(name: "COpenSSL", path: "Sources/CModules/COpenSSL", providers: [.apt(["libssl-dev"])]),
        .systemLibrary(name: "CCurl", path: "Sources/CModules/CCurl", providers: [.apt(["libcurl4-openssl-dev"])]),
        .systemLibrary(name: "CZlib", path: "Sources/CModules/CZlib", providers: [.apt(["zlib1g-dev"])]),
        .systemLibrary(
            name: "CPostgres", path: "Sources/CModules/CPostgres", pkgConfig: "libpq", providers: [.apt(["libpq-dev"])]),
        .target(
            name: "Shared",
            dependencies: ["CLinux", "CCurl", "CHiredis", "COpenSSL", "CPostgres"],
            resources: [
                .embedInCode("Redis/Scripts"),
                .embedInCode("Postgres/Migrations"),
            ],
            swiftSettings: settings),
        // A library, so that Tests/ConformanceServer can host its protocols; GatewayMain is the program.
        .target(
            name: "Gateway", dependencies: ["Shared", "CLinux", "CZlib"], exclude: ["Main"],
            resources: [.embedInCode("Web/Assets")], swiftSettings: settings),
        .executableTarget(
            name: "GatewayMain", dependencies: ["Gateway"], path: "Sources/Gateway/Main", swiftSettings: settings),
        .executableTarget(name: "Persister", dependencies: ["Shared"], swiftSettings: settings),
        .executableTarget(name: "Parley", dependencies: ["Shared"], swiftSettings: settings),
        .executableTarget(
            name: "ConformanceServer", dependencies: ["Gateway", "Shared"], path: "Tests/ConformanceServer",
            swiftSettings: settings),
        .testTarget(name: "SharedTests", dependencies: ["Shared", "COpenSSL"], swiftSettings: settings),
        .testTarget(name: "GatewayTests", dependencies: ["Gateway", "Shared"], swiftSettings: settings),
        .testTarget(name: "PersisterTests", dependencies: ["Persister", "Shared"], swiftSettings: settings),
        .testTarget(
            name: "IntegrationTests", dependencies: ["Gateway", "Persister", "Shared"], swiftSettings: settings),
    ]
)
