import { writeFileSync } from 'node:fs';
import { temporaryState, testContext } from '../telemetry/testing/feature-context.ts';
import { SimulatedClock } from '../telemetry/testing/simulated-clock.ts';
import { CloudTime } from './cloud-time.ts';
import type { Ticket } from './judge-ticket.ts';
import { orderDigest } from './order-digest.ts';
import { ReplayGuard, type ReplayGuardOptions } from './replay-guard.ts';

const THING = 'pump-1';
const START = Date.UTC(2026, 5, 1);
const { log } = testContext();

/** A device that may be restarted, its clock be set, and the cloud's time be told. */
function device(over: Partial<ReplayGuardOptions> = {}, now = START) {
  const state = temporaryState();
  let clock = new SimulatedClock(now);
  let elapsed = 0;
  const boot = () => {
    const time = new CloudTime({ clock, monotonic: () => elapsed });
    const guard = new ReplayGuard({ state, time, log, thingName: THING, oneNonceEach: true, ...over });
    return { guard, time };
  };
  let running = boot();
  return {
    state,
    admit: (ticket: Ticket) => running.guard.admit(ticket),
    hear: (timestamp: unknown) => running.time.hear(timestamp),
    setClock: (time: number) => {
      clock = new SimulatedClock(time);
      running = boot();
    },
    restart: () => {
      running = boot();
    },
    pass: async (milliseconds: number) => {
      elapsed += milliseconds;
      await clock.pass(milliseconds);
    },
    get now() {
      return running.guard.now;
    },
  };
}

let drawn = 0;
function ticket(over: Partial<Ticket> = {}): Ticket {
  const id = String(++drawn).padStart(32, '0');
  return { subject: id, nonce: id, digest: 'd', issuedAt: START, expiresAt: START + 60_000, addressee: THING, ...over };
}

const reasonOf = (verdict: ReturnType<ReplayGuard['admit']>) => (verdict.admitted ? verdict : verdict.reason);

test('an order is admitted, known when it comes again, and refused when its nonce or id comes with another', () => {
  const { admit } = device();
  const first = ticket();
  expect(admit(first)).toEqual({ admitted: true, again: false });
  expect(admit(first)).toEqual({ admitted: true, again: true });
  expect(reasonOf(admit({ ...first, digest: 'other' }))).toBe('REPLAYED');
  expect(reasonOf(admit({ ...first, subject: 'other' }))).toBe('REPLAYED');
  expect(reasonOf(admit({ ...first, nonce: 'f'.repeat(32) }))).toBe('REPLAYED');
});

test('the id of a job may come again with another nonce, since a deleted job leaves its id free', () => {
  const { admit } = device({ oneNonceEach: false });
  const first = ticket();
  admit(first);
  expect(admit({ ...first, nonce: 'f'.repeat(32) })).toEqual({ admitted: true, again: false });
});

test('what is expired, from the future or for another device is refused', () => {
  const { admit } = device();
  expect(reasonOf(admit(ticket({ expiresAt: START })))).toBe('EXPIRED');
  expect(reasonOf(admit(ticket({ expiresAt: START + 1 })))).toEqual({ admitted: true, again: false });
  expect(reasonOf(admit(ticket({ issuedAt: START + 300_001, expiresAt: START + 900_000 })))).toBe('NOT_YET_VALID');
  expect(reasonOf(admit(ticket({ issuedAt: START + 300_000, expiresAt: START + 900_000 })))).toMatchObject({});
  expect(reasonOf(admit(ticket({ addressee: 'pump-2' })))).toBe('FOREIGN');
});

test('what was seen is known after a restart', () => {
  const { admit, restart } = device();
  const first = ticket();
  admit(first);
  restart();
  expect(admit(first)).toEqual({ admitted: true, again: true });
  expect(reasonOf(admit({ ...first, digest: 'other' }))).toBe('REPLAYED');
});

test('a clock that goes back does not make an expired order good again', async () => {
  const { admit, pass, setClock } = device();
  const first = ticket();
  admit(first);
  await pass(120_000);
  admit(ticket({ issuedAt: START + 120_000, expiresAt: START + 180_000 }));
  setClock(START + 100_000);
  expect(reasonOf(admit(first))).toBe('EXPIRED');
  // In time by the clock, and too late by the time that the device has seen.
  expect(reasonOf(admit(ticket({ expiresAt: START + 110_000 })))).toBe('EXPIRED');
});

