import type { QuarantineRequest } from './model.ts';
import { confirm, quarantine, release } from './quarantine-device.ts';
import { fleet, type TestDevice } from './testing/fleet.ts';

const SETTINGS = { topicRoot: 'fw-dev', maxPerHour: 2, grace: 3_600_000 };
const THING = 'fw-dev-pump-1';
const LIFT = { thingName: THING, by: 'ann', reason: 'repaired' };

function device(overrides: Partial<TestDevice> = {}): TestDevice {
  return {
    member: false,
    connected: true,
    certificates: { c1: 'ACTIVE', c2: 'INACTIVE', c3: 'REVOKED' },
    ...overrides,
  };
}

function world(overrides: Partial<TestDevice> = {}) {
  return fleet({ [THING]: device(overrides) });
}

function request(overrides: Partial<QuarantineRequest> = {}): QuarantineRequest {
  return {
    thingName: THING,
    origin: 'violation',
    by: 'Device Defender',
    reason: 'flood',
    at: 1_000_000_000_000,
    ...overrides,
  };
}

test('a device joins the group, its connection ends, and why is kept', async () => {
  const { devices, records, ports, confirmations, now } = world();
  expect(await quarantine(request(), SETTINGS, ports)).toBe('QUARANTINED');
  expect(devices[THING]).toMatchObject({ member: true, connected: false });
  expect(records.get(THING)).toMatchObject({ state: 'quarantined', reason: 'flood', origin: 'violation', since: now });
  expect(confirmations).toEqual([{ thingName: THING, since: now }]);
});

test('the same violation again, or what the quarantine itself causes, changes nothing', async () => {
  const { ports, confirmations } = world();
  await quarantine(request(), SETTINGS, ports);
  expect(await quarantine(request({ reason: 'authorization-failures' }), SETTINGS, ports)).toBe('ALREADY_QUARANTINED');
  expect(confirmations).toHaveLength(1);
});

test.each(['addToGroup', 'disconnect', 'confirmLater'] as const)(
  'a quarantine that broke off at %s is finished by the next delivery, in the same place of the hour',
  async (failAt) => {
    const broken = world();
    broken.failAt = failAt;
    await expect(quarantine(request(), SETTINGS, broken.ports)).rejects.toThrow(`${failAt} failed`);
    expect(await quarantine(request(), { ...SETTINGS, maxPerHour: 1 }, broken.ports)).toBe('QUARANTINED');
    expect(broken.devices[THING]).toMatchObject({ member: true, connected: false });
  },
);

test('no more devices than the bound are quarantined in an hour, but operators are not bound', async () => {
  const many = fleet({ 'fw-dev-1': device(), 'fw-dev-2': device(), 'fw-dev-3': device(), 'fw-dev-4': device() });
  const outcomes = [];
  for (const thingName of Object.keys(many.devices)) {
    outcomes.push(await quarantine(request({ thingName }), SETTINGS, many.ports));
  }
  expect(outcomes).toEqual(['QUARANTINED', 'QUARANTINED', 'BOUND_REACHED', 'BOUND_REACHED']);
  expect(many.devices['fw-dev-3']).toMatchObject({ member: false, connected: true });
  expect(await quarantine(request({ thingName: 'fw-dev-3', origin: 'operator' }), SETTINGS, many.ports)).toBe(
    'QUARANTINED',
  );
  many.now += 3_600_000;
  expect(await quarantine(request({ thingName: 'fw-dev-4', at: many.now }), SETTINGS, many.ports)).toBe('QUARANTINED');
});

test('a device that was just released is not quarantined again by itself, nor for what it did before', async () => {
  const one = world();
  await quarantine(request(), SETTINGS, one.ports);
  one.now += 60_000;
  await release(LIFT, one.ports);
  const later = request({ at: one.now + 1 });
  expect(await quarantine(later, SETTINGS, one.ports)).toBe('IN_GRACE');
  expect(await quarantine(request(), { ...SETTINGS, grace: 0 }, one.ports)).toBe('IN_GRACE');
  expect(await quarantine({ ...later, origin: 'operator' }, SETTINGS, one.ports)).toBe('QUARANTINED');
  await release(LIFT, one.ports);
  one.now += SETTINGS.grace;
  expect(await quarantine(request({ at: one.now }), SETTINGS, one.ports)).toBe('QUARANTINED');
});

