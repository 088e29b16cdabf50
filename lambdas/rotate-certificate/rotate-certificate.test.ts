import type { RotationAnswer, RotationMessage } from '@fleetwright/contracts';
import { makeKeys, type TestKeys } from '../../test/support/signing-keys.ts';
import { POLICIES, RotationWorld, SETTINGS, THING } from './testing/rotation-world.ts';

let first: TestKeys;
let second: TestKeys;
let third: TestKeys;
beforeAll(async () => {
  [first, second, third] = await Promise.all([makeKeys('a'), makeKeys('b'), makeKeys('c')]);
});

const R1 = '1'.repeat(32);
const R2 = '2'.repeat(32);
const HOUR = 3_600_000;
const request = (csrPem: string, requestId = R1): RotationMessage => ({
  version: 1,
  kind: 'request',
  requestId,
  csrPem,
  reason: 'asked',
});
const confirm = (requestId = R1): RotationMessage => ({ version: 1, kind: 'confirm', requestId });
const abandon = (requestId = R1): RotationMessage => ({ version: 1, kind: 'abandon', requestId, detail: 'no network' });

function start(): { world: RotationWorld; old: string } {
  const world = new RotationWorld();
  return { world, old: world.enroll(first, [second, third]) };
}

function issuedTo(world: RotationWorld): Extract<RotationAnswer, { kind: 'issued' }> {
  const answer = world.answersOf('issued').at(-1);
  if (answer?.kind !== 'issued') throw new Error(`nothing was issued: ${JSON.stringify(world.answers)}`);
  return answer;
}

test('a device gets a certificate like its old one, and the old one ends when it has confirmed over the new', async () => {
  const { old, world } = start();
  await world.say(old, request(second.csrPem));
  const issued = issuedTo(world);
  expect(issued).toMatchObject({ requestId: R1, confirmBefore: world.now + SETTINGS.confirm });
  const made = world.registry.of(issued.certificateId);
  expect(made).toMatchObject({ status: 'ACTIVE', pem: second.certificatePem });
  expect([[...made.policies], [...made.things]]).toEqual([POLICIES, [THING]]);
  expect(world.registry.of(old).status).toBe('ACTIVE');

  await world.say(issued.certificateId, confirm());
  expect(world.answersOf('completed')).toEqual([{ version: 1, kind: 'completed', requestId: R1 }]);
  const ended = world.registry.of(old);
  expect([ended.status, ended.policies.size, ended.things.size]).toEqual(['INACTIVE', 0, 0]);
  await world.pass(SETTINGS.deleteAfter - 1);
  expect(world.registry.certificates.has(old)).toBe(true);
  await world.pass(1);
  expect(world.registry.certificates.has(old)).toBe(false);
  expect(world.registry.of(issued.certificateId).status).toBe('ACTIVE');
});

test('a certificate that nobody confirms is withdrawn, and the old one goes on', async () => {
  const { old, world } = start();
  await world.say(old, request(second.csrPem));
  const { certificateId } = issuedTo(world);
  await world.pass(SETTINGS.confirm + 59_999);
  expect(world.registry.of(certificateId).status).toBe('ACTIVE');
  await world.pass(1);
  expect(world.registry.of(certificateId)).toMatchObject({ status: 'INACTIVE' });
  expect(world.registry.of(certificateId).things.size).toBe(0);
  expect(world.answers.at(-1)).toMatchObject({ kind: 'refused', code: 'TOO_LATE', requestId: R1 });
  expect(world.registry.of(old)).toMatchObject({ status: 'ACTIVE' });
  await world.say(certificateId, confirm());
  expect(world.answers.at(-1)).toMatchObject({ kind: 'refused', code: 'TOO_LATE' });
  await world.say(old, request(third.csrPem, R2));
  expect(issuedTo(world).requestId).toBe(R2);
});

test('a rotation that its device abandons over the old certificate is taken back at once', async () => {
  const { old, world } = start();
  await world.say(old, request(second.csrPem));
  const { certificateId } = issuedTo(world);
  await world.say(certificateId, abandon());
  expect(world.answers.at(-1)).toMatchObject({ kind: 'refused', code: 'NOT_ALLOWED' });
  await world.say(old, abandon());
  expect(world.registry.of(certificateId).status).toBe('INACTIVE');
  expect(world.registry.of(old).status).toBe('ACTIVE');
});

test('the same request again gets the same certificate, another one is refused meanwhile', async () => {
  const { old, world } = start();
  await world.say(old, request(second.csrPem));
  await world.say(old, request(second.csrPem));
  expect(world.answersOf('issued')).toHaveLength(2);
  expect(new Set(world.answersOf('issued').map((answer) => JSON.stringify(answer))).size).toBe(1);
  expect(world.registry.signed).toBe(1);
  await world.say(old, request(third.csrPem, R2));
  expect(world.answers.at(-1)).toMatchObject({ kind: 'refused', code: 'ALREADY_ROTATING', requestId: R2 });
  await world.say(old, request(third.csrPem));
  expect(world.answers.at(-1)).toMatchObject({ kind: 'refused', code: 'INVALID', requestId: R1 });
});

