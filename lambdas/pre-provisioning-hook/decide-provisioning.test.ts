import type { Admission } from '../shared/read-admission.ts';
import { type DecisionSettings, decideProvisioning } from './decide-provisioning.ts';

const TEMPLATE_ARN = 'arn:aws:iot:us-east-1:123456789012:provisioningtemplate/fleetwright-dev-claim';
const settings: DecisionSettings = {
  admission: 'open',
  sites: new Set(['north', 'south']),
  deviceTypes: new Set(['pump-station']),
  templateArn: TEMPLATE_ARN,
};

/** The request of the developer guide's page "Pre-provisioning hooks". */
function request(parameters: Record<string, string> = {}, more: Record<string, unknown> = {}): object {
  return {
    claimCertificateId: 'c'.repeat(64),
    certificateId: 'd'.repeat(64),
    certificatePem: '-----BEGIN CERTIFICATE-----',
    templateArn: TEMPLATE_ARN,
    clientId: 'fleetwright-dev-claim-PS-0001',
    parameters: { SerialNumber: 'PS-0001', Site: 'north', DeviceType: 'pump-station', ...parameters },
    ...more,
  };
}

function decide(event: unknown, admission?: Admission, own: Partial<DecisionSettings> = {}) {
  return decideProvisioning(event, { ...settings, ...own }, { findAdmission: async () => admission });
}

test('an open stage admits a device that nothing is known of', async () => {
  expect(await decide(request())).toEqual({
    allowed: true,
    serialNumber: 'PS-0001',
    site: 'north',
    deviceType: 'pump-station',
  });
});

test('a listing stage admits listed devices only', async () => {
  const list = { admission: 'list' } as const;
  expect(await decide(request(), undefined, list)).toMatchObject({ allowed: false, refusal: 'NOT_LISTED' });
  expect(await decide(request(), { status: 'allowed' }, list)).toMatchObject({ allowed: true });
});

test.each(['open', 'list'] as const)('a denied device is refused by an %s stage', async (admission) => {
  expect(await decide(request(), { status: 'denied' }, { admission })).toMatchObject({
    allowed: false,
    refusal: 'DENIED',
  });
});

test.each([{ site: 'south' }, { deviceType: 'valve' }])(
  'an entry for %j refuses the device elsewhere',
  async (place) => {
    expect(await decide(request(), { status: 'allowed', ...place })).toMatchObject({
      allowed: false,
      refusal: 'LISTED_FOR_ANOTHER_PLACE',
    });
  },
);

test.each([
  [{ SerialNumber: 'ps-0001' }, 'INVALID_PARAMETERS'],
  [{ SerialNumber: 'A' }, 'INVALID_PARAMETERS'],
  [{ SerialNumber: 'PS-0001/+' }, 'INVALID_PARAMETERS'],
  [{ Site: '#' }, 'INVALID_PARAMETERS'],
  [{ Extra: 'x' }, 'INVALID_PARAMETERS'],
  [{ Site: 'east' }, 'SITE_NOT_CONFIGURED'],
  [{ DeviceType: 'valve' }, 'DEVICE_TYPE_NOT_CONFIGURED'],
])('parameters %j are refused with %s', async (parameters, refusal) => {
  expect(await decide(request(parameters as Record<string, string>))).toMatchObject({ allowed: false, refusal });
});

test('parameters that AWS IoT adds itself are no fault of the device', async () => {
  expect(await decide(request({ 'AWS::IoT::Certificate::Id': 'd'.repeat(64) }))).toMatchObject({ allowed: true });
});

test('a request through another template is refused', async () => {
  const event = request({}, { templateArn: `${TEMPLATE_ARN}-other` });
  expect(await decide(event)).toMatchObject({ allowed: false, refusal: 'FOREIGN_TEMPLATE' });
});

test.each([[undefined], [null], ['text'], [{}], [request({}, { parameters: { SerialNumber: 1 } })]])(
  'a request of another shape is refused (%#)',
  async (event) => {
    expect(await decide(event)).toMatchObject({ allowed: false, refusal: 'INVALID_REQUEST' });
  },
);

test('a device is refused when the table does not answer, even by an open stage', async () => {
  const decision = await decideProvisioning(request(), settings, {
    findAdmission: () => Promise.reject(new Error('timed out')),
  });
  expect(decision).toMatchObject({ allowed: false, refusal: 'LOOKUP_FAILED', detail: 'Error: timed out' });
});

test('the log of a decision holds no certificate', async () => {
  expect(JSON.stringify(await decide(request()))).not.toContain('BEGIN');
});
