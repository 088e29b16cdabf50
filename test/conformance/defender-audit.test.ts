import {
  CancelAuditTaskCommand,
  CreateAuditSuppressionCommand,
  CreateKeysAndCertificateCommand,
  CreatePolicyCommand,
  CreateScheduledAuditCommand,
  DeleteAccountAuditConfigurationCommand,
  DescribeAccountAuditConfigurationCommand,
  DescribeAuditTaskCommand,
  type DescribeAuditTaskResponse,
  DescribeScheduledAuditCommand,
  IoTClient,
  ListAuditFindingsCommand,
  ListAuditTasksCommand,
  ListTagsForResourceCommand,
  SetV2LoggingOptionsCommand,
  StartOnDemandAuditTaskCommand,
  UpdateAccountAuditConfigurationCommand,
} from '@aws-sdk/client-iot';
import { ManualClock } from '../../local-cloud/src/core/clock.ts';
import { type DefenderCloud, grantRole, signAtClock, startDefenderCloud } from '../support/defender-cloud.ts';

const DAY = 86_400_000;
const AUDIT_ACTIONS = [
  'iot:GetLoggingOptions',
  'iot:GetV2LoggingOptions',
  'iot:ListCertificates',
  'iot:DescribeCertificate',
  'iot:ListPolicies',
  'iot:GetPolicy',
  'iot:ListCACertificates',
  'iot:DescribeCACertificate',
];

let defender: DefenderCloud;
let iot: IoTClient;
let clock: ManualClock;
let roleArn: string;

beforeEach(async () => {
  clock = new ManualClock(Date.UTC(2026, 0, 1, 12));
  defender = await startDefenderCloud(clock);
  iot = signAtClock(new IoTClient(defender.https.client()), clock);
  roleArn = await grantRole(defender.https, clock, 'audit', AUDIT_ACTIONS);
});

afterEach(async () => {
  iot.destroy();
  await defender.close();
});

async function enable(...names: string[]): Promise<void> {
  const auditCheckConfigurations = Object.fromEntries(names.map((name) => [name, { enabled: true }]));
  await iot.send(new UpdateAccountAuditConfigurationCommand({ roleArn, auditCheckConfigurations }));
}

async function audited(...targetCheckNames: string[]): Promise<{ taskId: string; task: DescribeAuditTaskResponse }> {
  const { taskId } = await iot.send(new StartOnDemandAuditTaskCommand({ targetCheckNames }));
  return { taskId: taskId as string, task: await ended(taskId as string) };
}

async function ended(taskId: string): Promise<DescribeAuditTaskResponse> {
  for (let attempt = 0; attempt < 200; attempt++) {
    const task = await iot.send(new DescribeAuditTaskCommand({ taskId }));
    if (task.taskStatus !== 'IN_PROGRESS') return task;
  }
  throw new Error('the audit does not end');
}

async function findingsOf(taskId: string) {
  return (await iot.send(new ListAuditFindingsCommand({ taskId }))).findings ?? [];
}

