import {
  AttachSecurityProfileCommand,
  AttachThingPrincipalCommand,
  CreateMitigationActionCommand,
  CreatePolicyCommand,
  CreateSecurityProfileCommand,
  CreateThingCommand,
  CreateThingGroupCommand,
  DescribeAuditMitigationActionsTaskCommand,
  DescribeAuditTaskCommand,
  DescribeCertificateCommand,
  DescribeDetectMitigationActionsTaskCommand,
  DescribeMitigationActionCommand,
  GetPolicyCommand,
  GetV2LoggingOptionsCommand,
  IoTClient,
  ListActiveViolationsCommand,
  ListAuditFindingsCommand,
  ListAuditMitigationActionsExecutionsCommand,
  ListDetectMitigationActionsExecutionsCommand,
  ListThingsInThingGroupCommand,
  type MitigationActionParams,
  StartAuditMitigationActionsTaskCommand,
  StartDetectMitigationActionsTaskCommand,
  StartOnDemandAuditTaskCommand,
  UpdateAccountAuditConfigurationCommand,
} from '@aws-sdk/client-iot';
import { ManualClock } from '../../local-cloud/src/core/clock.ts';
import { type DefenderCloud, grantRole, signAtClock, startDefenderCloud } from '../support/defender-cloud.ts';

const DAY = 86_400_000;
const ARN = 'arn:aws:iot:us-east-1:123456789012:';
const TOPIC = 'arn:aws:sns:us-east-1:123456789012:findings';

let clock: ManualClock;
let defender: DefenderCloud;
let iot: IoTClient;

beforeEach(async () => {
  clock = new ManualClock(Date.UTC(2026, 0, 1, 12));
  defender = await startDefenderCloud(clock);
  iot = signAtClock(new IoTClient(defender.https.client()), clock);
});

afterEach(async () => {
  iot.destroy();
  await defender.close();
});

/** Runs a check. @returns the audit's id */
async function audit(check: string): Promise<string> {
  const reads = ['iot:List*', 'iot:Describe*', 'iot:Get*'];
  const roleArn = await grantRole(defender.https, clock, 'audit', reads);
  const auditCheckConfigurations = { [check]: { enabled: true } };
  await iot.send(new UpdateAccountAuditConfigurationCommand({ roleArn, auditCheckConfigurations }));
  const { taskId } = await iot.send(new StartOnDemandAuditTaskCommand({ targetCheckNames: [check] }));
  await until(async () => (await iot.send(new DescribeAuditTaskCommand({ taskId }))).taskStatus !== 'IN_PROGRESS');
  return taskId as string;
}

async function until(done: () => Promise<boolean>): Promise<void> {
  for (let attempt = 0; attempt < 200; attempt++) if (await done()) return;
  throw new Error('it does not end');
}

async function define(actionName: string, actions: string[], actionParams: MitigationActionParams): Promise<void> {
  const roleArn = await grantRole(defender.https, clock, `role-${actionName}`, actions);
  await iot.send(new CreateMitigationActionCommand({ actionName, roleArn, actionParams }));
}

async function mitigate(auditTaskId: string, check: string, names: string[]) {
  const taskId = `mitigate-${names.join('-')}`;
  await iot.send(
    new StartAuditMitigationActionsTaskCommand({
      taskId,
      target: { auditTaskId },
      auditCheckToActionsMapping: { [check]: names },
      clientRequestToken: taskId,
    }),
  );
  const describe = () => iot.send(new DescribeAuditMitigationActionsTaskCommand({ taskId }));
  await until(async () => (await describe()).taskStatus !== 'IN_PROGRESS');
  return { taskId, task: await describe() };
}

