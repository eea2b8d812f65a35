internal import Gateway

GatewayProgram.run()
