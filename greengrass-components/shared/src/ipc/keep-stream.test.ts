import { EventEmitter } from 'node:events';
import { ManualClock, settle } from '../testing/manual-clock.ts';
import { TestLog } from '../testing/test-log.ts';
import { keepStream, type Stream } from './keep-stream.ts';

class FakeStream extends EventEmitter implements Stream<string> {
  answer: (error?: Error) => void = () => {};
  closed = false;

  activate(): Promise<void> {
    return new Promise((resolve, reject) => {
      this.answer = (error) => (error === undefined ? resolve() : reject(error));
    });
  }

  async close(): Promise<void> {
    this.closed = true;
  }
}

function setUp() {
  const streams: FakeStream[] = [];
  const clock = new ManualClock();
  const log = new TestLog();
  const heard: string[] = [];
  const open = (): FakeStream => {
    const stream = new FakeStream();
    streams.push(stream);
    return stream;
  };
  const kept = keepStream('SubscribeToIoTCore a', open, (message: string) => heard.push(message), { clock, log });
  kept.catch(() => {});
  return { clock, heard, kept, log, streams };
}

test('a subscription that the nucleus answers only when it is online keeps nobody waiting, and works then', async () => {
  const { clock, heard, kept, streams } = setUp();
  await clock.advance(3_000);
  await kept;
  await clock.advance(3_600_000);
  expect(streams).toHaveLength(1);
  streams[0]?.answer();
  streams[0]?.emit('message', 'hello');
  expect(heard).toEqual(['hello']);
});

test('one that fails, then or later, is asked for again, and so is one that the nucleus ends', async () => {
  const { clock, heard, kept, log, streams } = setUp();
  await settle();
  streams[0]?.answer(new Error('no connection'));
  await kept;
  await clock.advance(1_000);
  streams[1]?.answer();
  await settle();
  streams[1]?.emit('ended');
  await clock.advance(2_000);
  expect(streams).toHaveLength(3);
  streams[2]?.answer();
  streams[2]?.emit('message', 'back');
  expect(heard).toEqual(['back']);
  expect(log.messages('warn')).toHaveLength(2);
});

test('one that the component may not have is refused, or told late and asked for again', async () => {
  const denied = Object.assign(new Error('it failed'), {
    serviceError: { message: 'x is not authorized to perform y' },
  });
  const early = setUp();
  await settle();
  early.streams[0]?.answer(denied);
  await expect(early.kept).rejects.toThrow('SubscribeToIoTCore a: x is not authorized to perform y');
  const late = setUp();
  await late.clock.advance(3_000);
  await late.kept;
  late.streams[0]?.answer(denied);
  await settle();
  expect(late.log.lines.at(-1)).toMatchObject({
    level: 'warn',
    fields: { reason: expect.stringMatching(/authorized/) },
  });
});

test('after its end nothing is heard or asked for', async () => {
  const { clock, heard, kept, streams } = setUp();
  await settle();
  streams[0]?.answer();
  const { end } = await kept;
  await end();
  expect(streams[0]?.closed).toBe(true);
  streams[0]?.emit('message', 'late');
  streams[0]?.emit('ended');
  await clock.advance(600_000);
  expect({ heard, asked: streams.length, timers: clock.pending }).toEqual({ heard: [], asked: 1, timers: 0 });
});