// source: developer guide, dd-mitigation-actions, "Permissions" and "Audit mitigation actions"
describe('actions on findings of audits', () => {
  test('a certificate is deactivated, its things go to a group, and the finding to SNS', async () => {
    const certificateId = await defender.registerCertificate({ notAfter: clock.now() + DAY });
    await iot.send(new CreateThingCommand({ thingName: 'pump-1' }));
    await iot.send(new AttachThingPrincipalCommand({ thingName: 'pump-1', principal: `${ARN}cert/${certificateId}` }));
    await iot.send(new CreateThingGroupCommand({ thingGroupName: 'quarantine' }));
    await define('deactivate', ['iot:UpdateCertificate'], { updateDeviceCertificateParams: { action: 'DEACTIVATE' } });
    await define('isolate', ['iot:ListPrincipalThings', 'iot:AddThingToThingGroup'], {
      addThingsToThingGroupParams: { thingGroupNames: ['quarantine'] },
    });
    await define('tell', ['sns:Publish'], { publishFindingToSnsParams: { topicArn: TOPIC } });
    const check = 'DEVICE_CERTIFICATE_EXPIRING_CHECK';
    const { task } = await mitigate(await audit(check), check, ['deactivate', 'isolate', 'tell']);
    expect(task).toMatchObject({
      taskStatus: 'COMPLETED',
      taskStatistics: { [check]: { totalFindingsCount: 1, succeededFindingsCount: 1, failedFindingsCount: 0 } },
    });
    const { certificateDescription } = await iot.send(new DescribeCertificateCommand({ certificateId }));
    expect(certificateDescription?.status).toBe('INACTIVE');
    const { things } = await iot.send(new ListThingsInThingGroupCommand({ thingGroupName: 'quarantine' }));
    expect(things).toEqual(['pump-1']);
    expect(defender.notifications).toMatchObject([
      { topicArn: TOPIC, roleName: 'role-tell', message: { checkName: check } },
    ]);
  });

  test('a policy gets a blank default version', async () => {
    const Statement = [{ Effect: 'Allow', Action: 'iot:*', Resource: '*' }];
    const policyDocument = JSON.stringify({ Version: '2012-10-17', Statement });
    await iot.send(new CreatePolicyCommand({ policyName: 'open', policyDocument }));
    await define('blank', ['iot:CreatePolicyVersion'], {
      replaceDefaultPolicyVersionParams: { templateName: 'BLANK_POLICY' },
    });
    const check = 'IOT_POLICY_OVERLY_PERMISSIVE_CHECK';
    await mitigate(await audit(check), check, ['blank']);
    const policy = await iot.send(new GetPolicyCommand({ policyName: 'open' }));
    expect(policy.defaultVersionId).toBe('2');
    expect(policy.policyDocument).not.toBe(policyDocument);
  });

  test('logging is enabled with the role that the action may pass', async () => {
    const roleArnForLogging = await grantRole(defender.https, clock, 'logger', ['logs:PutLogEvents']);
    await define('log', ['iot:SetV2LoggingOptions', 'iam:PassRole'], {
      enableIoTLoggingParams: { roleArnForLogging, logLevel: 'WARN' },
    });
    await mitigate(await audit('LOGGING_DISABLED_CHECK'), 'LOGGING_DISABLED_CHECK', ['log']);
    expect(await iot.send(new GetV2LoggingOptionsCommand({}))).toMatchObject({
      roleArn: roleArnForLogging,
      defaultLogLevel: 'WARN',
      disableAllLogs: false,
    });
  });

  test('what the role of an action may not do fails, and the actions after it are skipped', async () => {
    await define('log', ['iot:ListThings'], {
      enableIoTLoggingParams: { roleArnForLogging: 'arn:aws:iam::123456789012:role/logger', logLevel: 'WARN' },
    });
    await define('tell', ['sns:Publish'], { publishFindingToSnsParams: { topicArn: TOPIC } });
    const auditId = await audit('LOGGING_DISABLED_CHECK');
    const { taskId, task } = await mitigate(auditId, 'LOGGING_DISABLED_CHECK', ['log', 'tell']);
    expect(task).toMatchObject({
      taskStatus: 'FAILED',
      taskStatistics: { LOGGING_DISABLED_CHECK: { failedFindingsCount: 1, succeededFindingsCount: 0 } },
    });
    const { findings } = await iot.send(new ListAuditFindingsCommand({ taskId: auditId }));
    const findingId = findings?.[0]?.findingId;
    const { actionsExecutions } = await iot.send(
      new ListAuditMitigationActionsExecutionsCommand({ taskId, findingId }),
    );
    expect(actionsExecutions).toMatchObject([
      { actionName: 'log', status: 'FAILED', errorCode: 'INSUFFICIENT_PERMISSIONS' },
      { actionName: 'tell', status: 'SKIPPED' },
    ]);
    expect(defender.notifications).toEqual([]);
  });

  // source: developer guide, dd-mitigation-actions, "Audit check to mitigation action mapping"
  test('an action that a check does not support is refused', async () => {
    await define('deactivate', ['iot:UpdateCertificate'], { updateDeviceCertificateParams: { action: 'DEACTIVATE' } });
    const auditId = await audit('LOGGING_DISABLED_CHECK');
    await expect(mitigate(auditId, 'LOGGING_DISABLED_CHECK', ['deactivate'])).rejects.toMatchObject({
      name: 'InvalidRequestException',
    });
  });

  // source: API reference, StartAuditMitigationActionsTask (TaskAlreadyExistsException)
  test('the id of a task is used once', async () => {
    await define('tell', ['sns:Publish'], { publishFindingToSnsParams: { topicArn: TOPIC } });
    const auditId = await audit('LOGGING_DISABLED_CHECK');
    const { taskId } = await mitigate(auditId, 'LOGGING_DISABLED_CHECK', ['tell']);
    const again = new StartAuditMitigationActionsTaskCommand({
      taskId,
      target: { auditTaskId: auditId },
      auditCheckToActionsMapping: { LOGGING_DISABLED_CHECK: ['tell'] },
      clientRequestToken: 'another',
    });
    await expect(iot.send(again)).rejects.toMatchObject({ name: 'TaskAlreadyExistsException' });
  });
});

