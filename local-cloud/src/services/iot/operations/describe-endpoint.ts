import type { DescribeEndpointRequest, DescribeEndpointResponse } from '@aws-sdk/client-iot';
import type { Operation } from '../../../core/api.ts';
import { anywhere, type IotService, reading } from '../iot-service.ts';
import { requireOneOf } from '../registry/validation.ts';

const MQTT_OVER_TLS_PORT = 8883;
const TYPES = ['iot:Data', 'iot:Data-ATS', 'iot:CredentialProvider', 'iot:Jobs'] as const;

/**
 * One address serves devices with all protocols, so that all types have it in common. It carries a port where that is not
 * the one that clients of the type take by themselves: 8883 for MQTT, 443 for the types that speak HTTPS alone. `iot:Data`
 * differs on AWS by the authority that signed the server's certificate, of which there is one here.
 */
export function describeEndpoint(service: IotService): Operation {
  return reading<DescribeEndpointRequest, DescribeEndpointResponse>('DescribeEndpoint', anywhere, (input) => {
    const type = input.endpointType ?? 'iot:Data';
    requireOneOf('endpointType', type, TYPES);
    const { mqttHost, mqttPort } = service.context.ports.get('endpoints');
    const usual = type.startsWith('iot:Data') ? MQTT_OVER_TLS_PORT : 443;
    return { endpointAddress: mqttPort === usual ? mqttHost : `${mqttHost}:${mqttPort}` };
  });
}
