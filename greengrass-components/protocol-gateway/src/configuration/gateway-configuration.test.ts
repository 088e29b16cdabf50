import { expect, test } from '@jest/globals';
import { plantSources } from '../../../simulated-plant/src/index.ts';
import { gatewayConfigurationSchema } from './gateway-configuration.ts';

type Tree = Record<string, unknown>;

/** A good configuration with one member changed, by a path of names. */
function changed(path: string, value: unknown): unknown {
  const whole = structuredClone({
    sources: { ...plantSources({ modbus: 502, coap: 5_683 }), lamp: LAMP },
    broker: BROKER,
  });
  const names = path.split('.');
  const last = names.pop() as string;
  let at = whole as Tree;
  for (const name of names) {
    at[name] ??= {};
    at = at[name] as Tree;
  }
  if (value === undefined) delete at[last];
  else at[last] = value;
  return whole;
}
const LAMP = { protocol: 'mqtt', identity: { commonName: 'lamp-1' }, points: { on: { writable: true } } };
const BROKER = { deviceCa: '-----BEGIN CERTIFICATE-----\nx\n-----END CERTIFICATE-----\n' };

function problems(given: unknown): string[] {
  const read = gatewayConfigurationSchema.safeParse(given);
  return read.success ? [] : read.error.issues.map(({ message, path }) => `${path.join('.')}: ${message}`);
}

test('nothing at all is a configuration: no sources', () => {
  expect(gatewayConfigurationSchema.parse({})).toMatchObject({
    sources: {},
    broker: { port: 8_883, host: '0.0.0.0' },
    publishIntervalMs: 50,
    reportIntervalMs: 30_000,
  });
});

test('the plant is one, with every default filled in', () => {
  const { sources } = gatewayConfigurationSchema.parse(changed('publishIntervalMs', 0));
  expect(sources['pump-1']).toMatchObject({
    timeoutMs: 1_000,
    writeConnection: 'own',
    reconnect: { minMs: 500, maxMs: 30_000 },
    groups: { default: { intervalMs: 1_000 }, slow: { intervalMs: 10_000 } },
    points: { flow: { byteOrder: 'big', wordOrder: 'little', scale: 1, group: 'default', writable: false } },
  });
  expect(sources.tank).toMatchObject({ security: { mode: 'none' }, resources: { default: { maxBytes: 65_536 } } });
});

test('the group that points are of by default is there whatever other groups are', () => {
  expect(problems(changed('sources.pump-1.groups', { slow: { intervalMs: 5_000 } }))).toEqual([]);
});

test.each([
  ['sources.pump-1.unit', 256, 'sources.pump-1.unit'],
  ['sources.pump-1.points.flow.address', 65_535, 'reaches beyond the last register'],
  ['sources.pump-1.points.flow.bit', 3, 'goes with type bit'],
  ['sources.pump-1.points.flow.type', 'int64', 'sources.pump-1.points.flow.type'],
  ['sources.pump-1.points.flow.group', 'fast', 'is no group of the source'],
  ['sources.pump-1.points.flow.writable', { min: 0, max: 1 }, 'a input-register cannot be written'],
  ['sources.pump-1.points.setpoint.writable', true, 'must give min and max'],
  ['sources.pump-1.points.running.scale', 2, 'a switch has no scale'],
  ['sources.pump-1.points.flow.scale', 0, 'must not be 0'],
  ['sources.pump-1.points.flow.colour', 'red', 'Unrecognized key'],
  ['sources.pump-1.points.Flow', { table: 'coil', address: 1 }, 'sources.pump-1.points.Flow: Invalid key'],
  ['sources.pump-1.points', {}, 'must name a point'],
  ['sources.pump-1.maxRegisters', 126, 'sources.pump-1.maxRegisters'],
  ['sources.pump-1.reconnect', { minMs: 900, maxMs: 100 }, 'minMs must be at most maxMs'],
  ['sources.pump-1.protocol', 'opc-ua', 'sources.pump-1.protocol'],
  [
    'sources.tank.security',
    { mode: 'dtls-psk', identity: 'a', keyFile: 'b' },
    'dtls-psk is not supported: the CoAP library',
  ],
  ['sources.tank.points.level.resource', 'other', 'is no resource of the source'],
  ['sources.tank.points.level.writable', true, 'a part of a resource cannot be written alone'],
  ['sources.tank.points.level.pointer', 'level', 'must be a JSON pointer'],
  ['sources.lamp.identity', {}, 'either commonName or fingerprint'],
  ['sources.lamp.identity', { fingerprint: 'abc' }, '64 hexadecimal digits'],
  ['sources.other', LAMP, 'is that of lamp'],
  ['broker.deviceCa', undefined, 'is needed for the devices of lamp'],
  ['broker.keyFile', '/k', 'certificateFile and keyFile go together'],
  ['reportIntervalMs', 1_000, 'reportIntervalMs'],
  ['sources.Pump', LAMP, 'sources.Pump: Invalid key'],
])('%s of %j is refused', (path, value, reason) => {
  expect(problems(changed(path, value)).join('\n')).toContain(reason);
});

test('two sources whose points would be one series are refused', () => {
  const point = { table: 'coil', address: 0 };
  const source = (points: object) => ({ protocol: 'modbus-tcp', host: 'h', points });
  const sources = { a: source({ b_c: point }), 'a-b': source({ c: point }) };
  expect(problems({ sources })).toEqual(['sources.a-b.points.c: makes the series a_b_c, as a.b_c does']);
});

test('all that is wrong is told at once', () => {
  const given = changed('sources.pump-1.unit', -1) as { sources: Record<string, Tree> };
  (given.sources.tank as Tree).port = 0;
  (given.sources.lamp as Tree).maxRate = 0;
  expect(problems(given).map((problem) => problem.split(':')[0])).toEqual(
    expect.arrayContaining(['sources.pump-1.unit', 'sources.tank.port', 'sources.lamp.maxRate']),
  );
});
