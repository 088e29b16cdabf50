import type { QuarantinePorts, QuarantineRecord } from '../model.ts';

export interface TestDevice {
  member: boolean;
  connected: boolean;
  /** The device connects again at once, as if the policy had no effect yet. */
  stubborn?: boolean;
  certificates: Record<string, 'ACTIVE' | 'INACTIVE' | 'REVOKED'>;
}

/** The registry, the broker and the table as far as the function sees them, with a clock that tests move. */
export function fleet(devices: Record<string, TestDevice>) {
  const records = new Map<string, QuarantineRecord>();
  const places = new Map<number, Set<string>>();
  const confirmations: { thingName: string; since: number }[] = [];
  const world = {
    now: 1_000_000_000_000,
    records,
    confirmations,
    devices,
    /** The call of this port that fails once. */
    failAt: undefined as keyof QuarantinePorts | undefined,
    ports: undefined as unknown as QuarantinePorts,
  };
  const guard = (name: keyof QuarantinePorts): void => {
    if (name !== world.failAt) return;
    world.failAt = undefined;
    throw new Error(`${name} failed`);
  };
  const of = (thingName: string): TestDevice => {
    const device = devices[thingName];
    if (device === undefined) throw new Error(`no thing ${thingName}`);
    return device;
  };
  const holder = (id: string): TestDevice =>
    Object.values(devices).find(({ certificates }) => id in certificates) as TestDevice;
  world.ports = {
    now: () => world.now,
    find: async (thingName) => records.get(thingName),
    async replace(next) {
      guard('replace');
      if ((records.get(next.thingName)?.revision ?? 0) !== next.revision - 1) return false;
      records.set(next.thingName, next);
      return true;
    },
    async reserve(hour, thingName, limit) {
      const taken = places.get(hour) ?? new Set();
      if (taken.size >= limit && !taken.has(thingName)) return false;
      places.set(hour, taken.add(thingName));
      return true;
    },
    exists: async (thingName) => thingName in devices,
    isMember: async (thingName) => of(thingName).member,
    async addToGroup(thingName) {
      guard('addToGroup');
      of(thingName).member = true;
    },
    async removeFromGroup(thingName) {
      guard('removeFromGroup');
      of(thingName).member = false;
    },
    isConnected: async (thingName) => of(thingName).connected,
    async disconnect(thingName) {
      guard('disconnect');
      const device = of(thingName);
      device.connected = device.stubborn === true && Object.values(device.certificates).includes('ACTIVE');
    },
    activeCertificates: async (thingName) =>
      Object.entries(of(thingName).certificates).flatMap(([id, status]) => (status === 'ACTIVE' ? [id] : [])),
    async deactivate(id) {
      guard('deactivate');
      holder(id).certificates[id] = 'INACTIVE';
    },
    async activate(id) {
      const { certificates } = holder(id);
      if (certificates[id] === 'INACTIVE') certificates[id] = 'ACTIVE';
    },
    async confirmLater(thingName, since) {
      guard('confirmLater');
      confirmations.push({ thingName, since });
    },
  };
  return world;
}
