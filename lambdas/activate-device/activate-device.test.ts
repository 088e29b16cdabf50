import { type ActivationPorts, activateDevice } from './activate-device.ts';

const activate = (connection: { thingName: string; principal: string }, ports: ActivationPorts) =>
  activateDevice(connection, { topicRoot: 'fleet-dev', coreTypes: new Set(['gateway']) }, ports);

const connection = { thingName: 'pump', principal: 'c'.repeat(64) };

function registry(state: string | undefined, conflicts = 0) {
  const groups = new Set(['fleet-dev', 'fleet-dev-low-battery']);
  const thing = {
    attributes: {
      site: 'north',
      deviceType: 'pump',
      ...(state !== undefined && { state }),
    } as Record<string, string>,
    version: 1,
  };
  const seen = new Set<string>();
  const policies: string[] = [];
  let asked = 0;
  const ports: ActivationPorts = {
    wasSeen: async ({ principal, thingName }) => seen.has(`${thingName}/${principal}`),
    remember: async ({ principal, thingName }) => void seen.add(`${thingName}/${principal}`),
    async find() {
      asked++;
      return { attributes: { ...thing.attributes }, version: thing.version };
    },
    groupsOf: async () => [...groups],
    joinGroup: async (_thingName, group) => void groups.add(group),
    allow: async (certificateId, policy) => void policies.push(`${certificateId.slice(0, 3)} ${policy} ${groups.size}`),
    async activate(_thingName, version) {
      if (conflicts-- > 0) thing.version++;
      if (version !== thing.version) return false;
      thing.attributes.state = 'active';
      thing.version++;
      return true;
    },
  };
  return { thing, groups, policies, ports, asked: () => asked };
}

test('a device becomes active when it connects for the first time, and is not asked about again', async () => {
  const { asked, ports, thing } = registry('provisioning');
  expect(await activate(connection, ports)).toBe('activated');
  expect(thing.attributes.state).toBe('active');
  expect(await activate(connection, ports)).toBe('seen');
  expect(asked()).toBe(1);
});

test('with another certificate it is looked at again: it may have been registered anew', async () => {
  const { ports, thing } = registry('provisioning');
  await activate(connection, ports);
  thing.attributes.state = 'provisioning';
  expect(await activate({ ...connection, principal: 'd'.repeat(64) }, ports)).toBe('activated');
});

test.each(['active', 'maintenance', 'decommissioned', undefined])('the state %s stays', async (state) => {
  const { ports, thing } = registry(state);
  expect(await activate(connection, ports)).toBe('as-it-is');
  expect(thing.attributes.state).toBe(state);
});

test('a change by somebody else in between is seen, and without end it is left to the queue', async () => {
  expect(await activate(connection, registry('provisioning', 1).ports)).toBe('activated');
  await expect(activate(connection, registry('provisioning', 9).ports)).rejects.toThrow('all the time');
});

test('a client that is no thing is none of ours', async () => {
  const { ports } = registry('provisioning');
  expect(await activate(connection, { ...ports, find: async () => undefined })).toBe('no-thing');
});

test('it joins the groups that it is not in, and leaves none', async () => {
  const { groups, ports } = registry('provisioning');
  await activate(connection, ports);
  expect([...groups]).toEqual(['fleet-dev', 'fleet-dev-low-battery', 'fleet-dev-site-north', 'fleet-dev-type-pump']);
});

test.each([
  [{ deviceType: 'gateway' }, 'fleet-dev-cores-north'],
  [{ deviceType: 'gateway', coreGroup: 'north-hall-2' }, 'fleet-dev-cores-north-hall-2'],
])('a core that is %j joins the cores that run the same', async (attributes, group) => {
  const { groups, ports, thing } = registry('provisioning');
  Object.assign(thing.attributes, attributes);
  await activate(connection, ports);
  expect([...groups]).toContain(group);
});

test('only a core is asked which cores it belongs to', async () => {
  const { groups, ports, thing } = registry('provisioning');
  thing.attributes.coreGroup = 'north-hall-2';
  await activate(connection, ports);
  expect([...groups].filter((group) => group.includes('cores'))).toEqual([]);
});

test('the certificate of a core gets the policy of cores before it joins them; others get none', async () => {
  const core = registry('provisioning');
  Object.assign(core.thing.attributes, { deviceType: 'gateway' });
  await activate(connection, core.ports);
  expect(core.policies).toEqual(['ccc fleet-dev-gateway 2']);
  const pump = registry('provisioning');
  await activate(connection, pump.ports);
  expect(pump.policies).toEqual([]);
});
