import { deviceModelSchema, type Point } from '@fleetwright/contracts';
import type { ShadowDocument } from './schema.ts';
import { type WhatIfPorts, whatIf } from './what-if.ts';

const NOW = 1_700_000_000_000;
const model = deviceModelSchema.parse({
  settings: { power: { default: 20 } },
  conditions: { ambient: { value: 0 } },
  measures: {
    heat: {
      terms: [
        { gain: 1, factors: [{ of: 'power' }] },
        { gain: 1, factors: [{ of: 'ambient' }] },
      ],
    },
  },
});
const settings = { models: { heater: model }, rules: {}, driftAfterSeconds: 300 };

interface World {
  readonly shadows?: Readonly<Record<string, ShadowDocument>>;
  readonly heat?: readonly Point[];
  readonly deviceType?: string;
}

function ports({ shadows = {}, heat = [[NOW - 1_000, 20]], deviceType = 'heater' }: World = {}): WhatIfPorts {
  return {
    now: () => NOW,
    findDevice: async () => ({ ok: true, deviceType }),
    shadow: async (_thing, name) => shadows[name],
    alertState: async () => ({}),
    history: { recent: async () => ({ heat }), medians: async () => [] },
  };
}

const request = (own: object = {}) => ({ thingName: 'h1', desired: { power: 50 }, horizonSeconds: 60, ...own });
const shadow = (reported: object, desired: object = {}): ShadowDocument =>
  ({ version: 4, state: { desired, reported } }) as ShadowDocument;

test('a device without a shadow starts from what the model has', async () => {
  const result = await whatIf(request(), settings, ports());
  expect(result).toMatchObject({ ok: true, settings: [{ from: 20, to: 50 }], measures: [{ now: 20, end: 50 }] });
});

test('conditions that are given replace the usual ones; others are refused', async () => {
  const given = await whatIf(request({ conditions: { ambient: 7 } }), settings, ports({ heat: [] }));
  expect(given).toMatchObject({ ok: true, measures: [{ now: 27, end: 57 }] });
  const strange = await whatIf(request({ conditions: { moon: 7 } }), settings, ports());
  expect(strange).toMatchObject({ ok: false, reason: 'INVALID', message: expect.stringContaining('it has ambient') });
});

test('samples long before the last one do not tell where a device stands', async () => {
  const heat: Point[] = [
    [NOW - 7_200_000, 90],
    [NOW - 7_100_000, 90],
    [NOW - 1_000, 20],
  ];
  expect(await whatIf(request(), settings, ports({ heat }))).toMatchObject({ measures: [{ now: 20 }] });
});

test('a device that is away is said to be', async () => {
  const shadows = { presence: shadow({ status: 'offline' }) };
  const result = await whatIf(request(), settings, ports({ shadows }));
  expect(result).toMatchObject({ notes: ['the device is offline: it would be told when it is back'] });
});

test.each([
  ['a state that the contract of the shadow does not allow', { desired: { sampleInterval: 1 } }, 'sampleInterval'],
  ['a state that a shadow would not hold', { desired: { text: 'x'.repeat(9_000) } }, 'a shadow takes 8192'],
  ['nothing', { desired: {} }, 'must ask for something'],
  ['a time that is too long', { horizonSeconds: 604_801 }, 'horizonSeconds'],
])('%s is refused', async (_what, own, message) => {
  expect(await whatIf(request(own), settings, ports())).toMatchObject({
    ok: false,
    reason: 'INVALID',
    message: expect.stringContaining(message),
  });
});

test('a type without a model is refused with what to configure', async () => {
  expect(await whatIf(request(), settings, ports({ deviceType: 'valve' }))).toMatchObject({
    reason: 'NO_MODEL',
    message: 'there is no model of valve: configure models.valve',
  });
});
