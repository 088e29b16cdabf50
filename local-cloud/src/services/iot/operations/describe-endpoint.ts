import type { DescribeEndpointRequest, DescribeEndpointResponse } from '@aws-sdk/client-iot';
import type { Operation } from '../../../core/api.ts';
import { NotImplementedError } from '../../../core/errors.ts';
import { invalidRequest } from '../errors.ts';
import { anywhere, type IotService, reading } from '../iot-service.ts';

const MQTT_OVER_TLS_PORT = 8883;
/** Known to AWS, without a counterpart here. `iot:Data` is also what AWS takes an absent type for. */
const NOT_BUILT = ['iot:Data', 'iot:CredentialProvider', 'iot:Jobs'];

/**
 * The address that devices connect to. It carries a port where that is not 8883, which on AWS it always is: clients
 * that take `host:port` need no further setting.
 */
export function describeEndpoint(service: IotService): Operation {
  return reading<DescribeEndpointRequest, DescribeEndpointResponse>('DescribeEndpoint', anywhere, (input) => {
    const type = input.endpointType ?? 'iot:Data';
    if (NOT_BUILT.includes(type)) throw new NotImplementedError(`the endpoint of type ${type}`);
    if (type !== 'iot:Data-ATS') throw invalidRequest(`Endpoint type ${type} is not valid`);
    const { mqttHost, mqttPort } = service.context.ports.get('endpoints');
    return { endpointAddress: mqttPort === MQTT_OVER_TLS_PORT ? mqttHost : `${mqttHost}:${mqttPort}` };
  });
}
