import { selfSignedCertificate } from '../../test/support/certificates.ts';
import type { Admission } from '../shared/read-admission.ts';
import { type NewThing, type RegistrationSettings, registerDevice } from './register-device.ts';

const id = 'a'.repeat(64);
const registration = { certificateId: id, site: 'north', deviceType: 'pump-station' };
const settings: RegistrationSettings = {
  admission: 'list',
  sites: new Set(['north', 'south']),
  deviceTypes: new Set(['pump-station']),
  topicRoot: 'fleet-dev',
  policies: new Set(['device', 'services']),
};

let pem: string;
beforeAll(async () => {
  pem = (await selfSignedCertificate('PS-0001')).certificatePem;
});

interface Given {
  status?: string;
  pem?: string;
  admission?: Admission | undefined;
  thing?: Omit<NewThing, 'thingName'>;
  fails?: string;
}

async function run(given: Given, own: Partial<RegistrationSettings> = {}) {
  const acts: string[] = [];
  const act = (text: string): void => {
    if (given.fails !== undefined && text.startsWith(given.fails)) throw new Error('throttled');
    acts.push(text);
  };
  const outcome = registerDevice(
    registration,
    { ...settings, ...own },
    {
      certificate: async () => ({ status: given.status ?? 'PENDING_ACTIVATION', pem: given.pem ?? pem }),
      findAdmission: async () => given.admission,
      async makeThing(thing) {
        if (given.thing !== undefined) return given.thing;
        act(`make ${thing.thingName} ${JSON.stringify(thing.attributes)}`);
        return undefined;
      },
      attachThing: async (thingName) => act(`attach ${thingName}`),
      joinGroup: async (_thingName, group) => act(`join ${group}`),
      attachPolicy: async (policy) => act(`policy ${policy}`),
      activate: async () => act('activate'),
    },
  );
  return { outcome: await outcome.catch((error: Error) => error.message), acts };
}

const allowed: Admission = { status: 'allowed' };

test('a listed device becomes a thing with its groups and policies, and its certificate is active last', async () => {
  const { acts, outcome } = await run({ admission: allowed });
  expect(outcome).toEqual({ kind: 'registered', thingName: 'fleet-dev-pump-station-PS-0001' });
  expect(acts).toEqual([
    'make fleet-dev-pump-station-PS-0001 {"serialNumber":"PS-0001","site":"north","deviceType":"pump-station","state":"provisioning"}',
    'attach fleet-dev-pump-station-PS-0001',
    'join fleet-dev',
    'join fleet-dev-site-north',
    'join fleet-dev-type-pump-station',
    'policy device',
    'policy services',
    'activate',
  ]);
});

test('where a device is, the list knows better than its CA', async () => {
  const { acts } = await run({ admission: { status: 'allowed', site: 'south' } });
  expect(acts).toContain('join fleet-dev-site-south');
});

test('a device that is not listed or denied stays on hold; an open stage admits those of the CA', async () => {
  expect(await run({ admission: undefined })).toMatchObject({ outcome: { refusal: 'NOT_LISTED' }, acts: [] });
  expect(await run({ admission: { status: 'denied' } })).toMatchObject({ outcome: { refusal: 'DENIED' }, acts: [] });
  const open = { admission: 'open' } as const;
  expect(await run({ admission: undefined }, open)).toMatchObject({ outcome: { kind: 'registered' } });
  expect(await run({ admission: { status: 'denied' } }, open)).toMatchObject({ outcome: { refusal: 'DENIED' } });
});

test.each([
  [{ admission: { status: 'allowed', site: 'east' } as Admission }, 'SITE_NOT_CONFIGURED'],
  [{ admission: { status: 'allowed', deviceType: 'valve' } as Admission }, 'DEVICE_TYPE_NOT_CONFIGURED'],
  [
    {
      admission: allowed,
      thing: { thingTypeName: 'fleet-dev-pump-station', attributes: { site: 'north', state: 'decommissioned' } },
    },
    'DECOMMISSIONED',
  ],
  [
    { admission: allowed, thing: { thingTypeName: 'fleet-dev-pump-station', attributes: { site: 'south' } } },
    'THING_IS_ANOTHER',
  ],
  [{ admission: allowed, thing: { thingTypeName: 'other', attributes: { site: 'north' } } }, 'THING_IS_ANOTHER'],
])('%j is refused with %s, and nothing is attached', async (given, refusal) => {
  const { acts, outcome } = await run(given);
  expect(outcome).toMatchObject({ kind: 'refused', refusal });
  expect(acts).toEqual([]);
});

test('a common name that is no serial number is refused', async () => {
  const other = (await selfSignedCertificate('ps 1')).certificatePem;
  expect((await run({ pem: other, admission: allowed })).outcome).toMatchObject({ refusal: 'SUBJECT_INVALID' });
});

test.each(['ACTIVE', 'INACTIVE', 'REVOKED'])('a certificate that is %s was decided about already', async (status) => {
  expect(await run({ status, admission: allowed })).toEqual({ outcome: { kind: 'not-pending', status }, acts: [] });
});

test('a registration that is cut off has activated nothing, and is done again as a whole', async () => {
  for (const fails of ['make', 'attach', 'join', 'policy', 'activate']) {
    const { acts, outcome } = await run({ admission: allowed, fails });
    expect([outcome, acts.includes('activate')]).toEqual(['throttled', false]);
  }
});
