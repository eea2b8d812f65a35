internal import Shared

Process.exit(CommandLineTool.run(ProcessEnvironment.arguments, environment: ProcessEnvironment.variables))
