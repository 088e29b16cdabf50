import { MAX_ACTIVATIONS, MAX_TESTS, planUpdate, type UpdateEvent } from './plan-update.ts';
import type { BootStatus } from './slots/slot-system.ts';
import { FIRST_STATE, type UpdateOrder, type UpdatePhase, type UpdateState } from './update-state.ts';

const order: UpdateOrder = { jobId: 'job', executionNumber: 1, nonce: '0' };
const another: UpdateOrder = { ...order, jobId: 'another' };
const digest = 'a'.repeat(64);
const target = {
  manifestSha256: 'b'.repeat(64),
  version: '2.0.0',
  minimumVersion: '1.5.0',
  sha256: digest,
  size: 10,
  slot: 'b',
};
const image = { version: '2.0.0', minimumVersion: '1.5.0', sha256: digest, size: 10 };
const onOld: BootStatus = { running: 'a', other: 'b', confirmed: true, otherTrial: 'none', image: undefined };
const onTrial: BootStatus = { running: 'b', other: 'a', confirmed: false, otherTrial: 'none', image };
const onNew: BootStatus = { ...onTrial, confirmed: true };
const failure = { reason: 'SELF_TEST_FAILED', detail: 'no pressure' } as const;

const at = (phase: UpdatePhase): UpdateState => ({ ...FIRST_STATE, phase });
const checking: UpdatePhase = { name: 'checking', order };
const downloading: UpdatePhase = { name: 'downloading', order, target, way: 'image' };
const installing: UpdatePhase = { name: 'installing', order, target };
const activating: UpdatePhase = { name: 'activating', order, target, tries: 1 };
const rebooting: UpdatePhase = { name: 'rebooting', order, target, tries: 1 };
const testing: UpdatePhase = { name: 'testing', order, target, tests: 1 };
const confirming: UpdatePhase = { name: 'confirming', order, target };
const reverting: UpdatePhase = { name: 'reverting', order, target, failure };
const ended: UpdatePhase = { name: 'ended', order, status: 'succeeded', details: {}, confirmed: digest };

const PHASES = { checking, downloading, installing, activating, rebooting, testing, confirming, reverting, ended };
const IRREVERSIBLE = [activating, rebooting, testing, confirming, reverting];

function plan(phase: UpdatePhase, event: UpdateEvent): { name: string; steps: readonly string[]; phase: UpdatePhase } {
  const { state, steps } = planUpdate(at(phase), event);
  return { name: state.phase.name, steps, phase: state.phase };
}

test('an update goes from its order to its end, one step after another', () => {
  let state = FIRST_STATE;
  const walked: string[] = [];
  const events: UpdateEvent[] = [
    { kind: 'ordered', order, boot: onOld },
    { kind: 'accepted', target, way: 'delta', time: 7 },
    { kind: 'downloaded' },
    { kind: 'installed' },
    { kind: 'activated' },
    { kind: 'started', boot: onTrial },
    { kind: 'passed' },
    { kind: 'confirmed' },
    { kind: 'attested', details: { firmware: '2.0.0' }, sha256: digest },
  ];
  for (const event of events) {
    const next = planUpdate(state, event);
    state = next.state;
    walked.push(`${state.phase.name}: ${next.steps.join(', ')}`);
  }
  expect(walked).toEqual([
    'checking: discard, check',
    'downloading: download',
    'installing: install',
    'activating: activate',
    'rebooting: discard, reboot',
    'testing: test',
    'confirming: confirm',
    'concluding: attest',
    'ended: discard',
  ]);
  expect(state).toMatchObject({ floor: '1.5.0', knownTime: 7, phase: { status: 'succeeded', confirmed: digest } });
});

test.each(IRREVERSIBLE.map((phase) => [phase.name, phase]))(
  'no other update begins while one is %s',
  (_name, phase) => {
    for (const asked of [order, another]) {
      for (const boot of [onOld, onTrial, onNew]) {
        expect(planUpdate(at(phase as UpdatePhase), { kind: 'ordered', order: asked, boot })).toEqual({
          state: at(phase as UpdatePhase),
          steps: [],
        });
      }
    }
  },
);

test.each(IRREVERSIBLE.map((phase) => [phase.name, phase]))('nothing cancels an update that is %s', (_name, phase) => {
  expect(plan(phase as UpdatePhase, { kind: 'cancelled', order })).toMatchObject({ phase, steps: [] });
});

test('an update that can still be given up makes way for another', () => {
  for (const phase of [checking, downloading, installing, ended]) {
    expect(plan(phase, { kind: 'ordered', order: another, boot: onOld })).toMatchObject({
      phase: { name: 'checking', order: another },
      steps: ['discard', 'check'],
    });
  }
});

test('a cancelled update ends, and what it has downloaded goes', () => {
  for (const phase of [checking, downloading, installing]) {
    expect(plan(phase, { kind: 'cancelled', order })).toMatchObject({ name: 'ended', steps: ['discard'] });
    expect(plan(phase, { kind: 'cancelled', order: another })).toMatchObject({ phase, steps: [] });
  }
});

test('an order that has ended is not begun again', () => {
  expect(plan(ended, { kind: 'ordered', order, boot: onNew })).toMatchObject({ phase: ended, steps: [] });
});

test('no update begins on a slot that is on trial', () => {
  expect(plan({ name: 'idle' }, { kind: 'ordered', order, boot: onTrial })).toMatchObject({ name: 'idle', steps: [] });
  expect(plan(ended, { kind: 'ordered', order: another, boot: onTrial }).steps).toEqual([]);
});

