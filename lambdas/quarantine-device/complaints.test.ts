import { complaintOf, complaintsOf } from './complaints.ts';
import { auditSchema, messageSchema, violationSchema } from './schema.ts';

const settings = {
  automatic: true,
  behaviors: new Set(['messages-sent']),
  auditChecks: new Set(['DEVICE_CERTIFICATE_SHARED_CHECK']),
};
const violation = violationSchema.parse({
  violationEventTime: 1_500_000_000_000,
  thingName: 'fw-dev-1',
  behavior: { name: 'messages-sent', metric: 'aws:num-messages-sent', criteria: {} },
  violationEventType: 'in-alarm',
  metricValue: { count: 9 },
  violationId: 'v1',
  securityProfileName: 'p',
});
const notice = auditSchema.parse({
  accountId: '123456789012',
  taskId: 't1',
  taskStatus: 'COMPLETED',
  auditDetails: [
    { checkName: 'DEVICE_CERTIFICATE_SHARED_CHECK', nonCompliantResourcesCount: 2 },
    { checkName: 'LOGGING_DISABLED_CHECK', nonCompliantResourcesCount: 1 },
  ],
});
const ports = {
  now: () => 7,
  certificatesFound: async (_task: string, check: string) =>
    check === 'DEVICE_CERTIFICATE_SHARED_CHECK' ? ['c1', 'c2'] : ['c9'],
  thingsOf: async (certificate: string) => ({ c1: ['a', 'b'], c2: ['b'] })[certificate] ?? ['z'],
};

test('a violation of a configured behavior has its device quarantined', () => {
  expect(complaintOf(violation, settings)).toEqual({
    thingName: 'fw-dev-1',
    origin: 'violation',
    by: 'Device Defender, violation v1',
    reason: 'messages-sent of profile p',
    at: 1_500_000_000_000,
  });
});

test('other behaviors, the end of an alarm, and a stage that only operators quarantine in, have no effect', () => {
  expect(complaintOf({ ...violation, behavior: { name: 'disconnects' } }, settings)).toBeUndefined();
  expect(complaintOf({ ...violation, violationEventType: 'alarm-cleared' }, settings)).toBeUndefined();
  expect(complaintOf({ ...violation, violationEventType: 'alarm-invalidated' }, settings)).toBeUndefined();
  expect(complaintOf(violation, { ...settings, automatic: false })).toBeUndefined();
});

test('an audit names each thing of the certificates that its critical checks found, once', async () => {
  const complaints = await complaintsOf(notice, settings, ports);
  expect(complaints.map(({ thingName, reason }) => [thingName, reason])).toEqual([
    ['a', 'DEVICE_CERTIFICATE_SHARED_CHECK on certificate c1'],
    ['b', 'DEVICE_CERTIFICATE_SHARED_CHECK on certificate c1'],
  ]);
});

test('an audit that was canceled, or compliant, complains of nobody', async () => {
  expect(await complaintsOf({ ...notice, taskStatus: 'CANCELED' }, settings, ports)).toEqual([]);
  const compliant = { checkName: 'DEVICE_CERTIFICATE_SHARED_CHECK', nonCompliantResourcesCount: 0 };
  expect(await complaintsOf({ ...notice, auditDetails: [compliant] }, settings, ports)).toEqual([]);
});

test('violations, notices and confirmations are told apart; anything else is refused', () => {
  expect(messageSchema.parse(violation)).toHaveProperty('violationId');
  expect(messageSchema.parse(notice)).toHaveProperty('auditDetails');
  const confirmation = { action: 'confirm', thingName: 'a', since: 1 };
  expect(messageSchema.parse(confirmation)).toEqual(confirmation);
  expect(messageSchema.safeParse({ action: 'release', thingName: 'a', since: 1 }).success).toBe(false);
});
