import { paginateListThings } from '@aws-sdk/client-iot';
import { LIFECYCLE_STATES } from '@fleetwright/contracts';
import { Failure } from '../failure.ts';
import { ifThere } from '../operator/back-off.ts';
import { withClients } from '../operator/clients.ts';
import { openStage, type StageOptions } from '../operator/stage.ts';
import { stageOutputs, stageStacks } from '../operator/stage-stacks.ts';
import { formatTable } from '../output/table.ts';

export interface DeviceListOptions extends StageOptions {
  readonly json?: boolean;
  readonly site?: string;
  readonly deviceType?: string;
  readonly state?: string;
  readonly limit: number;
}

const COLUMNS = ['thingName', 'deviceType', 'site', 'state', 'serialNumber'] as const;

/** `fleetwright device list`: the devices of a stage, from the registry. */
export async function deviceList(options: DeviceListOptions): Promise<void> {
  if (options.state !== undefined && !(LIFECYCLE_STATES as readonly string[]).includes(options.state)) {
    throw new Failure(`--state is one of ${LIFECYCLE_STATES.join(', ')}`);
  }
  const stage = openStage(options);
  await withClients(stage, async ({ cloudFormation, iot }) => {
    const { DeviceTypes } = stageOutputs(await stageStacks(cloudFormation, stage), stage, ['DeviceTypes']);
    const types = DeviceTypes.split(',').filter(
      (type) => options.deviceType === undefined || type === options.deviceType,
    );
    if (types.length === 0) throw new Failure(`--device-type is one of ${DeviceTypes}`);
    const rows: string[][] = [];
    let more = false;
    for (const type of types) {
      const thingTypeName = stage.names.thingType(type);
      await ifThere(async () => {
        for await (const { things = [] } of paginateListThings({ client: iot, pageSize: 250 }, { thingTypeName })) {
          for (const { attributes = {}, thingName = '' } of things) {
            if (options.site !== undefined && attributes.site !== options.site) continue;
            if (options.state !== undefined && attributes.state !== options.state) continue;
            if (rows.length >= options.limit) {
              more = true;
              return;
            }
            rows.push(COLUMNS.map((column) => (column === 'thingName' ? thingName : (attributes[column] ?? ''))));
          }
        }
      });
    }
    if (options.json === true) {
      for (const row of rows) {
        process.stdout.write(`${JSON.stringify(Object.fromEntries(COLUMNS.map((column, at) => [column, row[at]])))}\n`);
      }
    } else {
      process.stdout.write(`${formatTable({ columns: COLUMNS, rows })}\n`);
      process.stdout.write(`${rows.length} device${rows.length === 1 ? '' : 's'}\n`);
    }
    if (more) process.stderr.write(`There are more: raise --limit above ${options.limit}.\n`);
  });
}
