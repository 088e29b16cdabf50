import {
  AddThingToThingGroupCommand,
  AttachSecurityProfileCommand,
  type Behavior,
  CreateCustomMetricCommand,
  CreateDimensionCommand,
  CreateSecurityProfileCommand,
  CreateThingCommand,
  CreateThingGroupCommand,
  DeleteCustomMetricCommand,
  DeleteDimensionCommand,
  DescribeSecurityProfileCommand,
  GetBehaviorModelTrainingSummariesCommand,
  IoTClient,
  ListActiveViolationsCommand,
  ListMetricValuesCommand,
  ListSecurityProfilesCommand,
  ListSecurityProfilesForTargetCommand,
  ListViolationEventsCommand,
  PutVerificationStateOnViolationCommand,
  UpdateSecurityProfileCommand,
  ValidateSecurityProfileBehaviorsCommand,
} from '@aws-sdk/client-iot';
import { encode } from 'cbor-x';
import { ManualClock } from '../../local-cloud/src/core/clock.ts';
import type { DeviceConnection } from '../../local-cloud/src/core/mqtt.ts';
import { type DefenderCloud, grantRole, signAtClock, startDefenderCloud } from '../support/defender-cloud.ts';

const MINUTES = 60_000;
const DAY = 1440 * MINUTES;
const ALL = 'arn:aws:iot:us-east-1:123456789012:all/things';
const TOPIC = 'arn:aws:sns:us-east-1:123456789012:alerts';

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

async function watch(behaviors: Behavior[], target = ALL, options: object = {}): Promise<void> {
  const securityProfileName = 'profile';
  await iot.send(new CreateSecurityProfileCommand({ securityProfileName, behaviors, ...options }));
  await iot.send(new AttachSecurityProfileCommand({ securityProfileName, securityProfileTargetArn: target }));
}

function connect(clientId: string, sourceIp = '203.0.113.7') {
  const connection: DeviceConnection = { clientId, principalId: 'p', sourceIp };
  const activity = defender.https.cloud.ports.get('deviceActivity');
  activity.attempted(clientId);
  return { connection, activity, counters: activity.connected(connection) };
}

function send(device: ReturnType<typeof connect>, count: number, topic = 'pumps/1/telemetry', bytes = 100): void {
  for (let index = 0; index < count; index++) device.counters.sent(topic, bytes);
}

/** To the end of the window that runs. */
const nextWindow = () => clock.advance(5 * MINUTES);

async function events() {
  const { violationEvents } = await iot.send(
    new ListViolationEventsCommand({ startTime: new Date(0), endTime: new Date(clock.now()), maxResults: 250 }),
  );
  return (violationEvents ?? []).map(({ thingName, violationEventType, metricValue }) => ({
    thingName,
    violationEventType,
    metricValue,
  }));
}

const active = async () => (await iot.send(new ListActiveViolationsCommand({}))).activeViolations ?? [];

const messagesSent = (count: number, more: object = {}): Behavior => ({
  name: 'few-messages',
  metric: 'aws:num-messages-sent',
  criteria: { comparisonOperator: 'less-than-equals', value: { count }, durationSeconds: 300, ...more },
});

