import type { CloudContext } from '../../../core/plugin.ts';
import type { CoreDeviceRecord, InstalledRecord } from '../records.ts';
import type { HealthMessage } from './health-message.ts';

/** "Emits an event when a deployment enters the following states". */
const ENDS: ReadonlySet<string> = new Set(['FAILED', 'SUCCEEDED', 'COMPLETED', 'REJECTED', 'CANCELED']);
/** "Emits an event when a component enters the following states … also when a deployment completes". */
const FAULTS: ReadonlySet<string> = new Set(['ERRORED', 'BROKEN']);

/** What a message of a core device means for EventBridge (developer guide, `deployment-health-notifications`). */
export function publishStatusEvents(
  context: CloudContext,
  message: HealthMessage,
  before: CoreDeviceRecord | undefined,
  after: CoreDeviceRecord,
): void {
  const events = context.ports.find('awsEvents');
  if (events === undefined) return;
  const publish = (change: string, detail: Readonly<Record<string, unknown>>): void => {
    const event = { source: 'aws.greengrass', detailType: `Greengrass V2 ${change}`, resources: [after.arn], detail };
    events.publish({ ...event, time: context.clock.now() }).catch((error: unknown) => {
      context.log('error', 'an event of a core device is lost', { core: after.thingName, reason: String(error) });
    });
  };
  const deployment = message.deploymentInformation;
  const hasEnded = deployment?.status != null && ENDS.has(deployment.status);
  if (hasEnded) publish('Effective Deployment Status Change', deploymentDetail(message, deployment));
  const changed = Object.entries(after.components).filter(
    ([name, { state }]) => hasEnded || (FAULTS.has(state) && before?.components[name]?.state !== state),
  );
  if (changed.length > 0) {
    publish('Installed Component Status Change', {
      components: changed.map(([name, component]) => componentDetail(name, component)),
    });
  }
}

function deploymentDetail(
  { trigger }: HealthMessage,
  { deploymentId, status, statusDetails }: NonNullable<HealthMessage['deploymentInformation']>,
) {
  // "COMPLETED – The deployment to an IoT thing was completed successfully" (API EffectiveDeployment).
  const isCompleted = status === 'SUCCEEDED' && trigger === 'THING_DEPLOYMENT';
  return {
    deploymentId,
    coreDeviceExecutionStatus: isCompleted ? 'COMPLETED' : status,
    statusDetails: { errorStack: statusDetails?.errorStack ?? [], errorTypes: statusDetails?.errorTypes ?? [] },
    reason: statusDetails?.failureCause ?? '',
  };
}

function componentDetail(
  name: string,
  { isRoot, state, stateReason = '', statusCodes = [], version }: InstalledRecord,
) {
  return {
    componentName: name,
    componentVersion: version,
    root: isRoot,
    lifecycleState: state,
    lifecycleStatusCodes: statusCodes,
    lifecycleStateDetails: stateReason,
  };
}
