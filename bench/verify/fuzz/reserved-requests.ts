import { encode } from 'cbor-x';
import type { Dice } from '../dice.ts';
import { mutateBytes } from './mutate-bytes.ts';
import { mutateJson } from './mutate-json.ts';

/** A request to a service of AWS IoT on one of its reserved topics. */
export interface ReservedRequest {
  readonly topic: string;
  readonly payload: Buffer;
}

/** Its name, topic (with `/json` or `/cbor` where the topic names a format) and a payload that the service takes. */
interface Api {
  readonly topic: (thing: string) => string;
  readonly formats?: true;
  readonly payload: object;
  readonly weight: number;
}

const TOKEN = { clientToken: 'verify' };
const DEEP = 3_000;

/** Developer guide, `reserved-topics`. The services may refuse each, and must answer or ignore it. */
const APIS: Readonly<Record<string, Api>> = {
  'shadow update': {
    topic: (thing) => `$aws/things/${thing}/shadow/update`,
    payload: { state: { desired: { a: [1, { b: null }] }, reported: { c: 'd', e: { f: 1.5 } } }, version: 1, ...TOKEN },
    weight: 20,
  },
  'named shadow update': {
    topic: (thing) => `$aws/things/${thing}/shadow/name/s/update`,
    payload: { state: { reported: { n: 1, m: null } }, ...TOKEN },
    weight: 10,
  },
  'shadow get': { topic: (thing) => `$aws/things/${thing}/shadow/get`, payload: TOKEN, weight: 5 },
  'shadow delete': { topic: (thing) => `$aws/things/${thing}/shadow/name/t/delete`, payload: TOKEN, weight: 3 },
  'jobs get': { topic: (thing) => `$aws/things/${thing}/jobs/get`, payload: TOKEN, weight: 5 },
  'jobs start-next': {
    topic: (thing) => `$aws/things/${thing}/jobs/start-next`,
    payload: { statusDetails: { step: 'one' }, stepTimeoutInMinutes: 5, ...TOKEN },
    weight: 5,
  },
  'jobs describe': {
    topic: (thing) => `$aws/things/${thing}/jobs/$next/get`,
    payload: { executionNumber: 1, includeJobDocument: true, ...TOKEN },
    weight: 5,
  },
  'jobs update': {
    topic: (thing) => `$aws/things/${thing}/jobs/verify/update`,
    payload: {
      status: 'IN_PROGRESS',
      statusDetails: { a: 'b' },
      expectedVersion: 1,
      includeJobDocument: true,
      ...TOKEN,
    },
    weight: 15,
  },
  'stream describe': {
    topic: (thing) => `$aws/things/${thing}/streams/verify/describe`,
    formats: true,
    payload: { c: 'verify' },
    weight: 5,
  },
  'stream get': {
    topic: (thing) => `$aws/things/${thing}/streams/verify/get`,
    formats: true,
    payload: { c: 'verify', s: 1, f: 1, l: 256, o: 0, n: 4, b: '0f' },
    weight: 10,
  },
  'defender metrics': {
    topic: (thing) => `$aws/things/${thing}/defender/metrics`,
    formats: true,
    payload: {
      hed: { rid: 1, v: '1.0' },
      met: {
        tp: { pts: [{ pt: 80 }], t: 1 },
        ns: { bi: 1, bo: 2, pi: 3, po: 4 },
        tc: { ec: { cs: [{ lp: 443, rad: '10.0.0.1:80' }], t: 1 } },
      },
      cmet: { verify: [{ number_list: [1, 2] }] },
    },
    weight: 15,
  },
  'certificate of a request': {
    topic: () => '$aws/certificates/create-from-csr',
    formats: true,
    payload: {
      certificateSigningRequest: '-----BEGIN CERTIFICATE REQUEST-----\nMIH\n-----END CERTIFICATE REQUEST-----',
    },
    weight: 4,
  },
  // Makes a key pair each time: rare, because that takes the machine's time from everything else.
  'certificate with keys': { topic: () => '$aws/certificates/create', formats: true, payload: {}, weight: 0.05 },
  'thing of a template': {
    topic: () => '$aws/provisioning-templates/verify/provision',
    formats: true,
    payload: { certificateOwnershipToken: 'nobody-has-this', parameters: { SerialNumber: 'verify-3' } },
    weight: 5,
  },
};

const WEIGHTS = Object.fromEntries(Object.entries(APIS).map(([name, { weight }]) => [name, weight]));

/** Of one of the services: as it should be, changed in places, or something else altogether. */
export function reservedRequest(dice: Dice): ReservedRequest {
  const api = APIS[dice.weighted(WEIGHTS)] as Api;
  const cbor = api.formats === true && dice.chance(0.5);
  const path = api.topic(dice.weighted({ verify: 85, 'verify-gone': 10, 'verify%': 5 }));
  const topic = api.formats === true ? `${path}/${cbor ? 'cbor' : 'json'}` : path;
  return { topic, payload: payloadOf(dice, api.payload, cbor) };
}

function payloadOf(dice: Dice, valid: object, cbor: boolean): Buffer {
  const bytesOf = (value: unknown): Buffer => (cbor ? encodable(value) : Buffer.from(JSON.stringify(value) ?? ''));
  switch (dice.weighted({ valid: 30, mutated: 35, bytes: 20, random: 6, deep: 1, large: 1, empty: 4, cut: 3 })) {
    case 'valid':
      return bytesOf(valid);
    case 'mutated':
      return bytesOf(mutateJson(dice, valid));
    case 'bytes':
      return mutateBytes(dice, bytesOf(valid));
    case 'random':
      return cbor
        ? Buffer.concat([
            Buffer.from([dice.pick([0xa1, 0xbf, 0x9f, 0xdb, 0xff, 0x5b, 0xd8, 0x1a])]),
            dice.bytes(dice.int(80)),
          ])
        : dice.bytes(dice.between(1, 200));
    case 'deep':
      return deep(dice, cbor);
    case 'large':
      return bytesOf({ ...valid, state: { desired: { a: 'x'.repeat(dice.pick([8_100, 9_000, 100_000])) } } });
    case 'empty':
      return Buffer.alloc(0);
    case 'cut': {
      const whole = bytesOf(valid);
      return whole.subarray(0, dice.int(whole.length));
    }
  }
}

/** Nested far beyond what any service takes, closed or not. */
function deep(dice: Dice, cbor: boolean): Buffer {
  if (cbor) return Buffer.concat([Buffer.alloc(2 * DEEP, Buffer.from([0xa1, 0x01])), Buffer.from([0x01])]);
  const state = `${'{"a":'.repeat(DEEP)}1${'}'.repeat(DEEP)}`;
  return Buffer.from(dice.chance(0.5) ? `{"state":{"desired":${state}}}` : '[{"a":'.repeat(DEEP));
}

function encodable(value: unknown): Buffer {
  try {
    return encode(value);
  } catch {
    return Buffer.from(JSON.stringify(value) ?? '');
  }
}