test('a clock that is provably wrong admits nothing until the cloud tells the time', () => {
  const { admit, hear, setClock } = device();
  admit(ticket());
  setClock(START - 3_600_000);
  const order = ticket({ issuedAt: START + 1_000 });
  expect(admit(order)).toMatchObject({ reason: 'CLOCK_UNTRUSTED', detail: expect.stringContaining('2026-05-31') });
  hear(Math.floor((START + 5_000) / 1_000));
  expect(admit(order)).toEqual({ admitted: true, again: false });
  setClock(0);
  expect(reasonOf(admit(ticket()))).toBe('CLOCK_UNTRUSTED');
});

test('the time of the cloud counts where the device disagrees, and goes on by the monotonic clock', async () => {
  const { admit, hear, pass } = device({}, START - 86_400_000);
  hear(START / 1_000);
  expect(reasonOf(admit(ticket({ issuedAt: START - 86_400_000, expiresAt: START - 80_000_000 })))).toBe('EXPIRED');
  const order = ticket();
  expect(admit(order)).toMatchObject({ admitted: true });
  await pass(60_000);
  expect(reasonOf(admit(order))).toBe('EXPIRED');
  // Milliseconds, as the developer guide shows them too; an answer that was overtaken; no timestamp at all.
  hear(START + 200_000);
  hear((START + 100_000) / 1_000);
  hear('soon');
  expect(reasonOf(admit(ticket({ expiresAt: START + 199_000 })))).toBe('EXPIRED');
});

test('a clock that leapt into the future cannot lock the device out, nor let in what was forgotten', async () => {
  const { admit, hear, setClock } = device();
  const first = ticket({ expiresAt: START + 3_600_000 });
  admit(first);
  setClock(START + 10 * 365 * 86_400_000);
  // Forgets all that is expired by this clock.
  admit(ticket({ issuedAt: START + 10 * 365 * 86_400_000, expiresAt: START + 10 * 365 * 86_400_000 + 60_000 }));
  setClock(START + 60_000);
  hear((START + 60_000) / 1_000);
  expect(reasonOf(admit(first))).toBe('REPLAYED');
  const fresh = ticket({ issuedAt: START + 61_000, expiresAt: START + 120_000 });
  expect(admit(fresh)).toMatchObject({ admitted: true, again: false });
});

test('the memory is bounded: what has expired is forgotten, and rather than forget more the device refuses', async () => {
  const { admit, pass } = device({ capacity: 3 });
  for (let count = 0; count < 3; count++) expect(admit(ticket())).toMatchObject({ admitted: true });
  expect(reasonOf(admit(ticket()))).toBe('MEMORY_FULL');
  await pass(60_000);
  expect(admit(ticket({ issuedAt: START + 60_000, expiresAt: START + 90_000 }))).toMatchObject({ admitted: true });
});

test('with a damaged memory, what was issued before is refused and what comes later is taken', async () => {
  const { admit, pass, restart, state } = device();
  const first = ticket();
  admit(first);
  writeFileSync(state.file('replay.json'), '{"version":1,"fl');
  await pass(1_000);
  restart();
  expect(reasonOf(admit(first))).toBe('REPLAYED');
  expect(admit(ticket({ issuedAt: START + 1_000 }))).toMatchObject({ admitted: true });
  restart();
  expect(reasonOf(admit(first))).toBe('REPLAYED');
});

test('an order that cannot be remembered is not admitted', () => {
  const { admit, state } = device();
  state.write = () => {
    throw new Error('disk full');
  };
  const order = ticket();
  expect(() => admit(order)).toThrow('disk full');
  expect(() => admit(order)).toThrow('disk full');
});

test('a digest is the same for another order of names and other signatures of URLs, and for nothing else', () => {
  const digest = orderDigest({ a: 1, url: 'https://host/key?X-Amz-Signature=1', list: [1, 2] });
  expect(orderDigest({ list: [1, 2], url: 'https://host/key?X-Amz-Signature=2', a: 1 })).toBe(digest);
  expect(orderDigest({ a: 1, url: 'https://host/other?X-Amz-Signature=1', list: [1, 2] })).not.toBe(digest);
  expect(orderDigest({ a: 1, url: 'https://host/key', list: [2, 1] })).not.toBe(digest);
  expect(orderDigest({ a: { b: 1 } })).not.toBe(orderDigest({ a: [['b', 1]] }));
  expect(orderDigest(['{}', ['b', 1]])).not.toBe(orderDigest({ b: 1 }));
});