// source: developer guide, AuditCommands, "UpdateAccountAuditConfiguration"
describe('audit settings of the account', () => {
  test('all checks are listed, and disabled until they are enabled', async () => {
    const before = await iot.send(new DescribeAccountAuditConfigurationCommand({}));
    expect(before.roleArn).toBeUndefined();
    expect(before.auditCheckConfigurations?.LOGGING_DISABLED_CHECK).toEqual({ enabled: false });
    await enable('LOGGING_DISABLED_CHECK');
    const after = await iot.send(new DescribeAccountAuditConfigurationCommand({}));
    expect(after.roleArn).toBe(roleArn);
    expect(after.auditCheckConfigurations).toMatchObject({
      LOGGING_DISABLED_CHECK: { enabled: true },
      DEVICE_CERTIFICATE_EXPIRING_CHECK: { enabled: false },
    });
  });

  test('the first call needs a role', async () => {
    const update = new UpdateAccountAuditConfigurationCommand({ auditCheckConfigurations: {} });
    await expect(iot.send(update)).rejects.toMatchObject({ name: 'InvalidRequestException' });
  });

  test('a check that a scheduled audit uses cannot be disabled', async () => {
    await enable('LOGGING_DISABLED_CHECK');
    await iot.send(
      new CreateScheduledAuditCommand({
        scheduledAuditName: 'daily',
        frequency: 'DAILY',
        targetCheckNames: ['LOGGING_DISABLED_CHECK'],
      }),
    );
    const auditCheckConfigurations = { LOGGING_DISABLED_CHECK: { enabled: false } };
    const update = new UpdateAccountAuditConfigurationCommand({ auditCheckConfigurations });
    await expect(iot.send(update)).rejects.toMatchObject({ name: 'InvalidRequestException' });
  });

  test('deleting the settings disables all checks and, if asked, deletes scheduled audits', async () => {
    await enable('LOGGING_DISABLED_CHECK');
    await iot.send(
      new CreateScheduledAuditCommand({
        scheduledAuditName: 'daily',
        frequency: 'DAILY',
        targetCheckNames: ['LOGGING_DISABLED_CHECK'],
      }),
    );
    await iot.send(new DeleteAccountAuditConfigurationCommand({ deleteScheduledAudits: true }));
    const { auditCheckConfigurations } = await iot.send(new DescribeAccountAuditConfigurationCommand({}));
    expect(auditCheckConfigurations?.LOGGING_DISABLED_CHECK).toEqual({ enabled: false });
    await expect(iot.send(new DescribeScheduledAuditCommand({ scheduledAuditName: 'daily' }))).rejects.toMatchObject({
      name: 'ResourceNotFoundException',
    });
  });
});

// assumed: a check whose data the local cloud does not have refuses to be enabled, by name
test('checks without data refuse to be enabled', async () => {
  const name = 'IOT_ROLE_ALIAS_ALLOWS_ACCESS_TO_UNUSED_SERVICES_CHECK';
  await expect(enable(name)).rejects.toMatchObject({
    $metadata: { httpStatusCode: 501 },
    message: expect.stringContaining(name),
  });
});