test('things of others, and things that do not exist, are left alone', async () => {
  const { ports, records } = world();
  expect(await quarantine(request({ thingName: 'fw-prod-pump-1' }), SETTINGS, ports)).toBe('FOREIGN_THING');
  expect(await quarantine(request({ thingName: 'fw-dev-nobody' }), SETTINGS, ports)).toBe('NO_SUCH_THING');
  expect(records.size).toBe(0);
});

test('a release restores exactly what was', async () => {
  const { devices, records, ports } = world();
  const before = structuredClone(devices[THING]);
  await quarantine(request(), SETTINGS, ports);
  expect(await release(LIFT, ports)).toBe('RELEASED');
  expect(devices[THING]).toEqual({ ...before, connected: false });
  expect(records.get(THING)).toMatchObject({ state: 'released', releasedBy: 'ann', releaseReason: 'repaired' });
  expect(await release(LIFT, ports)).toBe('NOT_QUARANTINED');
});

test('a device that was in the group before stays in it', async () => {
  const { devices, ports } = world({ member: true });
  await quarantine(request(), SETTINGS, ports);
  await release(LIFT, ports);
  expect(devices[THING]?.member).toBe(true);
});

test('a release that broke off is finished by the next', async () => {
  const broken = world();
  await quarantine(request(), SETTINGS, broken.ports);
  broken.failAt = 'removeFromGroup';
  await expect(release(LIFT, broken.ports)).rejects.toThrow('removeFromGroup failed');
  expect(await release(LIFT, broken.ports)).toBe('RELEASED');
  expect(broken.devices[THING]?.member).toBe(false);
});

describe('when the policy should have taken effect', () => {
  test('a device that is off is left as it is', async () => {
    const { devices, ports, now } = world();
    await quarantine(request(), SETTINGS, ports);
    expect(await confirm(THING, now, ports)).toBe('CONFIRMED');
    expect(devices[THING]?.certificates).toEqual({ c1: 'ACTIVE', c2: 'INACTIVE', c3: 'REVOKED' });
  });

  test('one that is still connected loses its active certificates, and a release gives back those only', async () => {
    const { devices, ports, now } = world({ stubborn: true });
    await quarantine(request(), SETTINGS, ports);
    expect(await confirm(THING, now, ports)).toBe('CERTIFICATES_DEACTIVATED');
    expect(devices[THING]).toMatchObject({ connected: false, certificates: { c1: 'INACTIVE', c2: 'INACTIVE' } });
    await release(LIFT, ports);
    expect(devices[THING]?.certificates).toEqual({ c1: 'ACTIVE', c2: 'INACTIVE', c3: 'REVOKED' });
  });

  test('a certificate that was revoked meanwhile stays revoked', async () => {
    const { devices, ports, now } = world({ stubborn: true });
    await quarantine(request(), SETTINGS, ports);
    await confirm(THING, now, ports);
    (devices[THING] as TestDevice).certificates.c1 = 'REVOKED';
    await release(LIFT, ports);
    expect(devices[THING]?.certificates.c1).toBe('REVOKED');
  });

  test('one that broke off after its record was written is finished by the next delivery', async () => {
    const broken = world({ stubborn: true });
    await quarantine(request(), SETTINGS, broken.ports);
    broken.failAt = 'deactivate';
    await expect(confirm(THING, broken.now, broken.ports)).rejects.toThrow('deactivate failed');
    expect(await confirm(THING, broken.now, broken.ports)).toBe('CERTIFICATES_DEACTIVATED');
    await release(LIFT, broken.ports);
    expect(broken.devices[THING]?.certificates.c1).toBe('ACTIVE');
  });

  test('the confirmation of an earlier quarantine does nothing', async () => {
    const one = world({ stubborn: true });
    const first = one.now;
    await quarantine(request({ origin: 'operator' }), SETTINGS, one.ports);
    await release(LIFT, one.ports);
    expect(await confirm(THING, first, one.ports)).toBe('OUTDATED');
    one.now += 1_000;
    await quarantine(request({ origin: 'operator' }), SETTINGS, one.ports);
    expect(await confirm(THING, first, one.ports)).toBe('OUTDATED');
    expect(one.devices[THING]?.certificates.c1).toBe('ACTIVE');
  });
});

test('of two that change one record at once, one gives up', async () => {
  const one = world();
  const find = one.ports.find;
  await quarantine(request(), SETTINGS, one.ports);
  const stale = await find(THING);
  await release(LIFT, one.ports);
  await expect(release(LIFT, { ...one.ports, find: async () => stale })).rejects.toMatchObject({
    code: 'QUARANTINE_BUSY',
  });
});
