import {
  DescribeCertificateCommand,
  type IoTClient,
  ListThingsCommand,
  paginateListThingPrincipals,
  paginateListThingsInThingGroup,
} from '@aws-sdk/client-iot';
import { GetThingShadowCommand, type IoTDataPlaneClient } from '@aws-sdk/client-iot-data-plane';
import {
  firmwareShadowSchema,
  LIFECYCLE_ATTRIBUTE,
  type PlatformNames,
  PRESENCE_SHADOW,
  presenceShadowSchema,
} from '@fleetwright/contracts';
import * as z from 'zod';
import { errorName } from '../shared/errors.ts';
import { inParallel } from '../shared/in-parallel.ts';
import type { Candidate } from './judge-device.ts';
import type { FleetPorts } from './ports.ts';

/** At most 250 (IoT API reference, ListThings); each thing costs a request for its shadow. */
const PAGE = 100;
const WIDTH = 8;
/** Attribute of a thing that tells its hardware revision before the device does, in its `firmware` shadow. */
const HARDWARE_ATTRIBUTE = 'hardwareRevision';

export function fleet(
  iot: IoTClient,
  data: () => Promise<IoTDataPlaneClient>,
  names: Pick<PlatformNames, 'thingType'>,
): FleetPorts {
  const reported = async <T>(thingName: string, shadowName: string, schema: z.ZodType<T>): Promise<T | undefined> => {
    try {
      const { payload } = await (await data()).send(new GetThingShadowCommand({ thingName, shadowName }));
      const document: unknown = JSON.parse(Buffer.from(payload ?? []).toString('utf8'));
      const parsed = z.object({ state: z.object({ reported: schema }) }).safeParse(document);
      return parsed.success ? parsed.data.state.reported : undefined;
    } catch (error) {
      if (errorName(error) === 'ResourceNotFoundException') return undefined;
      throw error;
    }
  };
  return {
    async search(deviceTypes, token) {
      const [at, next] = readToken(token);
      const deviceType = deviceTypes[at];
      if (deviceType === undefined) return { devices: [], token: undefined };
      const { nextToken, things = [] } = await iot.send(
        new ListThingsCommand({
          thingTypeName: names.thingType(deviceType),
          maxResults: PAGE,
          ...(next !== '' && { nextToken: next }),
        }),
      );
      const devices: Candidate[] = [];
      await inParallel(things, WIDTH, async ({ attributes = {}, thingName }) => {
        if (thingName === undefined) return;
        const shadow = await reported(thingName, 'firmware', firmwareShadowSchema);
        devices.push({
          thingName,
          state: attributes[LIFECYCLE_ATTRIBUTE],
          hardwareRevision: shadow?.hardwareRevision ?? attributes[HARDWARE_ATTRIBUTE],
          firmware: shadow?.version,
        });
      });
      const following = nextToken === undefined ? [at + 1, ''] : [at, nextToken];
      return { devices, token: (following[0] as number) < deviceTypes.length ? following.join('|') : undefined };
    },
    async canaries(thingGroupName) {
      const members = new Set<string>();
      for await (const { things = [] } of paginateListThingsInThingGroup(
        { client: iot },
        { thingGroupName, recursive: true },
      )) {
        for (const thing of things) members.add(thing);
      }
      return members;
    },
    async keysOf(thingName) {
      const keys: string[] = [];
      for await (const { principals = [] } of paginateListThingPrincipals({ client: iot }, { thingName })) {
        for (const principal of principals) {
          const certificateId = /:cert\/([0-9a-f]{64})$/.exec(principal)?.[1];
          if (certificateId === undefined) continue;
          const { certificateDescription } = await iot.send(new DescribeCertificateCommand({ certificateId }));
          const { certificatePem, status } = certificateDescription ?? {};
          if (certificatePem !== undefined && status !== 'REVOKED') keys.push(certificatePem);
        }
      }
      return keys;
    },
    async isHealthy(thingName, version) {
      const firmware = await reported(thingName, 'firmware', firmwareShadowSchema);
      if (firmware?.version !== version) return false;
      const presence = await reported(thingName, PRESENCE_SHADOW, presenceShadowSchema);
      return presence === undefined || presence.status === 'online';
    },
  };
}

/** `{index of the device type}|{token of ListThings}` */
function readToken(token: string | undefined): [number, string] {
  if (token === undefined) return [0, ''];
  const bar = token.indexOf('|');
  return [Number(token.slice(0, bar)), token.slice(bar + 1)];
}
