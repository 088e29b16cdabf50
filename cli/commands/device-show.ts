import {
  DescribeCertificateCommand,
  ListThingGroupsForThingCommand,
  paginateListJobExecutionsForThing,
  paginateListThingPrincipals,
  SearchIndexCommand,
} from '@aws-sdk/client-iot';
import { findDevice } from '../device/find-device.ts';
import { isNamed } from '../operator/back-off.ts';
import { withClients } from '../operator/clients.ts';
import { openStage, type StageOptions } from '../operator/stage.ts';
import { stageOutputs, stageStacks } from '../operator/stage-stacks.ts';
import { shadowNames } from '../purge/delete-device.ts';

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
}

/** `fleetwright device show`: one device with its certificates, groups, shadows and jobs. */
export async function deviceShow(name: string, options: DeviceShowOptions): Promise<void> {
  const stage = openStage(options);
  await withClients(stage, async (clients) => {
    const { cloudFormation, iot } = clients;
    const { DeviceTypes } = stageOutputs(await stageStacks(cloudFormation, stage), stage, ['DeviceTypes']);
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
  ];
  const width = Math.max(...rows.map(([label]) => label.length));
  return `${rows.map(([label, value]) => `${label.padEnd(width)}  ${value}`).join('\n')}\n`;
}
