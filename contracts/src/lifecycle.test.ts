import { judgeTransition, LIFECYCLE_STATES, LIFECYCLE_TRANSITIONS } from './lifecycle.ts';

test('the way of a device: provisioning, active, maintenance and back, decommissioned', () => {
  for (const [from, to] of [
    ['provisioning', 'active'],
    ['active', 'maintenance'],
    ['maintenance', 'active'],
    ['maintenance', 'decommissioned'],
  ] as const) {
    expect(judgeTransition(from, to)).toEqual({ allowed: true, changes: true });
  }
});

test('a state cannot be skipped, and the refusal says what is possible', () => {
  expect(judgeTransition('provisioning', 'maintenance')).toEqual({
    allowed: false,
    reason: 'a device in state provisioning can become active or decommissioned, not maintenance',
  });
});

test.each(LIFECYCLE_STATES)('from %s there is a way out, except from the end', (state) => {
  expect(LIFECYCLE_TRANSITIONS[state].includes('decommissioned')).toBe(state !== 'decommissioned');
  expect(judgeTransition('decommissioned', state).allowed).toBe(state === 'decommissioned');
});

test('the same state again changes nothing, and a thing without a known state may take on any', () => {
  expect(judgeTransition('active', 'active')).toEqual({ allowed: true, changes: false });
  expect(judgeTransition(undefined, 'maintenance')).toEqual({ allowed: true, changes: true });
  expect(judgeTransition('provisioned', 'active')).toEqual({ allowed: true, changes: true });
});