test.each<[string, UpdatePhase, BootStatus, string, string[]]>([
  ['checking goes on with its job', checking, onOld, 'checking', []],
  ['downloading goes on with its job', downloading, onOld, 'downloading', []],
  ['installing goes on with its job', installing, onOld, 'installing', []],
  ['a boot loader that may not have been told is told', activating, onOld, 'activating', ['activate']],
  ['a boot loader that forgot is told again', rebooting, onOld, 'activating', ['activate']],
  [
    'a reboot that did not happen is asked for',
    rebooting,
    { ...onOld, otherTrial: 'waiting' },
    'rebooting',
    ['reboot'],
  ],
  ['a slot that did not stay up is told', rebooting, { ...onOld, otherTrial: 'failed' }, 'concluding', ['attest']],
  ['the new slot is tested', rebooting, onTrial, 'testing', ['test']],
  ['the new slot is tested, though nobody noted that it was told', activating, onTrial, 'testing', ['test']],
  ['the new slot is tested, though not even that was noted', installing, onTrial, 'testing', ['test']],
  [
    'a slot that is half written has no business running',
    installing,
    { ...onTrial, image: undefined },
    'installing',
    ['revert', 'reboot'],
  ],
  ['a test that was cut off begins again', testing, onTrial, 'testing', ['test']],
  ['a test that never ended is a boot loop', testing, onOld, 'concluding', ['attest']],
  ['a confirmation is repeated', confirming, onTrial, 'confirming', ['confirm']],
  ['a confirmation that did not hold is a boot loop', confirming, onOld, 'concluding', ['attest']],
  ['a way back is gone to its end', reverting, onTrial, 'reverting', ['revert', 'reboot']],
  ['the way back is told when it is done', reverting, onOld, 'concluding', ['attest']],
  ['there is no way back to a slot that is damaged', reverting, onNew, 'concluding', ['attest']],
  ['a confirmation that the boot loader forgot is repeated', ended, onTrial, 'ended', ['confirm']],
  ['a trial that nobody knows of ends', { name: 'idle' }, onTrial, 'idle', ['revert', 'reboot']],
  ['a device without an update does nothing', { name: 'idle' }, onOld, 'idle', []],
])('after a start: %s', (_what, phase, boot, name, steps) => {
  expect(plan(phase, { kind: 'started', boot })).toMatchObject({ name, steps });
});

test('a self-test that is cut off again and again is given up', () => {
  const event: UpdateEvent = { kind: 'started', boot: onTrial };
  expect(plan({ ...testing, tests: MAX_TESTS }, event)).toMatchObject({
    phase: { name: 'reverting', failure: { reason: 'BOOT_LOOP' } },
    steps: ['revert', 'reboot'],
  });
});

test('a boot loader that forgets again and again is given up', () => {
  const event: UpdateEvent = { kind: 'started', boot: onOld };
  expect(plan({ ...rebooting, tries: MAX_ACTIVATIONS }, event)).toMatchObject({
    phase: { name: 'concluding', failure: { reason: 'BOOT_LOOP' }, stage: 'rolled-back' },
  });
});

test('a delta that fails is followed by the whole image, and that by the end', () => {
  const failed: UpdateEvent = { kind: 'failed', failure: { reason: 'DIGEST_MISMATCH', detail: '' } };
  expect(plan({ ...downloading, way: 'delta' }, failed)).toMatchObject({ phase: downloading, steps: ['download'] });
  expect(plan(downloading, failed)).toMatchObject({ name: 'concluding', steps: ['discard', 'attest'] });
});

test('what is refused is rejected; what was begun has failed', () => {
  const conclude = (phase: UpdatePhase) => {
    const { state } = planUpdate(at(phase), { kind: 'failed', failure: { reason: 'NO_SPACE', detail: '' } });
    return planUpdate(state, { kind: 'attested', details: {}, sha256: undefined }).state.phase;
  };
  expect(conclude(checking)).toMatchObject({ status: 'rejected', details: { stage: 'refused', reason: 'NO_SPACE' } });
  expect(conclude(downloading)).toMatchObject({ status: 'failed', details: { stage: 'downloading' } });
  expect(conclude(installing)).toMatchObject({ status: 'failed', details: { stage: 'installing' } });
});

test('what was confirmed but does not run any more has not succeeded', () => {
  const { state } = planUpdate(at(confirming), { kind: 'confirmed' });
  const { phase } = planUpdate(state, { kind: 'attested', details: {}, sha256: 'c'.repeat(64) }).state;
  expect(phase).toMatchObject({ status: 'failed', details: { reason: 'BOOT_LOOP', stage: 'rolled-back' } });
});

test('the floor never falls', () => {
  const state: UpdateState = { ...at(confirming), floor: '1.9.0' };
  expect(planUpdate(state, { kind: 'confirmed' }).state.floor).toBe('1.9.0');
});

test('an event that does not belong to the phase changes nothing', () => {
  const strays: UpdateEvent[] = [
    { kind: 'accepted', target, way: 'image', time: 1 },
    { kind: 'downloaded' },
    { kind: 'installed' },
    { kind: 'activated' },
    { kind: 'passed' },
    { kind: 'confirmed' },
  ];
  const belongs: Record<string, string> = {
    checking: 'accepted',
    downloading: 'downloaded',
    installing: 'installed',
    activating: 'activated',
    testing: 'passed',
    confirming: 'confirmed',
  };
  for (const phase of Object.values(PHASES)) {
    for (const stray of strays) {
      if (belongs[phase.name] !== stray.kind)
        expect(planUpdate(at(phase), stray)).toEqual({ state: at(phase), steps: [] });
    }
  }
});
