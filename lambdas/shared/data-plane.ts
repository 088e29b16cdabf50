import { DescribeEndpointCommand, type IoTClient } from '@aws-sdk/client-iot';
import { IoTDataPlaneClient } from '@aws-sdk/client-iot-data-plane';
import { namedEndpoint } from './environment.ts';

/**
 * A client of the account's own data-plane endpoint, found at the first use of each environment. The region's general
 * address, which the SDK knows, is not promised to take all requests (aws-sdk-ruby #2840). An endpoint that the
 * environment names for all services (SDKs and tools reference, `AWS_ENDPOINT_URL`) outweighs it.
 */
export function dataPlane(registry: IoTClient): () => Promise<IoTDataPlaneClient> {
  let found: Promise<IoTDataPlaneClient> | undefined;
  return () => {
    found ??= find(registry).catch((error: unknown) => {
      found = undefined;
      throw error;
    });
    return found;
  };
}

async function find(registry: IoTClient): Promise<IoTDataPlaneClient> {
  if (namedEndpoint() !== undefined) return new IoTDataPlaneClient({});
  const { endpointAddress } = await registry.send(new DescribeEndpointCommand({ endpointType: 'iot:Data-ATS' }));
  return new IoTDataPlaneClient({ endpoint: `https://${endpointAddress}` });
}
