import { DescribeThingCommand, type IoTClient } from '@aws-sdk/client-iot';
import { errorName } from './errors.ts';

export type DeviceFinding =
  | { readonly ok: true; readonly deviceType: string }
  | { readonly ok: false; readonly reason: 'UNKNOWN_THING' | 'NOT_A_DEVICE'; readonly message: string };

/** Which type a thing of this stage is. */
export async function findDeviceType(
  client: IoTClient,
  thingNamePrefix: string,
  thingName: string,
): Promise<DeviceFinding> {
  if (!thingName.startsWith(thingNamePrefix)) {
    const message = `things of this stage begin with ${thingNamePrefix}, got ${thingName}`;
    return { ok: false, reason: 'UNKNOWN_THING', message };
  }
  try {
    const { attributes } = await client.send(new DescribeThingCommand({ thingName }));
    const deviceType = attributes?.deviceType;
    if (deviceType !== undefined) return { ok: true, deviceType };
    return { ok: false, reason: 'NOT_A_DEVICE', message: `${thingName} has no device type` };
  } catch (error) {
    if (errorName(error) !== 'ResourceNotFoundException') throw error;
    return { ok: false, reason: 'UNKNOWN_THING', message: `there is no thing ${thingName}` };
  }
}
