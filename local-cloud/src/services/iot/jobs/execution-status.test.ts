import { EXECUTION_STATUSES, isDeviceStatus, isTerminal, mayBecome } from './execution-status.ts';

const TERMINAL = ['SUCCEEDED', 'FAILED', 'TIMED_OUT', 'REJECTED', 'REMOVED', 'CANCELED'] as const;

// iot-jobs-lifecycle, the table "Job execution states and source"
test('all states but QUEUED and IN_PROGRESS are terminal', () => {
  expect(EXECUTION_STATUSES.filter(isTerminal)).toEqual(TERMINAL);
});

test('devices report IN_PROGRESS, SUCCEEDED, FAILED and REJECTED, and nothing else', () => {
  expect(EXECUTION_STATUSES.filter(isDeviceStatus)).toEqual(['IN_PROGRESS', 'SUCCEEDED', 'FAILED', 'REJECTED']);
  expect(isDeviceStatus('in_progress')).toBe(false);
});

test.each(TERMINAL)('nothing becomes of an execution that is %s', (status) => {
  for (const next of EXECUTION_STATUSES) expect(mayBecome(status, next)).toBe(false);
});

test.each(['QUEUED', 'IN_PROGRESS'] as const)('an execution that is %s may become anything but QUEUED', (status) => {
  for (const next of EXECUTION_STATUSES) expect(mayBecome(status, next)).toBe(next !== 'QUEUED');
});
