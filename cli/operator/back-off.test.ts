import { ifThere, isNamed, withBackOff } from './back-off.ts';

const conflict = Object.assign(new Error('still attached'), { name: 'DeleteConflictException' });
const passes = (error: unknown) => isNamed(error, 'DeleteConflictException');

test('what passes is tried again, after pauses that double up to a bound', async () => {
  const pauses: number[] = [];
  let calls = 0;
  const result = await withBackOff(
    async () => {
      if (++calls < 5) throw conflict;
      return 'done';
    },
    passes,
    { first: 100, longest: 300, pause: async (ms) => void pauses.push(ms) },
  );
  expect(result).toBe('done');
  expect(pauses).toEqual([100, 200, 300, 300]);
});

test('what does not pass is thrown at once, and what never passes after the last attempt', async () => {
  let calls = 0;
  const failing = (error: Error) => async () => {
    calls++;
    throw error;
  };
  await expect(withBackOff(failing(new Error('no')), passes)).rejects.toThrow('no');
  expect(calls).toBe(1);
  calls = 0;
  await expect(withBackOff(failing(conflict), passes, { attempts: 3, pause: async () => {} })).rejects.toBe(conflict);
  expect(calls).toBe(3);
});

test('what is gone is fine', async () => {
  const gone = Object.assign(new Error('gone'), { name: 'ResourceNotFoundException' });
  expect(await ifThere(() => Promise.reject(gone))).toBeUndefined();
  await expect(ifThere(() => Promise.reject(conflict))).rejects.toBe(conflict);
});