describe('on-demand audits', () => {
  // source: developer guide, AuditCommands, "StartOnDemandAuditTask"
  test('a check that is not enabled is refused', async () => {
    await enable('LOGGING_DISABLED_CHECK');
    const start = new StartOnDemandAuditTaskCommand({ targetCheckNames: ['IOT_POLICY_OVERLY_PERMISSIVE_CHECK'] });
    await expect(iot.send(start)).rejects.toMatchObject({ name: 'InvalidRequestException' });
  });

  // source: developer guide, audit-chk-logging-disabled
  test('disabled logging is found until it is enabled', async () => {
    await enable('LOGGING_DISABLED_CHECK');
    const { taskId, task } = await audited('LOGGING_DISABLED_CHECK');
    expect(task).toMatchObject({
      taskStatus: 'COMPLETED',
      taskType: 'ON_DEMAND_AUDIT_TASK',
      taskStatistics: { totalChecks: 1, nonCompliantChecks: 1, compliantChecks: 0 },
      auditDetails: {
        LOGGING_DISABLED_CHECK: {
          checkRunStatus: 'COMPLETED_NON_COMPLIANT',
          checkCompliant: false,
          totalResourcesCount: 1,
          nonCompliantResourcesCount: 1,
        },
      },
    });
    expect(await findingsOf(taskId)).toMatchObject([
      {
        checkName: 'LOGGING_DISABLED_CHECK',
        severity: 'LOW',
        reasonForNonComplianceCode: 'LOGGING_DISABLED',
        nonCompliantResource: { resourceType: 'ACCOUNT_SETTINGS', resourceIdentifier: { account: '123456789012' } },
      },
    ]);
    await iot.send(new SetV2LoggingOptionsCommand({ roleArn, defaultLogLevel: 'WARN' }));
    const again = await audited('LOGGING_DISABLED_CHECK');
    expect(again.task.auditDetails?.LOGGING_DISABLED_CHECK).toMatchObject({ checkCompliant: true });
    expect(await findingsOf(again.taskId)).toEqual([]);
  });

  // source: developer guide, audit-chk-device-cert-approaching-expiration
  test('certificates that expire within 30 days or have expired are found', async () => {
    await enable('DEVICE_CERTIFICATE_EXPIRING_CHECK');
    const soon = await defender.registerCertificate({ notAfter: clock.now() + 29 * DAY });
    const past = await defender.registerCertificate({ notAfter: clock.now() - DAY });
    await defender.registerCertificate({ notAfter: clock.now() + 31 * DAY });
    const { taskId, task } = await audited('DEVICE_CERTIFICATE_EXPIRING_CHECK');
    expect(task.auditDetails?.DEVICE_CERTIFICATE_EXPIRING_CHECK).toMatchObject({
      totalResourcesCount: 3,
      nonCompliantResourcesCount: 2,
    });
    const found = (await findingsOf(taskId)).map((finding) => [
      finding.nonCompliantResource?.resourceIdentifier?.deviceCertificateId,
      finding.reasonForNonComplianceCode,
    ]);
    expect(new Map(found as [string, string][])).toEqual(
      new Map([
        [soon, 'CERTIFICATE_APPROACHING_EXPIRATION'],
        [past, 'CERTIFICATE_PAST_EXPIRATION'],
      ]),
    );
  });

  // source: developer guide, audit-chk-device-cert-key-quality
  // assumed: RSA keys fail the check, since the list of weak keys of CVE-2008-0166 is not at hand
  test('the quality of elliptic keys is judged, that of RSA keys is left open', async () => {
    await enable('DEVICE_CERTIFICATE_KEY_QUALITY_CHECK');
    await defender.registerCertificate({ notAfter: clock.now() + 400 * DAY });
    const { task } = await audited('DEVICE_CERTIFICATE_KEY_QUALITY_CHECK');
    expect(task.auditDetails?.DEVICE_CERTIFICATE_KEY_QUALITY_CHECK).toMatchObject({ checkCompliant: true });
    await iot.send(new CreateKeysAndCertificateCommand({ setAsActive: true }));
    const again = await audited('DEVICE_CERTIFICATE_KEY_QUALITY_CHECK');
    expect(again.task.taskStatus).toBe('FAILED');
    expect(again.task.auditDetails?.DEVICE_CERTIFICATE_KEY_QUALITY_CHECK).toMatchObject({
      checkRunStatus: 'FAILED',
      message: expect.stringContaining('CVE-2008-0166'),
    });
  });

  // source: developer guide, audit-chk-iot-policy-permissive
  test('overly permissive policies are found with their default version', async () => {
    await enable('IOT_POLICY_OVERLY_PERMISSIVE_CHECK');
    const policy = (Resource: string) =>
      JSON.stringify({ Version: '2012-10-17', Statement: [{ Effect: 'Allow', Action: 'iot:Connect', Resource }] });
    const arn = 'arn:aws:iot:us-east-1:123456789012:client/';
    await iot.send(new CreatePolicyCommand({ policyName: 'open', policyDocument: policy(`${arn}*`) }));
    await iot.send(new CreatePolicyCommand({ policyName: 'narrow', policyDocument: policy(`${arn}pump-1`) }));
    const { taskId } = await audited('IOT_POLICY_OVERLY_PERMISSIVE_CHECK');
    expect(await findingsOf(taskId)).toMatchObject([
      {
        severity: 'CRITICAL',
        reasonForNonComplianceCode: 'ALLOWS_BROAD_ACCESS_TO_IOT_DATA_PLANE_ACTIONS',
        nonCompliantResource: {
          resourceType: 'IOT_POLICY',
          resourceIdentifier: { policyVersionIdentifier: { policyName: 'open', policyVersionId: '1' } },
        },
      },
    ]);
  });

  // source: developer guide, device-defender-audit-permissions ("permissions policy")
  test('a role that may not read what a check looks at makes the check fail', async () => {
    roleArn = await grantRole(defender.https, clock, 'blind', ['iot:ListThings']);
    await enable('IOT_POLICY_OVERLY_PERMISSIVE_CHECK');
    const { task } = await audited('IOT_POLICY_OVERLY_PERMISSIVE_CHECK');
    expect(task).toMatchObject({
      taskStatus: 'FAILED',
      taskStatistics: { failedChecks: 1 },
      auditDetails: { IOT_POLICY_OVERLY_PERMISSIVE_CHECK: { errorCode: 'INSUFFICIENT_PERMISSIONS' } },
    });
  });

  // source: developer guide, audit-finding-suppressions
  test('suppressed findings are counted apart and do not make a check noncompliant', async () => {
    await enable('LOGGING_DISABLED_CHECK');
    const resourceIdentifier = { account: '123456789012' };
    await iot.send(
      new CreateAuditSuppressionCommand({
        checkName: 'LOGGING_DISABLED_CHECK',
        resourceIdentifier,
        expirationDate: new Date(clock.now() + DAY),
        clientRequestToken: 'once',
      }),
    );
    const { taskId, task } = await audited('LOGGING_DISABLED_CHECK');
    expect(task.auditDetails?.LOGGING_DISABLED_CHECK).toMatchObject({
      checkCompliant: true,
      nonCompliantResourcesCount: 0,
      suppressedNonCompliantResourcesCount: 1,
    });
    expect(await findingsOf(taskId)).toMatchObject([{ isSuppressed: true }]);
    await clock.advance(2 * DAY);
    const later = await audited('LOGGING_DISABLED_CHECK');
    expect(later.task.auditDetails?.LOGGING_DISABLED_CHECK).toMatchObject({ checkCompliant: false });
  });

  // source: API reference, CancelAuditTask
  test('an audit that has ended cannot be cancelled', async () => {
    await enable('LOGGING_DISABLED_CHECK');
    const { taskId } = await audited('LOGGING_DISABLED_CHECK');
    await expect(iot.send(new CancelAuditTaskCommand({ taskId }))).rejects.toMatchObject({
      name: 'InvalidRequestException',
    });
  });
});