describe('cloud-side metrics', () => {
  // source: developer guide, detect-cloud-side-metrics, "Messages sent"; detect-behaviors
  test('too many messages in five minutes raise an alarm, which a quiet window clears', async () => {
    await watch([messagesSent(50)]);
    const device = connect('pump-1');
    send(device, 51);
    await nextWindow();
    expect(await active()).toMatchObject([
      {
        thingName: 'pump-1',
        securityProfileName: 'profile',
        behavior: { name: 'few-messages' },
        lastViolationValue: { count: 51 },
        verificationState: 'UNKNOWN',
      },
    ]);
    send(device, 50);
    await nextWindow();
    expect(await active()).toEqual([]);
    expect(await events()).toEqual([
      { thingName: 'pump-1', violationEventType: 'in-alarm', metricValue: { count: 51 } },
      { thingName: 'pump-1', violationEventType: 'alarm-cleared', metricValue: { count: 50 } },
    ]);
  });

  // source: developer guide, detect-behaviors, "consecutiveDatapointsToAlarm", "consecutiveDatapointsToClear"
  test('alarms wait for consecutive data points', async () => {
    await watch([messagesSent(5, { consecutiveDatapointsToAlarm: 2, consecutiveDatapointsToClear: 2 })]);
    const device = connect('pump-1');
    const raised: number[] = [];
    for (const count of [9, 1, 9, 9, 1, 9, 1, 1]) {
      send(device, count);
      await nextWindow();
      raised.push((await active()).length);
    }
    expect(raised).toEqual([0, 0, 0, 1, 1, 1, 1, 0]);
  });

  // source: developer guide, detect-behaviors, "durationSeconds"
  test('counts are added up over the duration of the behavior', async () => {
    await watch([messagesSent(10, { durationSeconds: 900 })]);
    const device = connect('pump-1');
    const raised: number[] = [];
    for (const count of [4, 4, 4, 0, 0]) {
      send(device, count);
      await nextWindow();
      raised.push((await active()).length);
    }
    expect(raised).toEqual([0, 0, 1, 0, 0]);
  });

  // source: developer guide, detect-cloud-side-metrics, "Message size"
  test('each message is measured by itself', async () => {
    const criteria = { comparisonOperator: 'less-than-equals', value: { count: 1024 } } as const;
    await watch([{ name: 'size', metric: 'aws:message-byte-size', criteria }]);
    const device = connect('pump-1');
    send(device, 100, 'a', 1024);
    await nextWindow();
    expect(await active()).toEqual([]);
    send(device, 1, 'a', 1025);
    await nextWindow();
    expect(await active()).toMatchObject([{ lastViolationValue: { count: 1025 } }]);
  });

  // source: developer guide, detect-cloud-side-metrics: connection attempts, disconnects, authorization failures, source IP
  test('connections, refusals and source addresses are watched', async () => {
    const most = (metric: string, count: number): Behavior => ({
      name: metric.replaceAll(':', '_'),
      metric,
      criteria: { comparisonOperator: 'less-than', value: { count }, durationSeconds: 300 },
    });
    await watch([
      most('aws:num-connection-attempts', 3),
      most('aws:num-disconnects', 2),
      most('aws:num-authorization-failures', 2),
      {
        name: 'addresses',
        metric: 'aws:source-ip-address',
        criteria: { comparisonOperator: 'not-in-cidr-set', value: { cidrs: ['12.8.0.0/16'] } },
      },
    ]);
    for (let index = 0; index < 3; index++) {
      const { activity, connection } = connect('pump-1', index === 0 ? '12.8.1.1' : '203.0.113.7');
      activity.disconnected(connection, 'CONNECTION_LOST');
    }
    const last = connect('pump-1');
    last.counters.denied('other/topic');
    last.activity.refused('pump-1');
    await nextWindow();
    const found = (await active()).map(({ behavior, lastViolationValue }) => [behavior?.name, lastViolationValue]);
    expect(Object.fromEntries(found)).toEqual({
      'aws_num-connection-attempts': { count: 4 },
      'aws_num-disconnects': { count: 3 },
      'aws_num-authorization-failures': { count: 2 },
      addresses: { cidrs: ['12.8.1.1', '203.0.113.7'] },
    });
  });

  // source: API reference, MetricDimension
  test('a dimension narrows a metric to the topics that match it', async () => {
    await iot.send(new CreateDimensionCommand({ name: 'admin', type: 'TOPIC_FILTER', stringValues: ['admin/#'] }));
    await watch([
      { ...messagesSent(1), name: 'in', metricDimension: { dimensionName: 'admin' } },
      { ...messagesSent(1), name: 'not-in', metricDimension: { dimensionName: 'admin', operator: 'NOT_IN' } },
    ]);
    const device = connect('pump-1');
    send(device, 2, 'admin/keys');
    send(device, 1, 'pumps/1');
    await nextWindow();
    expect(await active()).toMatchObject([{ behavior: { name: 'in' }, lastViolationValue: { count: 2 } }]);
    await expect(iot.send(new DeleteDimensionCommand({ name: 'admin' }))).rejects.toMatchObject({
      name: 'InvalidRequestException',
    });
  });

  // source: developer guide, detect-behaviors, "statisticalThreshold"
  test('a device is compared with the percentile of the fleet in the duration before', async () => {
    const criteria = {
      comparisonOperator: 'less-than-equals',
      statisticalThreshold: { statistic: 'p90' },
      durationSeconds: 300,
    } as const;
    await watch([{ name: 'usual', metric: 'aws:num-messages-sent', criteria }]);
    const devices = Array.from({ length: 10 }, (_, index) => connect(`pump-${index}`));
    for (const [index, device] of devices.entries()) send(device, index + 1);
    await nextWindow();
    expect(await active()).toEqual([]);
    for (const device of devices) send(device, 9);
    send(devices[3] as ReturnType<typeof connect>, 1);
    await nextWindow();
    expect(await active()).toMatchObject([{ thingName: 'pump-3', lastViolationValue: { count: 10 } }]);
  });
});

