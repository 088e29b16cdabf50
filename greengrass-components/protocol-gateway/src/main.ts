import { runComponent } from '../../shared/src/run-component.ts';
import { gatewayConfigurationSchema } from './configuration/gateway-configuration.ts';
import { ProtocolGateway } from './protocol-gateway.ts';

runComponent(new ProtocolGateway(), gatewayConfigurationSchema);
