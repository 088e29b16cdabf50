import { type ActivationPorts, activateDevice } from './activate-device.ts';

const connection = { thingName: 'pump', principal: 'c'.repeat(64) };

function registry(state: string | undefined, conflicts = 0) {
  const thing = { attributes: { ...(state !== undefined && { state }) } as Record<string, string>, version: 1 };
  const seen = new Set<string>();
  let asked = 0;
  const ports: ActivationPorts = {
    wasSeen: async ({ principal, thingName }) => seen.has(`${thingName}/${principal}`),
    remember: async ({ principal, thingName }) => void seen.add(`${thingName}/${principal}`),
    async find() {
      asked++;
      return { attributes: { ...thing.attributes }, version: thing.version };
    },
    async activate(_thingName, version) {
      if (conflicts-- > 0) thing.version++;
      if (version !== thing.version) return false;
      thing.attributes.state = 'active';
      thing.version++;
      return true;
    },
  };
  return { thing, ports, asked: () => asked };
}

test('a device becomes active when it connects for the first time, and is not asked about again', async () => {
  const { asked, ports, thing } = registry('provisioning');
  expect(await activateDevice(connection, ports)).toBe('activated');
  expect(thing.attributes.state).toBe('active');
  expect(await activateDevice(connection, ports)).toBe('seen');
  expect(asked()).toBe(1);
});

test('with another certificate it is looked at again: it may have been registered anew', async () => {
  const { ports, thing } = registry('provisioning');
  await activateDevice(connection, ports);
  thing.attributes.state = 'provisioning';
  expect(await activateDevice({ ...connection, principal: 'd'.repeat(64) }, ports)).toBe('activated');
});

test.each(['active', 'maintenance', 'decommissioned', undefined])('the state %s stays', async (state) => {
  const { ports, thing } = registry(state);
  expect(await activateDevice(connection, ports)).toBe('as-it-is');
  expect(thing.attributes.state).toBe(state);
});

test('a change by somebody else in between is seen, and without end it is left to the queue', async () => {
  expect(await activateDevice(connection, registry('provisioning', 1).ports)).toBe('activated');
  await expect(activateDevice(connection, registry('provisioning', 9).ports)).rejects.toThrow('all the time');
});

test('a client that is no thing is none of ours', async () => {
  const { ports } = registry('provisioning');
  expect(await activateDevice(connection, { ...ports, find: async () => undefined })).toBe('no-thing');
});
