import { webcrypto } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { AuditFinding } from '@aws-sdk/client-iot';
import type { ResourceProvider, ResourceState } from '../../local-cloud/src/core/resources.ts';
import { x509 } from '../../local-cloud/src/core/x509.ts';
import { type IotTestCloud, startIot } from '../../local-cloud/src/services/iot/testing/iot-test-cloud.ts';
import { testScope } from '../../local-cloud/src/testing/context.ts';

const DAY = 86_400_000;
const HOUR = 3_600_000;
const ROLE = 'arn:aws:iam::123456789012:role/audit';
const CERTIFICATE = 'a'.repeat(64);

let iot: IotTestCloud;

beforeEach(async () => {
  iot = await startIot();
});

afterEach(async () => {
  await iot.cloud.close();
});

async function enable(...names: string[]): Promise<void> {
  const auditCheckConfigurations = Object.fromEntries(names.map((name) => [name, { enabled: true }]));
  await iot.call('UpdateAccountAuditConfiguration', { roleArn: ROLE, auditCheckConfigurations });
}

async function audit(name: string): Promise<{ status: unknown; findings: AuditFinding[]; message?: string }> {
  const { taskId } = await iot.call<{ taskId: string }>('StartOnDemandAuditTask', { targetCheckNames: [name] });
  for (let attempt = 0; attempt < 500; attempt++) {
    const task = await iot.call<{
      taskStatus: string;
      auditDetails: Record<string, { checkRunStatus: string; message?: string }>;
    }>('DescribeAuditTask', { taskId });
    const details = task.auditDetails[name];
    if (task.taskStatus !== 'IN_PROGRESS') {
      const { findings } = await iot.call<{ findings: AuditFinding[] }>('ListAuditFindings', { taskId });
      return { status: details?.checkRunStatus, findings, ...(details?.message && { message: details.message }) };
    }
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
  throw new Error('the audit does not end');
}

const activity = () => iot.cloud.ports.get('deviceActivity');
const connection = (clientId: string) => ({
  clientId,
  principalId: CERTIFICATE,
  certificateId: CERTIFICATE,
  sourceIp: '203.0.113.7',
});

// source: developer guide, audit-chk-conflicting-client-ids
test('connections that took over a client id are found, the most recent first', async () => {
  await enable('CONFLICTING_CLIENT_IDS_CHECK');
  for (let index = 0; index < 2; index++) {
    activity().connected(connection('pump-1'));
    activity().disconnected(connection('pump-1'), 'DUPLICATE_CLIENTID');
    await iot.cloud.clock.advance(HOUR);
  }
  activity().connected(connection('pump-2'));
  activity().disconnected(connection('pump-2'), 'CONNECTION_LOST');
  const { findings } = await audit('CONFLICTING_CLIENT_IDS_CHECK');
  expect(findings).toMatchObject([
    {
      severity: 'HIGH',
      reasonForNonComplianceCode: 'DUPLICATE_CLIENT_ID_ACROSS_CONNECTIONS',
      nonCompliantResource: { resourceType: 'CLIENT_ID', resourceIdentifier: { clientId: 'pump-1' } },
    },
  ]);
  const times = findings[0]?.relatedResources?.map(({ additionalInfo }) => Number(additionalInfo?.DISCONNECTION_TIME));
  expect(times).toEqual([Date.UTC(2026, 0, 1, 1), Date.UTC(2026, 0, 1)]);
  await iot.cloud.clock.advance(32 * DAY);
  expect((await audit('CONFLICTING_CLIENT_IDS_CHECK')).findings).toEqual([]);
});

// source: developer guide, audit-chk-device-cert-shared ("up to 2 hours before the check is run")
test('a certificate with concurrent connections is found after two hours', async () => {
  await enable('DEVICE_CERTIFICATE_SHARED_CHECK');
  activity().connected(connection('pump-1'));
  activity().connected(connection('pump-2'));
  expect((await audit('DEVICE_CERTIFICATE_SHARED_CHECK')).findings).toEqual([]);
  await iot.cloud.clock.advance(3 * HOUR);
  const { findings } = await audit('DEVICE_CERTIFICATE_SHARED_CHECK');
  expect(findings).toMatchObject([
    {
      reasonForNonComplianceCode: 'CERTIFICATE_SHARED_BY_MULTIPLE_DEVICES',
      nonCompliantResource: { resourceIdentifier: { deviceCertificateId: CERTIFICATE } },
    },
  ]);
  const clients = findings[0]?.relatedResources?.map(({ resourceIdentifier }) => resourceIdentifier?.clientId);
  expect(clients?.sort()).toEqual(['pump-1', 'pump-2']);
});

// source: developer guide, AuditCommands ("When a check is disabled, any data collected so far … is deleted")
test('disabling a check deletes what was gathered for it', async () => {
  await enable('CONFLICTING_CLIENT_IDS_CHECK');
  activity().connected(connection('pump-1'));
  activity().disconnected(connection('pump-1'), 'DUPLICATE_CLIENTID');
  const auditCheckConfigurations = { CONFLICTING_CLIENT_IDS_CHECK: { enabled: false } };
  await iot.call('UpdateAccountAuditConfiguration', { auditCheckConfigurations });
  await enable('CONFLICTING_CLIENT_IDS_CHECK');
  expect((await audit('CONFLICTING_CLIENT_IDS_CHECK')).findings).toEqual([]);
});

// source: developer guide, audit-chk-revoked-device-cert; RFC 5280 §4.2.1.13
describe('revocation lists', () => {
  const algorithm = { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' };
  let server: Server;
  let list: Buffer | undefined;

  beforeEach(async () => {
    server = createServer((_, response) => {
      response.statusCode = list === undefined ? 404 : 200;
      response.end(list);
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  });

  afterEach(async () => {
    await new Promise((resolve) => server.close(resolve));
  });

  async function issue() {
    const now = iot.cloud.clock.now();
    const keys = await webcrypto.subtle.generateKey(algorithm, true, ['sign', 'verify']);
    const validity = { notBefore: new Date(now - DAY), notAfter: new Date(now + 300 * DAY) };
    const ca = await x509.X509CertificateGenerator.createSelfSigned({
      name: 'CN=Plant CA',
      keys,
      ...validity,
      signingAlgorithm: algorithm,
      extensions: [new x509.BasicConstraintsExtension(true, 0, true)],
    });
    const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/plant.crl`;
    const deviceKeys = await webcrypto.subtle.generateKey(algorithm, true, ['sign', 'verify']);
    const device = await x509.X509CertificateGenerator.create({
      subject: 'CN=pump-1',
      issuer: ca.subject,
      publicKey: deviceKeys.publicKey,
      signingKey: keys.privateKey,
      serialNumber: '4711',
      ...validity,
      signingAlgorithm: algorithm,
      extensions: [new x509.CRLDistributionPointsExtension([url])],
    });
    await iot.call('RegisterCACertificate', {
      caCertificate: ca.toString('pem'),
      setAsActive: true,
      certificateMode: 'SNI_ONLY',
    });
    const { certificateId } = await iot.call<{ certificateId: string }>('RegisterCertificateWithoutCA', {
      certificatePem: device.toString('pem'),
      status: 'ACTIVE',
    });
    const revoke = async (serialNumbers: string[], signer = keys.privateKey): Promise<Buffer> => {
      const crl = await x509.X509CrlGenerator.create({
        issuer: ca.subject,
        thisUpdate: new Date(now),
        nextUpdate: new Date(now + DAY),
        entries: serialNumbers.map((serialNumber) => ({ serialNumber, revocationDate: new Date(now) })),
        signingAlgorithm: algorithm,
        signingKey: signer,
      });
      return Buffer.from(crl.rawData);
    };
    return { certificateId, revoke, foreign: deviceKeys.privateKey };
  }

  const CHECK = 'REVOKED_DEVICE_CERTIFICATE_STILL_ACTIVE_CHECK';

  test('a certificate in the list of its issuer is found', async () => {
    await enable(CHECK);
    const { certificateId, revoke } = await issue();
    list = await revoke(['1234']);
    expect(await audit(CHECK)).toMatchObject({ status: 'COMPLETED_COMPLIANT' });
    list = await revoke(['4711']);
    expect((await audit(CHECK)).findings).toMatchObject([
      {
        reasonForNonComplianceCode: 'CERTIFICATE_REVOKED_BY_ISSUER',
        nonCompliantResource: { resourceIdentifier: { deviceCertificateId: certificateId } },
      },
    ]);
  });

  test('a list that cannot be read or trusted makes the check fail', async () => {
    await enable(CHECK);
    const { revoke, foreign } = await issue();
    list = undefined;
    expect(await audit(CHECK)).toMatchObject({ status: 'FAILED', message: expect.stringContaining('404') });
    list = await revoke([], foreign);
    expect(await audit(CHECK)).toMatchObject({ status: 'FAILED', message: expect.stringContaining('signature') });
    list = await revoke([]);
    await iot.cloud.clock.advance(2 * DAY);
    expect(await audit(CHECK)).toMatchObject({ status: 'FAILED', message: expect.stringContaining('out of date') });
  });
});

// source: CloudFormation template reference, AWS::IoT::AccountAuditConfiguration, ScheduledAudit, SecurityProfile,
// CustomMetric, Dimension, MitigationAction
test('CloudFormation makes, updates and deletes the resources of Device Defender', async () => {
  const provider = (type: string): ResourceProvider => {
    const found = iot.plugin.resources?.find((candidate) => candidate.type === `AWS::IoT::${type}`);
    if (found === undefined) throw new Error(`no provider of ${type}`);
    return found;
  };
  const create = (type: string, properties: object): Promise<ResourceState> =>
    provider(type).create(properties, testScope(type));
  const account = { AccountId: '123456789012', RoleArn: ROLE };
  await create('AccountAuditConfiguration', {
    ...account,
    AuditCheckConfigurations: {
      LoggingDisabledCheck: { Enabled: 'true' },
      DeviceCertificateAgeCheck: { Enabled: true, Configuration: { CertAgeThresholdInDays: '90' } },
    },
  });
  const { auditCheckConfigurations: checks } = await iot.call<{ auditCheckConfigurations: Record<string, object> }>(
    'DescribeAccountAuditConfiguration',
  );
  expect(checks.LOGGING_DISABLED_CHECK).toEqual({ enabled: true });
  expect(checks.DEVICE_CERTIFICATE_AGE_CHECK).toEqual({
    enabled: true,
    configuration: { CERT_AGE_THRESHOLD_IN_DAYS: '90' },
  });
  const schedule = { Frequency: 'MONTHLY', DayOfMonth: 'LAST', TargetCheckNames: ['LOGGING_DISABLED_CHECK'] };
  const scheduled = await create('ScheduledAudit', schedule);
  expect(scheduled.attributes.ScheduledAuditArn).toBe(
    `arn:aws:iot:us-east-1:123456789012:scheduledaudit/${scheduled.physicalId}`,
  );
  await create('CustomMetric', { MetricName: 'battery', MetricType: 'number' });
  await create('Dimension', { Name: 'admin', Type: 'TOPIC_FILTER', StringValues: ['admin/#'] });
  const all = 'arn:aws:iot:us-east-1:123456789012:all/things';
  const profile = {
    SecurityProfileName: 'profile',
    TargetArns: [all],
    AlertTargets: { SNS: { AlertTargetArn: 'arn:aws:sns:us-east-1:123456789012:alerts', RoleArn: ROLE } },
    Behaviors: [
      {
        Name: 'few',
        Metric: 'aws:num-messages-sent',
        MetricDimension: { DimensionName: 'admin' },
        SuppressAlerts: 'false',
        Criteria: { ComparisonOperator: 'less-than', DurationSeconds: 300, Value: { Count: '50' } },
      },
    ],
  };
  const made = await create('SecurityProfile', profile);
  expect(await iot.call('DescribeSecurityProfile', { securityProfileName: 'profile' })).toMatchObject({
    behaviors: [{ name: 'few', suppressAlerts: false, criteria: { value: { count: 50 }, durationSeconds: 300 } }],
    alertTargets: { SNS: { roleArn: ROLE } },
  });
  await provider('SecurityProfile').update({ ...profile, TargetArns: [] }, profile, made, testScope());
  expect(await iot.call('ListTargetsForSecurityProfile', { securityProfileName: 'profile' })).toMatchObject({
    securityProfileTargets: [],
  });
  const action = await create('MitigationAction', {
    RoleArn: ROLE,
    ActionParams: { UpdateCACertificateParams: { Action: 'DEACTIVATE' } },
  });
  expect(action.attributes).toMatchObject({ MitigationActionId: expect.any(String) });
  await provider('SecurityProfile').delete(made, profile, testScope());
  await provider('ScheduledAudit').delete(scheduled, schedule, testScope());
  await expect(iot.call('DescribeSecurityProfile', { securityProfileName: 'profile' })).rejects.toMatchObject({
    code: 'ResourceNotFoundException',
  });
});

// source: developer guide, audit-chk-iot-role-alias-permissive
test('role aliases with broad policies are found, with every reason', async () => {
  await enable('IOT_ROLE_ALIAS_OVERLY_PERMISSIVE_CHECK');
  const documents: Record<string, object> = {
    wide: { Effect: 'Allow', Action: ['iot:*', 'iam:GetRole'], Resource: '*' },
    narrow: { Effect: 'Allow', Action: 's3:PutObject', Resource: 'arn:aws:s3:::bucket/*' },
  };
  iot.cloud.dispatcher.register({
    service: 'iam',
    signingName: 'iam',
    protocol: 'awsQuery',
    schemas: {},
    operations: [
      { name: 'ListRolePolicies', authorize: () => [], handle: () => ({ PolicyNames: ['inline'] }) },
      { name: 'ListAttachedRolePolicies', authorize: () => [], handle: () => ({ AttachedPolicies: [] }) },
      {
        name: 'GetRolePolicy',
        authorize: () => [],
        handle: ({ RoleName }) => ({
          PolicyDocument: encodeURIComponent(
            JSON.stringify({ Version: '2012-10-17', Statement: [documents[RoleName as string]] }),
          ),
        }),
      },
    ],
  });
  for (const name of Object.keys(documents)) {
    await iot.call('CreateRoleAlias', { roleAlias: name, roleArn: `arn:aws:iam::123456789012:role/${name}` });
  }
  const { findings } = await audit('IOT_ROLE_ALIAS_OVERLY_PERMISSIVE_CHECK');
  const alias = 'arn:aws:iot:us-east-1:123456789012:rolealias/wide';
  expect(new Set(findings.map((finding) => finding.nonCompliantResource?.resourceIdentifier?.roleAliasArn))).toEqual(
    new Set([alias]),
  );
  expect(findings.map((finding) => finding.reasonForNonComplianceCode).sort()).toEqual([
    'ALLOWS_ACCESS_TO_IOT_NON_THING_ADMIN_ACTIONS',
    'ALLOWS_ACCESS_TO_IOT_THING_ADMIN_WRITE_ACTIONS',
    'ALLOWS_ACCESS_TO_SECURITY_AUDITING_SERVICES',
    'ALLOWS_BROAD_ACCESS_TO_IOT_DATA_PLANE_ACTIONS',
    'ALLOWS_BROAD_ACCESS_TO_IOT_THING_ADMIN_READ_ACTIONS',
    'ALLOWS_BROAD_ACCESS_TO_USED_SERVICES',
  ]);
});

// source: the local cloud keeps its state across restarts; developer guide, detect-concepts, "alarm"
test('settings, findings, alarms and measurements are there again after a restart', async () => {
  const directory = mkdtempSync(join(tmpdir(), 'fleetwright-defender-'));
  const times = { startTime: new Date(0), endTime: new Date(Date.UTC(2027, 0, 1)) };
  try {
    await iot.cloud.close();
    iot = await startIot({ directory });
    await enable('LOGGING_DISABLED_CHECK');
    const { findings } = await audit('LOGGING_DISABLED_CHECK');
    const criteria = { comparisonOperator: 'less-than', value: { count: 1 }, durationSeconds: 300 };
    const behaviors = [{ name: 'quiet', metric: 'aws:num-messages-sent', criteria }];
    await iot.call('CreateSecurityProfile', { securityProfileName: 'profile', behaviors });
    await iot.call('AttachSecurityProfile', {
      securityProfileName: 'profile',
      securityProfileTargetArn: 'arn:aws:iot:us-east-1:123456789012:all/things',
    });
    activity().connected(connection('pump-1')).sent('a', 1);
    await iot.cloud.clock.advance(5 * 60_000);
    const before = await iot.call('ListActiveViolations');
    expect(before).toMatchObject({ activeViolations: [{ thingName: 'pump-1' }] });
    await iot.cloud.store.durable();
    await iot.cloud.close();
    iot = await startIot({ directory });
    expect(await iot.call('ListActiveViolations')).toEqual(before);
    expect(await iot.call('ListViolationEvents', times)).toMatchObject({ violationEvents: [{ thingName: 'pump-1' }] });
    expect(await iot.call('DescribeAuditFinding', { findingId: findings[0]?.findingId })).toMatchObject({
      finding: { checkName: 'LOGGING_DISABLED_CHECK' },
    });
    const metric = { thingName: 'pump-1', metricName: 'aws:num-messages-sent' };
    const values = await iot.call('ListMetricValues', {
      ...metric,
      startTime: new Date(Date.UTC(2026, 0, 1)),
      endTime: new Date(Date.UTC(2026, 0, 2)),
    });
    expect(values).toMatchObject({ metricDatumList: [{ value: { count: 1 } }] });
  } finally {
    await iot.cloud.close();
    rmSync(directory, { recursive: true, force: true });
    iot = await startIot();
  }
});