// source: API reference, CreateMitigationAction
test('an action has parameters of exactly one type', async () => {
  const roleArn = 'arn:aws:iam::123456789012:role/any';
  const create = (actionParams: object) =>
    iot.send(new CreateMitigationActionCommand({ actionName: 'a', roleArn, actionParams }));
  await expect(create({})).rejects.toMatchObject({ name: 'InvalidRequestException' });
  await expect(
    create({
      publishFindingToSnsParams: { topicArn: TOPIC },
      updateDeviceCertificateParams: { action: 'DEACTIVATE' },
    }),
  ).rejects.toMatchObject({ name: 'InvalidRequestException' });
  const { actionId } = await create({ publishFindingToSnsParams: { topicArn: TOPIC } });
  expect(await iot.send(new DescribeMitigationActionCommand({ actionName: 'a' }))).toMatchObject({
    actionId,
    actionType: 'PUBLISH_FINDING_TO_SNS',
    actionArn: `${ARN}mitigationaction/a`,
    roleArn,
  });
});

// source: developer guide, dd-mitigation-actions, "Detect mitigation actions"
test('things with alarms are added to a group', async () => {
  await iot.send(new CreateThingCommand({ thingName: 'pump-1' }));
  await iot.send(new CreateThingGroupCommand({ thingGroupName: 'quarantine' }));
  await define('isolate', ['iot:AddThingToThingGroup'], {
    addThingsToThingGroupParams: { thingGroupNames: ['quarantine'] },
  });
  const criteria = { comparisonOperator: 'less-than', value: { count: 1 }, durationSeconds: 300 } as const;
  const behaviors = [{ name: 'quiet', metric: 'aws:num-messages-sent', criteria }];
  await iot.send(new CreateSecurityProfileCommand({ securityProfileName: 'profile', behaviors }));
  await iot.send(
    new AttachSecurityProfileCommand({ securityProfileName: 'profile', securityProfileTargetArn: `${ARN}all/things` }),
  );
  const activity = defender.https.cloud.ports.get('deviceActivity');
  for (const clientId of ['pump-1', 'stranger']) {
    activity.connected({ clientId, principalId: 'p', sourceIp: '203.0.113.7' }).sent('a', 1);
  }
  await clock.advance(5 * 60_000);
  const { activeViolations } = await iot.send(new ListActiveViolationsCommand({}));
  expect(activeViolations).toHaveLength(2);
  await iot.send(
    new StartDetectMitigationActionsTaskCommand({
      taskId: 'isolate-all',
      target: { securityProfileName: 'profile' },
      actions: ['isolate'],
      includeOnlyActiveViolations: true,
      clientRequestToken: 'once',
    }),
  );
  const summary = async () =>
    (await iot.send(new DescribeDetectMitigationActionsTaskCommand({ taskId: 'isolate-all' }))).taskSummary;
  await until(async () => (await summary())?.taskStatus !== 'IN_PROGRESS');
  expect(await summary()).toMatchObject({
    taskStatus: 'FAILED',
    onlyActiveViolationsIncluded: true,
    taskStatistics: { actionsExecuted: 1, actionsFailed: 1, actionsSkipped: 0 },
  });
  const { things } = await iot.send(new ListThingsInThingGroupCommand({ thingGroupName: 'quarantine' }));
  expect(things).toEqual(['pump-1']);
  const { actionsExecutions } = await iot.send(
    new ListDetectMitigationActionsExecutionsCommand({ taskId: 'isolate-all', thingName: 'stranger' }),
  );
  expect(actionsExecutions).toMatchObject([{ status: 'FAILED', errorCode: 'ResourceNotFoundException' }]);
});
