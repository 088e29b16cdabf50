import {
  DescribeCertificateCommand,
  ListThingGroupsForThingCommand,
  paginateListJobExecutionsForThing,
  paginateListThingPrincipals,
  SearchIndexCommand,
} from '@aws-sdk/client-iot';
import { findDevice } from '../device/find-device.ts';
import type { Latest } from '../hot-store/hot-store.ts';
import { openHotStore } from '../hot-store/open-hot-store.ts';
import { isNamed } from '../operator/back-off.ts';
import { withClients } from '../operator/clients.ts';
import { openStage, type StageOptions } from '../operator/stage.ts';
import { stageOutputs, stageStacks } from '../operator/stage-stacks.ts';
import { shadowNames } from '../purge/delete-device.ts';
import type { AwsClientSettings } from '../running-cloud.ts';

export interface DeviceShowOptions extends StageOptions {
  readonly json?: boolean;
}

interface DeviceView {
  readonly thingName: string;
  readonly thingTypeName: string | undefined;
  readonly attributes: Readonly<Record<string, string>>;
  readonly groups: readonly string[];
  readonly certificates: readonly { id: string; status: string | undefined; notAfter: string | undefined }[];
  readonly shadows: readonly string[];
  readonly jobs: readonly { jobId: string | undefined; status: string | undefined }[];
  /** Undefined where fleet indexing of connections is off. */
  readonly connected: boolean | undefined;
  /** What the hot store found last. */
  readonly sample: Latest | undefined;
  readonly health: Latest | undefined;
}

/** `fleetwright device show`: one device with its certificates, groups, shadows and jobs. */
export async function deviceShow(name: string, options: DeviceShowOptions): Promise<void> {
  const stage = openStage(options);
  await withClients(stage, async (clients) => {
    const { cloudFormation, iot } = clients;
    const stacks = await stageStacks(cloudFormation, stage);
    const { DeviceTypes } = stageOutputs(stacks, stage, ['DeviceTypes']);
    const { attributes, thingName, thingTypeName } = await findDevice(iot, stage, DeviceTypes.split(','), name);
    const { thingGroups = [] } = await iot.send(new ListThingGroupsForThingCommand({ thingName }));
    const certificates: { id: string; status: string | undefined; notAfter: string | undefined }[] = [];
    for await (const { principals = [] } of paginateListThingPrincipals({ client: iot }, { thingName })) {
      for (const principal of principals.filter((arn) => arn.includes(':cert/'))) {
        const id = principal.slice(principal.lastIndexOf('/') + 1);
        const { certificateDescription } = await iot.send(new DescribeCertificateCommand({ certificateId: id }));
        const notAfter = certificateDescription?.validity?.notAfter?.toISOString();
        certificates.push({ id, status: certificateDescription?.status, notAfter });
      }
    }
    const jobs: { jobId: string | undefined; status: string | undefined }[] = [];
    for await (const page of paginateListJobExecutionsForThing({ client: iot }, { thingName })) {
      for (const { jobExecutionSummary, jobId } of page.executionSummaries ?? []) {
        jobs.push({ jobId, status: jobExecutionSummary?.status });
      }
    }
    const view: DeviceView = {
      thingName,
      thingTypeName,
      attributes,
      groups: thingGroups.map(({ groupName = '' }) => groupName),
      certificates,
      shadows: await shadowNames(await clients.data(), thingName),
      jobs,
      connected: await connectivity(),
      ...(await latest(stage.settings, stacks.outputs, thingName)),
    };
    process.stdout.write(options.json === true ? `${JSON.stringify(view)}\n` : textOf(view));

    async function connectivity(): Promise<boolean | undefined> {
      try {
        const { things = [] } = await iot.send(new SearchIndexCommand({ queryString: `thingName:"${thingName}"` }));
        return things[0]?.connectivity?.connected;
      } catch (error) {
        if (isNamed(error, 'IndexNotReadyException', 'ResourceNotFoundException', 'InvalidRequestException')) {
          return undefined;
        }
        throw error;
      }
    }
  });
}

async function latest(
  settings: AwsClientSettings,
  outputs: Readonly<Record<string, string>>,
  thingName: string,
): Promise<Pick<DeviceView, 'sample' | 'health'>> {
  const store = openHotStore(settings, outputs);
  try {
    const [sample, health] = await Promise.all([store.latestSample(thingName), store.latestHealth(thingName)]);
    return { sample, health };
  } finally {
    store.close();
  }
}

function valuesOf(found: Latest | undefined): string {
  if (found === undefined) return 'none';
  const values = Object.entries(found.values).map(([name, value]) => `${name} ${value}`);
  return `${found.time}: ${values.join(', ')}`;
}

function textOf(view: DeviceView): string {
  const known = view.connected === undefined ? 'not known: fleet indexing is off' : view.connected ? 'yes' : 'no';
  const rows: [string, string][] = [
    ['thing', view.thingName],
    ['type', view.thingTypeName ?? ''],
    ...Object.entries(view.attributes).sort(([left], [right]) => (left < right ? -1 : 1)),
    ['groups', view.groups.join(', ')],
    ...view.certificates.map(({ id, notAfter, status }): [string, string] => [
      'certificate',
      `${id.slice(0, 12)}… ${status}, until ${notAfter ?? 'unknown'}`,
    ]),
    ['shadows', view.shadows.join(', ') || 'none named'],
    ...view.jobs.map(({ jobId, status }): [string, string] => ['job', `${jobId} ${status}`]),
    ['connected', known],
    ['last sample', valuesOf(view.sample)],
    ['last health', valuesOf(view.health)],
  ];
  const width = Math.max(...rows.map(([label]) => label.length));
  return `${rows.map(([label, value]) => `${label.padEnd(width)}  ${value}`).join('\n')}\n`;
}