test('confirmations that come twice, over the old certificate or of nothing, end nothing', async () => {
  const { old, world } = start();
  await world.say(old, confirm());
  expect(world.answers.at(-1)).toMatchObject({ code: 'UNKNOWN_REQUEST' });
  await world.say(old, request(second.csrPem));
  await world.say(old, confirm());
  expect(world.answers.at(-1)).toMatchObject({ code: 'NOT_ALLOWED' });
  expect(world.registry.of(old).status).toBe('ACTIVE');
  const { certificateId } = issuedTo(world);
  await world.say(certificateId, confirm());
  await world.say(certificateId, confirm());
  expect(world.answersOf('completed')).toHaveLength(2);
  await world.say(old, request(second.csrPem));
  expect(world.registry.signed).toBe(1);
});

test('a device that rotates without end is stopped until its certificates are deleted', async () => {
  const { old, world } = start();
  const nameOf = (turn: number) => turn.toString(16).padStart(32, '0');
  for (let turn = 0; turn < 10; turn++) {
    const keys = await makeKeys(`pump-${turn}`);
    world.registry.signable.set(keys.csrPem, keys.certificatePem);
    await world.say(old, request(keys.csrPem, nameOf(turn)));
    await world.say(old, abandon(nameOf(turn)));
  }
  await world.say(old, request(second.csrPem, R1));
  expect(world.answers.at(-1)).toMatchObject({ kind: 'refused', code: 'NOT_ALLOWED', requestId: R1 });
  await world.pass(SETTINGS.deleteAfter);
  await world.say(old, request(second.csrPem, R2));
  expect(issuedTo(world).requestId).toBe(R2);
});

describe('what is refused', () => {
  const refusedWith = async (
    prepare: (world: RotationWorld, old: string) => undefined | string,
    message = () => request(second.csrPem),
  ) => {
    const { old, world } = start();
    const caller = prepare(world, old) ?? old;
    await world.say(caller, message());
    expect(world.registry.signed).toBe(0);
    expect(world.state?.current).toBeUndefined();
    const [answer] = world.answers;
    return answer?.kind === 'refused' ? answer.code : answer;
  };

  test.each<[string, (world: RotationWorld, old: string) => undefined | string]>([
    ['a certificate of another thing', (world) => world.registry.add(third.certificatePem, 'another', POLICIES)],
    [
      'a certificate that is not active',
      (world, old) => void Object.assign(world.registry.of(old), { status: 'INACTIVE' }),
    ],
    ['a certificate that other things use too', (world, old) => void world.registry.of(old).things.add('another')],
    [
      'a decommissioned device',
      (world) => void Object.assign(world.registry.things.get(THING) as object, { state: 'decommissioned' }),
    ],
    [
      'a device of another site',
      (world) => void Object.assign(world.registry.things.get(THING) as object, { site: 'south' }),
    ],
    ['a thing that does not exist', (world) => void world.registry.things.delete(THING)],
  ])('%s', async (_name, prepare) => {
    expect(await refusedWith(prepare)).toBe('NOT_ALLOWED');
  });

  test('a request for the key in use, and one that is no CSR', async () => {
    expect(
      await refusedWith(
        () => undefined,
        () => request(first.csrPem),
      ),
    ).toBe('CSR_INVALID');
    const nonsense = '-----BEGIN CERTIFICATE REQUEST-----\nAAAA\n-----END CERTIFICATE REQUEST-----\n';
    expect(
      await refusedWith(
        () => undefined,
        () => request(nonsense),
      ),
    ).toBe('CSR_INVALID');
  });

  test('a message of another shape is answered where it can be, and otherwise only counted', async () => {
    const { old, world } = start();
    await world.say(old, JSON.stringify({ version: 1, kind: 'request', requestId: R1 }));
    expect(world.answers).toMatchObject([{ code: 'INVALID', requestId: R1 }]);
    await world.say(old, 'nonsense');
    expect(world.answers).toHaveLength(1);
    expect(world.notes).toEqual(['rotationsUnreadable', 'rotationsUnreadable']);
  });

  test('somebody of the account who signs requests gets no certificate and no answer', async () => {
    const { world } = start();
    await world.say('AROAEXAMPLE:operator', request(second.csrPem));
    expect([world.answers, world.registry.signed]).toEqual([[], 0]);
  });
});

