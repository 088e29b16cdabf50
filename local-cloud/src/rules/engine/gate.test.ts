import { Gate } from './gate.ts';

test('messages over the limit wait and enter in order as others leave', async () => {
  const gate = new Gate({ messages: 2, bytes: 100 });
  const entered: number[] = [];
  expect(gate.enter(1)).toBeUndefined();
  expect(gate.enter(1)).toBeUndefined();
  const waiting = [3, 4, 5].map((id) => (gate.enter(1) as Promise<void>).then(() => entered.push(id)));
  await Promise.resolve();
  expect(entered).toEqual([]);
  gate.leave(1);
  await waiting[0];
  expect([entered, gate.messages]).toEqual([[3], 2]);
  gate.leave(1);
  gate.leave(1);
  await Promise.all(waiting);
  expect([entered, gate.messages]).toEqual([[3, 4, 5], 2]);
});

test('bytes are limited too, and a service may enter at any time', () => {
  const gate = new Gate({ messages: 10, bytes: 100 });
  expect(gate.enter(100)).toBeUndefined();
  expect(gate.enter(1)).toBeInstanceOf(Promise);
  gate.force(50);
  expect(gate.messages).toBe(2);
});