describe('device-side metrics', () => {
  const report = (reportId: number, ports: number[]) => ({
    header: { report_id: reportId, version: '1.0' },
    metrics: { listening_tcp_ports: { ports: ports.map((port) => ({ port })), total: ports.length } },
  });
  const answers = () =>
    defender.published.splice(0).map(({ topic, payload }) => ({ topic, body: JSON.parse(payload.toString()) }));
  const ports: Behavior = {
    name: 'ports',
    metric: 'aws:listening-tcp-ports',
    criteria: { comparisonOperator: 'in-port-set', value: { ports: [443, 80] } },
  };

  // source: developer guide, device-defender-troubleshoot
  test('a report is accepted and judged as it comes', async () => {
    await watch([ports]);
    await defender.publish('$aws/things/pump-1/defender/metrics/json', report(1, [443, 23]));
    expect(answers()).toEqual([
      {
        topic: '$aws/things/pump-1/defender/metrics/json/accepted',
        body: { thingName: 'pump-1', reportId: 1, status: 'ACCEPTED', timestamp: clock.now() },
      },
    ]);
    expect(await active()).toMatchObject([{ thingName: 'pump-1', lastViolationValue: { ports: [443, 23] } }]);
    await clock.advance(5 * MINUTES);
    const empty = encode(report(2, []));
    await defender.publish('$aws/things/pump-1/defender/metrics/cbor', empty);
    expect(await active()).toEqual([]);
  });

  // source: developer guide, device-defender-troubleshoot ("Malformed metrics report")
  test('a malformed report is rejected with a reason', async () => {
    await defender.publish('$aws/things/pump-1/defender/metrics/json', Buffer.from('{'));
    expect(answers()).toEqual([
      {
        topic: '$aws/things/pump-1/defender/metrics/json/rejected',
        body: {
          thingName: 'pump-1',
          status: 'REJECTED',
          statusDetails: { ErrorCode: 'InvalidPayload', ErrorMessage: 'Malformed metrics report' },
          timestamp: clock.now(),
        },
      },
    ]);
  });

  // source: developer guide, detect-device-side-metrics (report_id: "Monotonically increasing value"; "a minimum of 300 seconds")
  test('report ids grow, and reports are five minutes apart', async () => {
    const send = (id: number) => defender.publish('$aws/things/pump-1/defender/metrics/json', report(id, []));
    await send(5);
    await clock.advance(2 * MINUTES);
    await send(6);
    await clock.advance(5 * MINUTES);
    await send(5);
    await send(7);
    const codes = answers().map(({ body }) => body.statusDetails?.ErrorCode ?? body.status);
    expect(codes).toEqual(['ACCEPTED', 'Throttled', 'InvalidPayload', 'ACCEPTED']);
  });

  // source: developer guide, dd-detect-custom-metrics
  test('custom metrics are reported, judged and listed', async () => {
    await iot.send(new CreateCustomMetricCommand({ metricName: 'battery', metricType: 'number' }));
    const criteria = { comparisonOperator: 'greater-than', value: { number: 75 } } as const;
    await watch([{ name: 'charged', metric: 'battery', criteria }]);
    const header = { report_id: 1, version: '1.0' };
    const custom_metrics = { battery: [{ number: 60 }] };
    await defender.publish('$aws/things/pump-1/defender/metrics/json', { header, custom_metrics });
    expect(await active()).toMatchObject([{ lastViolationValue: { number: 60 } }]);
    const { metricDatumList } = await iot.send(
      new ListMetricValuesCommand({
        thingName: 'pump-1',
        metricName: 'battery',
        startTime: new Date(clock.now() - DAY),
        endTime: new Date(clock.now()),
      }),
    );
    expect(metricDatumList).toEqual([{ timestamp: new Date(clock.now()), value: { number: 60 } }]);
    const { securityProfileIdentifiers } = await iot.send(new ListSecurityProfilesCommand({ metricName: 'battery' }));
    expect(securityProfileIdentifiers).toMatchObject([{ name: 'profile' }]);
    await expect(iot.send(new DeleteCustomMetricCommand({ metricName: 'battery' }))).rejects.toMatchObject({
      name: 'InvalidRequestException',
    });
  });

  // source: developer guide, device-defender-troubleshoot ("more than two days … alarm-invalidated")
  test('an alarm of a device that falls silent is invalidated after two days', async () => {
    await watch([ports]);
    await defender.publish('$aws/things/pump-1/defender/metrics/json', report(1, [23]));
    await clock.advance(2 * DAY - 5 * MINUTES);
    expect(await active()).toHaveLength(1);
    await clock.advance(10 * MINUTES);
    expect(await active()).toEqual([]);
    expect((await events()).map(({ violationEventType }) => violationEventType)).toEqual([
      'in-alarm',
      'alarm-invalidated',
    ]);
  });
});