describe('what operators do meanwhile', () => {
  test('a revoked certificate takes the new one along that was not confirmed', async () => {
    const { old, world } = start();
    await world.say(old, request(second.csrPem));
    const { certificateId } = issuedTo(world);
    world.registry.of(old).status = 'REVOKED';
    await world.pass(2 * HOUR);
    expect(world.registry.of(certificateId).status).toBe('INACTIVE');
    expect(world.registry.of(old).status).toBe('REVOKED');
  });

  test('one that is revoked while it is exchanged leaves no new one behind', async () => {
    const { old, world } = start();
    world.registry.watch = () => {
      world.registry.of(old).status = 'REVOKED';
    };
    await world.say(old, request(second.csrPem));
    expect(world.answers).toMatchObject([{ kind: 'refused', code: 'NOT_ALLOWED' }]);
    const made = [...world.registry.certificates].find(([id]) => id !== old)?.[1];
    expect([made?.status, made?.things.size, made?.policies.size]).toEqual(['INACTIVE', 0, 0]);
    await world.pass(SETTINGS.deleteAfter);
    expect([...world.registry.certificates.keys()]).toEqual([old]);
  });

  test('an old certificate that has ended leaves the new one in use, and both are there until it is confirmed', async () => {
    const { old, world } = start();
    world.registry.of(old).notAfter = world.now + 1_800_000;
    await world.say(old, request(second.csrPem));
    const { certificateId } = issuedTo(world);
    await world.pass(10 * HOUR);
    expect(world.registry.of(certificateId).status).toBe('ACTIVE');
    expect(world.registry.of(old).status).toBe('ACTIVE');
    expect(world.state?.current).toBeUndefined();
    await world.say(certificateId, confirm());
    expect(world.answersOf('completed')).toHaveLength(1);
    expect(world.registry.of(old).status).toBe('INACTIVE');
  });

  test('one that somebody made inactive stays for its device, which may never have heard of the new one', async () => {
    const { old, world } = start();
    await world.say(old, request(second.csrPem));
    const { certificateId } = issuedTo(world);
    world.registry.of(old).status = 'INACTIVE';
    await world.pass(10 * HOUR);
    world.registry.of(old).status = 'ACTIVE';
    await world.pass(10 * SETTINGS.deleteAfter);
    expect([old, certificateId].map((id) => world.registry.of(id).status)).toEqual(['ACTIVE', 'ACTIVE']);
    await world.say(old, request(third.csrPem, R2));
    expect(issuedTo(world).requestId).toBe(R2);
  });

  test('a certificate out of use that somebody takes into use again is not deleted', async () => {
    const { old, world } = start();
    await world.say(old, request(second.csrPem));
    await world.say(issuedTo(world).certificateId, confirm());
    world.registry.of(old).status = 'ACTIVE';
    await world.pass(2 * SETTINGS.deleteAfter);
    expect(world.registry.certificates.has(old)).toBe(true);
    expect(world.state?.retired).toEqual([]);
  });
});

describe('failures', () => {
  const ACTS = [
    'thing',
    'certificate',
    'policiesOf',
    'sign',
    'attachPolicy',
    'setStatus',
    'detach',
    'delete',
    'save',
    'tell',
  ];

  /** A repeatable draw in [0, 1). */
  function draws(seed: number): () => number {
    let value = seed;
    return () => {
      value = (value * 1_103_515_245 + 12_345) % 2_147_483_648;
      return value / 2_147_483_648;
    };
  }

  test('whatever fails, repeats or is out of order, the device holds an active certificate, and nothing is left over', async () => {
    for (let seed = 1; seed <= 150; seed++) {
      const draw = draws(seed * 7_919);
      const { old, world } = start();
      const { registry } = world;
      registry.fail = (act) => {
        if (ACTS.includes(act) && draw() < 0.15) throw new Error('throttled');
      };
      registry.watch = () => {
        const held = [...registry.certificates.values()].filter(
          ({ policies, status, things }) => status === 'ACTIVE' && things.has(THING) && policies.size === 2,
        );
        if (held.length === 0) throw new Error(`seed ${seed}: the device has no certificate left`);
      };
      const willConfirm = draw() < 0.6;
      for (let turn = 0; turn < 12; turn++) {
        await world.sayUntilTaken(old, request(second.csrPem));
        await world.pass(draw() * 120_000);
        const issued = world.answersOf('issued').at(-1);
        if (issued?.kind === 'issued' && willConfirm && draw() < 0.5) {
          await world.sayUntilTaken(issued.certificateId, confirm());
        }
        if (draw() < 0.1) await world.sayUntilTaken(old, abandon());
      }
      registry.fail = () => {};
      await world.pass(3 * SETTINGS.deleteAfter);
      expect([seed, world.state?.current, world.state?.retired]).toEqual([seed, undefined, []]);
      const left = [...registry.certificates.values()].filter(({ things }) => things.has(THING));
      expect([seed, left.map(({ status }) => status), registry.certificates.size]).toEqual([seed, ['ACTIVE'], 1]);
    }
  });

  test('two invocations that sign at once make one certificate', async () => {
    const { old, world } = start();
    await Promise.all([world.say(old, request(second.csrPem)), world.say(old, request(second.csrPem))]);
    await world.pass(HOUR);
    expect(world.registry.signed).toBe(1);
  });
});