describe('scheduled audits', () => {
  // source: developer guide, AuditCommands, "CreateScheduledAudit"
  test('they run on their day, again and again', async () => {
    await enable('LOGGING_DISABLED_CHECK');
    const { scheduledAuditArn } = await iot.send(
      new CreateScheduledAuditCommand({
        scheduledAuditName: 'weekly',
        frequency: 'WEEKLY',
        dayOfWeek: 'MON',
        targetCheckNames: ['LOGGING_DISABLED_CHECK'],
        tags: [{ Key: 'team', Value: 'security' }],
      }),
    );
    expect(scheduledAuditArn).toBe('arn:aws:iot:us-east-1:123456789012:scheduledaudit/weekly');
    const startTime = new Date(clock.now());
    await clock.advance(12 * DAY);
    const { tasks } = await iot.send(
      new ListAuditTasksCommand({ startTime, endTime: new Date(clock.now()), taskType: 'SCHEDULED_AUDIT_TASK' }),
    );
    expect(tasks).toHaveLength(2);
    const task = await ended(tasks?.[0]?.taskId as string);
    expect(task).toMatchObject({ scheduledAuditName: 'weekly', taskStartTime: new Date(Date.UTC(2026, 0, 5)) });
    const { tags } = await iot.send(new ListTagsForResourceCommand({ resourceArn: scheduledAuditArn }));
    expect(tags).toEqual([{ Key: 'team', Value: 'security' }]);
  });

  // source: AWS General Reference, "AWS IoT Device Defender endpoints and quotas" (scheduled audits: 5)
  test('an account has at most five', async () => {
    await enable('LOGGING_DISABLED_CHECK');
    const create = (index: number) =>
      iot.send(
        new CreateScheduledAuditCommand({
          scheduledAuditName: `audit-${index}`,
          frequency: 'DAILY',
          targetCheckNames: ['LOGGING_DISABLED_CHECK'],
        }),
      );
    for (let index = 0; index < 5; index++) await create(index);
    await expect(create(5)).rejects.toMatchObject({ name: 'LimitExceededException' });
  });
});
