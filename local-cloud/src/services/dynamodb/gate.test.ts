import { Gate } from './gate.ts';

const turn = () => new Promise((resolve) => setImmediate(resolve));

test('an exclusive task waits for shared ones and holds back later ones', async () => {
  const gate = new Gate();
  const events: string[] = [];
  const task = (name: string) => async () => {
    events.push(`${name} begins`);
    await turn();
    events.push(`${name} ends`);
  };
  await Promise.all([
    gate.shared(task('a')),
    gate.shared(task('b')),
    gate.exclusive(task('x')),
    turn().then(() => gate.shared(task('c'))),
    gate.exclusive(task('y')),
  ]);
  const at = (event: string) => events.indexOf(event);
  expect(at('b begins')).toBeLessThan(at('a ends'));
  expect(at('x begins')).toBeGreaterThan(at('b ends'));
  expect(at('x ends') - at('x begins')).toBe(1);
  expect(at('y ends') - at('y begins')).toBe(1);
  expect(at('c begins')).toBeGreaterThan(at('x ends'));
});

test('a failure is passed on and lets the next through', async () => {
  const gate = new Gate();
  await expect(gate.exclusive(() => Promise.reject(new Error('no')))).rejects.toThrow('no');
  await expect(gate.shared(() => Promise.reject(new Error('neither')))).rejects.toThrow('neither');
  expect(await gate.exclusive(async () => 1)).toBe(1);
});