describe('security profiles', () => {
  // source: developer guide, device-defender-detect, "Monitoring the behavior of unregistered devices"
  test('profiles are for registered or unregistered devices, or for those of a group', async () => {
    await iot.send(new CreateThingCommand({ thingName: 'pump-1' }));
    await iot.send(new CreateThingGroupCommand({ thingGroupName: 'pumps' }));
    await iot.send(new AddThingToThingGroupCommand({ thingName: 'pump-1', thingGroupName: 'pumps' }));
    const arn = 'arn:aws:iot:us-east-1:123456789012:';
    const targets = [`${arn}all/registered-things`, `${arn}all/unregistered-things`, `${arn}thinggroup/pumps`];
    for (const [index, securityProfileTargetArn] of targets.entries()) {
      const securityProfileName = `profile-${index}`;
      await iot.send(new CreateSecurityProfileCommand({ securityProfileName, behaviors: [messagesSent(0)] }));
      await iot.send(new AttachSecurityProfileCommand({ securityProfileName, securityProfileTargetArn }));
    }
    send(connect('pump-1'), 1);
    send(connect('stranger'), 1);
    await nextWindow();
    const found = (await active()).map(({ thingName, securityProfileName }) => `${thingName} ${securityProfileName}`);
    expect(found.sort()).toEqual(['pump-1 profile-0', 'pump-1 profile-2', 'stranger profile-1']);
    const { securityProfileTargetMappings } = await iot.send(
      new ListSecurityProfilesForTargetCommand({ securityProfileTargetArn: targets[2] }),
    );
    expect(securityProfileTargetMappings).toMatchObject([{ securityProfileIdentifier: { name: 'profile-2' } }]);
  });

  // source: API reference, ValidateSecurityProfileBehaviors; developer guide, detect-cloud-side-metrics
  test('behaviors are validated against their metric', async () => {
    const invalid: Behavior[] = [
      {
        name: 'a',
        metric: 'aws:num-messages-sent',
        criteria: { comparisonOperator: 'in-cidr-set', value: { cidrs: [] }, durationSeconds: 300 },
      },
      {
        name: 'b',
        metric: 'aws:num-messages-sent',
        criteria: { comparisonOperator: 'less-than', value: { count: 5 } },
      },
      {
        name: 'c',
        metric: 'aws:source-ip-address',
        criteria: { comparisonOperator: 'in-cidr-set', value: { cidrs: ['10.0.0.0/40'] } },
      },
      { name: 'd', metric: 'aws:no-such-metric' },
      {
        name: 'e',
        metric: 'aws:num-disconnects',
        criteria: { comparisonOperator: 'less-than', value: { count: 5 }, durationSeconds: 301 },
      },
    ];
    for (const behavior of invalid) {
      const { valid, validationErrors } = await iot.send(
        new ValidateSecurityProfileBehaviorsCommand({ behaviors: [behavior] }),
      );
      expect([behavior.name, valid, validationErrors?.length !== 0]).toEqual([behavior.name, false, true]);
      const create = new CreateSecurityProfileCommand({ securityProfileName: 'p', behaviors: [behavior] });
      await expect(iot.send(create)).rejects.toMatchObject({ name: 'InvalidRequestException' });
    }
    const { valid } = await iot.send(new ValidateSecurityProfileBehaviorsCommand({ behaviors: [messagesSent(1)] }));
    expect(valid).toBe(true);
  });

  // assumed: ML Detect is not built and refuses by name
  test('ML Detect is refused by name, and has no training summaries', async () => {
    const criteria = { mlDetectionConfig: { confidenceLevel: 'HIGH' } } as const;
    const behaviors: Behavior[] = [{ name: 'ml', metric: 'aws:num-messages-sent', criteria }];
    const create = new CreateSecurityProfileCommand({ securityProfileName: 'p', behaviors });
    await expect(iot.send(create)).rejects.toMatchObject({
      $metadata: { httpStatusCode: 501 },
      message: expect.stringContaining('ML Detect'),
    });
    expect(await iot.send(new GetBehaviorModelTrainingSummariesCommand({}))).toMatchObject({ summaries: [] });
  });

  // source: API reference, UpdateSecurityProfile
  test('updates are versioned', async () => {
    await watch([messagesSent(50)]);
    const securityProfileName = 'profile';
    const update = (expectedVersion: number) =>
      iot.send(new UpdateSecurityProfileCommand({ securityProfileName, expectedVersion, deleteBehaviors: true }));
    await expect(update(2)).rejects.toMatchObject({ name: 'VersionConflictException' });
    expect(await update(1)).toMatchObject({ version: 2, behaviors: [] });
    expect(await iot.send(new DescribeSecurityProfileCommand({ securityProfileName }))).toMatchObject({
      securityProfileArn: 'arn:aws:iot:us-east-1:123456789012:securityprofile/profile',
      version: 2,
    });
  });

  // source: developer guide, detect-concepts, "alarm" and "alarm suppression"; API reference, ViolationEvent
  test('alarms are sent to the SNS topic with the role of the profile, unless they are suppressed', async () => {
    const roleArn = await grantRole(defender.https, clock, 'alerts', ['sns:Publish']);
    await watch([messagesSent(1), { ...messagesSent(1), name: 'silent', suppressAlerts: true }], ALL, {
      alertTargets: { SNS: { alertTargetArn: TOPIC, roleArn } },
    });
    send(connect('pump-1'), 2);
    await nextWindow();
    expect(await active()).toHaveLength(2);
    expect(defender.notifications).toMatchObject([
      {
        topicArn: TOPIC,
        roleName: 'alerts',
        message: {
          violationEventTime: clock.now(),
          thingName: 'pump-1',
          behavior: { name: 'few-messages' },
          violationEventType: 'in-alarm',
          metricValue: { count: 2 },
          securityProfileName: 'profile',
        },
      },
    ]);
    const suppressed = await iot.send(new ListActiveViolationsCommand({ listSuppressedAlerts: true }));
    expect(suppressed.activeViolations).toMatchObject([{ behavior: { name: 'silent' } }]);
  });

  // source: developer guide, detect-concepts, "alarm verification state"
  test('alarms are verified', async () => {
    await watch([messagesSent(1)]);
    send(connect('pump-1'), 2);
    await nextWindow();
    const [violation] = await active();
    const verificationState = 'TRUE_POSITIVE';
    const violationId = violation?.violationId;
    await iot.send(new PutVerificationStateOnViolationCommand({ violationId, verificationState }));
    const { activeViolations } = await iot.send(new ListActiveViolationsCommand({ verificationState }));
    expect(activeViolations).toMatchObject([{ violationId, verificationState }]);
  });
});
