import { DescribeThingCommand, type DescribeThingResponse, type IoTClient } from '@aws-sdk/client-iot';
import { serialNumberSchema } from '@fleetwright/contracts';
import { Failure } from '../failure.ts';
import { ifThere } from '../operator/back-off.ts';
import type { Stage } from '../operator/stage.ts';

export interface FoundDevice extends DescribeThingResponse {
  readonly thingName: string;
  readonly attributes: Record<string, string>;
}

/**
 * A device of the stage by thing name or serial number.
 * @throws Failure for one that does not exist or is not the stage's
 */
export async function findDevice(
  iot: IoTClient,
  stage: Stage,
  deviceTypes: readonly string[],
  name: string,
): Promise<FoundDevice> {
  const candidates = serialNumberSchema.safeParse(name).success
    ? deviceTypes.map((deviceType) => stage.names.thingName(deviceType, name))
    : [];
  const types = new Set(deviceTypes.map((deviceType) => stage.names.thingType(deviceType)));
  for (const thingName of [name, ...candidates]) {
    const thing = await ifThere(() => iot.send(new DescribeThingCommand({ thingName })));
    if (thing === undefined) continue;
    if (!types.has(thing.thingTypeName ?? '')) {
      throw new Failure(
        `${thingName} is no device of ${stage.prefix}: its type is ${thing.thingTypeName ?? 'not set'}`,
      );
    }
    return { ...thing, thingName, attributes: thing.attributes ?? {} };
  }
  throw new Failure(`no device of ${stage.prefix} is called ${name}; \`fleetwright device list\` shows all`);
}
