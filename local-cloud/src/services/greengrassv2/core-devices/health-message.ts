import * as z from 'zod';
import type { CoreDeviceRecord, InstalledRecord } from '../records.ts';

const STATES = ['NEW', 'INSTALLED', 'STARTING', 'RUNNING', 'STOPPING', 'ERRORED', 'BROKEN', 'FINISHED'] as const;

/** As nuclei send it to `$aws/things/<thing>/greengrassv2/health/json` (nucleus, `status/model/FleetStatusDetails.java`). */
export const healthMessageSchema = z.object({
  ggcVersion: z.string(),
  platform: z.string(),
  architecture: z.string(),
  /** Of nucleus lite. */
  runtime: z.string().default('aws_nucleus_classic'),
  thing: z.string(),
  overallDeviceStatus: z.enum(['HEALTHY', 'UNHEALTHY']),
  sequenceNumber: z.number().int(),
  /** ms */
  timestamp: z.number().int(),
  messageType: z.enum(['COMPLETE', 'PARTIAL']),
  trigger: z.string(),
  chunkInfo: z.object({ chunkId: z.number().int(), totalChunks: z.number().int() }).optional(),
  components: z
    .array(
      z.object({
        componentName: z.string(),
        version: z.string().nullish(),
        fleetConfigArns: z.array(z.string()).nullish(),
        componentStatusDetails: z
          .object({ statusCodes: z.array(z.string()).nullish(), statusReason: z.string().nullish() })
          .nullish(),
        isRoot: z.boolean().default(false),
        status: z.enum(STATES),
      }),
    )
    .nullish(),
  deploymentInformation: z
    .object({
      status: z.string().nullish(),
      deploymentId: z.string().nullish(),
      fleetConfigurationArnForStatus: z.string().nullish(),
      statusDetails: z
        .object({
          detailedStatus: z.string().nullish(),
          failureCause: z.string().nullish(),
          errorStack: z.array(z.string()).nullish(),
          errorTypes: z.array(z.string()).nullish(),
        })
        .nullish(),
    })
    .nullish(),
});

export type HealthMessage = z.infer<typeof healthMessageSchema>;
type ReportedComponent = NonNullable<HealthMessage['components']>[number];

/**
 * The core device as it is after a message; undefined for one that a later message has overtaken.
 * assumed: a component that a partial message names without the deployments that brought it was removed, as the nucleus tells no other
 * way.
 */
export function afterMessage(
  before: CoreDeviceRecord | undefined,
  message: HealthMessage,
  arn: string,
): CoreDeviceRecord | undefined {
  const at = message.timestamp;
  if (before !== undefined && before.statusAt > at) return undefined;
  const whole = message.messageType === 'COMPLETE' && (message.chunkInfo?.chunkId ?? 1) <= 1;
  const components: Record<string, InstalledRecord> = whole ? {} : { ...before?.components };
  for (const reported of message.components ?? []) {
    const name = reported.componentName;
    const isGone = message.messageType === 'PARTIAL' && (reported.fleetConfigArns ?? []).length === 0;
    if (isGone) delete components[name];
    else components[name] = installed(reported, before?.components[name], at);
  }
  return {
    thingName: message.thing,
    arn,
    version: message.ggcVersion,
    platform: message.platform,
    architecture: message.architecture,
    runtime: message.runtime,
    status: message.overallDeviceStatus,
    statusAt: at,
    components,
    tags: before?.tags ?? {},
  };
}

function installed(reported: ReportedComponent, before: InstalledRecord | undefined, at: number): InstalledRecord {
  const { componentStatusDetails: details, fleetConfigArns, isRoot, status, version } = reported;
  const same = before?.state === status && before.version === (version ?? '');
  return {
    version: version ?? '',
    state: status,
    ...(typeof details?.statusReason === 'string' &&
      details.statusReason !== '' && { stateReason: details.statusReason }),
    ...(details?.statusCodes != null && { statusCodes: details.statusCodes }),
    isRoot,
    changedAt: same ? before.changedAt : at,
    reportedAt: at,
    sources: fleetConfigArns ?? [],
  };
}
