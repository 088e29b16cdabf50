import { randomBytes } from 'node:crypto';
import {
  AddThingToThingGroupCommand,
  CancelJobCommand,
  CreateJobCommand,
  CreateJobTemplateCommand,
  CreateThingGroupCommand,
  DeleteJobTemplateCommand,
  DeleteThingGroupCommand,
  DescribeJobCommand,
  DescribeJobExecutionCommand,
  GetJobDocumentCommand,
  type IoTClient,
  paginateListJobExecutionsForJob,
} from '@aws-sdk/client-iot';
import type { SignedKeySet } from '@fleetwright/contracts';
import * as z from 'zod';
import { errorName } from '../shared/errors.ts';
import { jobSettings, updateJobDocument } from './build-job.ts';
import type { ExecutionStatus, JobPorts } from './ports.ts';

export interface WaveJobSettings {
  readonly bucket: string;
  readonly region: string;
  /** `arn:aws:iot:us-east-1:123456789012:` */
  readonly arnPrefix: string;
  /** Role with which AWS IoT Jobs signs URLs. */
  readonly urlRoleArn: string;
  readonly urlSeconds: number;
  keySet(): Promise<SignedKeySet | undefined>;
}

const MISSING = ['ResourceNotFoundException'];
const THERE = ['ResourceAlreadyExistsException', 'ConflictException'];
/** Reason codes of ours, so that a job canceled for another reason is known (pattern: `[\p{Upper}\p{Digit}_]+`). */
const OWN_REASON = 'OTA_';

const documentSchema = z.object({ nonce: z.string() });

/** Groups, templates, jobs and executions of waves, on AWS IoT. */
export function waveJobs(iot: IoTClient, settings: WaveJobSettings): JobPorts {
  const arn = (kind: string, name: string) => `${settings.arnPrefix}${kind}/${name}`;
  return {
    async makeGroup(thingGroupName) {
      const thingGroupProperties = { thingGroupDescription: 'devices of one wave of a firmware update' };
      await unless(THERE, () => iot.send(new CreateThingGroupCommand({ thingGroupName, thingGroupProperties })));
    },
    async removeGroup(thingGroupName) {
      await unless(MISSING, () => iot.send(new DeleteThingGroupCommand({ thingGroupName })));
    },
    async addToGroup(thingGroupName, thingName) {
      const added = await unless(MISSING, () =>
        iot.send(new AddThingToThingGroupCommand({ thingGroupName, thingName })),
      );
      return added !== undefined;
    },
    async look(jobId) {
      const described = await unless(MISSING, () => iot.send(new DescribeJobCommand({ jobId })));
      if (described?.job === undefined) return undefined;
      const { document = '{}' } = await iot.send(new GetJobDocumentCommand({ jobId }));
      const executions = new Map<string, { status: ExecutionStatus; number: number }>();
      for await (const { executionSummaries = [] } of paginateListJobExecutionsForJob({ client: iot }, { jobId })) {
        for (const { jobExecutionSummary: summary, thingArn = '' } of executionSummaries) {
          const thingName = thingArn.slice(thingArn.indexOf('/') + 1);
          const number = Number(summary?.executionNumber ?? 0);
          if ((executions.get(thingName)?.number ?? -1) > number) continue;
          executions.set(thingName, { status: summary?.status as ExecutionStatus, number });
        }
      }
      const { reasonCode = '', status } = described.job;
      return {
        job: jobState(status, reasonCode),
        nonce: documentSchema.parse(JSON.parse(document)).nonce,
        executions: new Map([...executions].map(([thingName, { status: own }]) => [thingName, own])),
      };
    },
    async endOf(jobId, thingName) {
      const { execution } = await iot.send(new DescribeJobExecutionCommand({ jobId, thingName }));
      return execution?.statusDetails?.detailsMap ?? {};
    },
    async start(jobId, campaign, release) {
      const document = updateJobDocument(campaign, release, settings, {
        nonce: randomBytes(16).toString('hex'),
        now: Date.now(),
        keySet: await settings.keySet(),
      });
      const description = `firmware ${release.version}, campaign ${campaign.campaignId}`;
      await unless(THERE, () =>
        iot.send(
          new CreateJobTemplateCommand({
            jobTemplateId: jobId,
            description,
            document,
            presignedUrlConfig: { roleArn: settings.urlRoleArn, expiresInSec: settings.urlSeconds },
            ...jobSettings(campaign.settings),
          }),
        ),
      );
      await unless(THERE, () =>
        iot.send(
          new CreateJobCommand({
            jobId,
            description,
            jobTemplateArn: arn('jobtemplate', jobId),
            targets: [arn('thinggroup', jobId)],
            targetSelection: 'SNAPSHOT',
          }),
        ),
      );
    },
    async cancel(jobId, reason) {
      const described = await unless(MISSING, () => iot.send(new DescribeJobCommand({ jobId })));
      const { status } = described?.job ?? {};
      if (status !== 'IN_PROGRESS' && status !== 'SCHEDULED') return;
      await iot.send(new CancelJobCommand({ jobId, reasonCode: `${OWN_REASON}${reason}` }));
    },
    async removeTemplate(jobTemplateId) {
      await unless(MISSING, () => iot.send(new DeleteJobTemplateCommand({ jobTemplateId })));
    },
  };
}

/** AWS says that an abort configuration gives its job a reason code, and not which. */
function jobState(status: string | undefined, reasonCode: string): 'ACTIVE' | 'COMPLETED' | 'CANCELED' | 'ABORTED' {
  if (status === 'COMPLETED') return 'COMPLETED';
  if (status !== 'CANCELED' && status !== 'DELETION_IN_PROGRESS') return 'ACTIVE';
  return !reasonCode.startsWith(OWN_REASON) && reasonCode.includes('ABORT') ? 'ABORTED' : 'CANCELED';
}

async function unless<T>(names: readonly string[], ask: () => Promise<T>): Promise<T | undefined> {
  try {
    return await ask();
  } catch (error) {
    if (names.includes(errorName(error))) return undefined;
    throw error;
  }
}
