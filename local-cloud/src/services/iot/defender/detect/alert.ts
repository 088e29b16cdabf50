import type { AlertTarget } from '@aws-sdk/client-iot';
import { messageOf } from '../../../../core/errors.ts';
import type { CloudContext } from '../../../../core/plugin.ts';
import { publishToTopic } from '../service-role.ts';
import type { ViolationEventRecord } from './detect-records.ts';

/** Sends an alert to the profile's SNS topic. One that cannot be sent leaves a line in the log. */
export async function sendAlert(
  context: CloudContext,
  target: AlertTarget | undefined,
  event: ViolationEventRecord,
): Promise<void> {
  if (target?.alertTargetArn === undefined || target.roleArn === undefined) return;
  try {
    await publishToTopic(context, target.roleArn, target.alertTargetArn, alertMessage(event));
  } catch (error) {
    const { violationId, profileName } = event;
    context.log('warn', 'an alert could not be sent', { violationId, profileName, error: messageOf(error) });
  }
}

/** The members of a violation event, its time in ms (API reference, `ViolationEvent`). */
export function alertMessage(event: ViolationEventRecord): object {
  return {
    violationEventTime: event.time,
    thingName: event.thingName,
    behavior: event.behavior,
    violationEventType: event.type,
    ...(event.value === undefined ? {} : { metricValue: event.value }),
    violationId: event.violationId,
    securityProfileName: event.profileName,
  };
}
