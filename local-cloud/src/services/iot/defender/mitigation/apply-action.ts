import type { ListPrincipalThingsResponse } from '@aws-sdk/client-iot';
import type { AssumedRole } from '../../../../core/iam/principal.ts';
import type { CloudContext } from '../../../../core/plugin.ts';
import { iotArn } from '../../arns.ts';
import { invalidRequest } from '../../errors.ts';
import type { FindingRecord } from '../audit/audit-records.ts';
import { findingShape } from '../audit/operations/finding-operations.ts';
import { assumeServiceRole } from '../service-role.ts';
import type { TaskAction } from './mitigation-records.ts';

/** A policy that allows nothing and denies nothing: every action but all of them. */
const BLANK_POLICY = JSON.stringify({
  Version: '2012-10-17',
  Statement: [{ Effect: 'Allow', NotAction: '*', Resource: '*' }],
});

interface Application {
  readonly context: CloudContext;
  readonly action: TaskAction;
  readonly role: AssumedRole;
}

/**
 * Applies an action to what a finding found, by the account's own APIs, with the action's role.
 * @throws AwsError of the role or of the operation
 */
export async function applyToFinding(context: CloudContext, action: TaskAction, finding: FindingRecord): Promise<void> {
  const application: Application = {
    context,
    action,
    role: assumeServiceRole(context, action.roleArn, `auditmitigationactionstask/${finding.taskId}`),
  };
  const { deviceCertificateId, caCertificateId, policyVersionIdentifier } = finding.resource.resourceIdentifier ?? {};
  const { params } = action;
  switch (action.type) {
    case 'UPDATE_DEVICE_CERTIFICATE':
      return call(application, 'UpdateCertificate', { certificateId: deviceCertificateId, newStatus: 'INACTIVE' });
    case 'UPDATE_CA_CERTIFICATE':
      return call(application, 'UpdateCACertificate', { certificateId: caCertificateId, newStatus: 'INACTIVE' });
    case 'REPLACE_DEFAULT_POLICY_VERSION':
      return call(application, 'CreatePolicyVersion', {
        policyName: policyVersionIdentifier?.policyName,
        policyDocument: BLANK_POLICY,
        setAsDefault: true,
      });
    case 'ENABLE_IOT_LOGGING':
      return call(application, 'SetV2LoggingOptions', {
        roleArn: params.enableIoTLoggingParams?.roleArnForLogging,
        defaultLogLevel: params.enableIoTLoggingParams?.logLevel,
        disableAllLogs: false,
      });
    case 'PUBLISH_FINDING_TO_SNS':
      await context.api.call(application.role, 'sns', 'Publish', {
        TopicArn: params.publishFindingToSnsParams?.topicArn,
        Message: JSON.stringify(findingMessage(context.account.accountId, finding)),
      });
      return;
    case 'ADD_THINGS_TO_THING_GROUP':
      for (const thing of await thingsOf(application, deviceCertificateId)) await addToGroups(application, thing);
  }
}

/** @throws AwsError as {@link applyToFinding} */
export async function applyToThing(context: CloudContext, action: TaskAction, thingName: string): Promise<void> {
  if (action.type !== 'ADD_THINGS_TO_THING_GROUP') throw invalidRequest(`${action.type} is no action for devices`);
  const role = assumeServiceRole(context, action.roleArn, 'detectmitigationactionstask');
  await addToGroups({ context, action, role }, thingName);
}

async function call({ context, role }: Application, operation: string, input: object): Promise<void> {
  await context.api.call(role, 'iot', operation, input);
}

async function thingsOf({ context, role }: Application, certificateId: string | undefined): Promise<string[]> {
  const principal = iotArn(context.account, 'cert', certificateId ?? '');
  const things: string[] = [];
  let nextToken: string | undefined;
  do {
    const page: ListPrincipalThingsResponse = await context.api.call(role, 'iot', 'ListPrincipalThings', {
      principal,
      nextToken,
    });
    things.push(...(page.things ?? []));
    nextToken = page.nextToken;
  } while (nextToken !== undefined);
  return things;
}

async function addToGroups(application: Application, thingName: string): Promise<void> {
  const { thingGroupNames = [], overrideDynamicGroups } = application.action.params.addThingsToThingGroupParams ?? {};
  for (const thingGroupName of thingGroupNames) {
    await call(application, 'AddThingToThingGroup', {
      thingGroupName,
      thingName,
      ...(overrideDynamicGroups === true ? { overrideDynamicGroups } : {}),
    });
  }
}

/** The finding as the API gives it, with times in ms as Device Defender's other messages have them. */
function findingMessage(accountId: string, finding: FindingRecord): object {
  return {
    accountId,
    ...findingShape(finding),
    taskStartTime: finding.taskStartTime,
    findingTime: finding.findingTime,
  };
}
