import { mkdtempSync, rmSync } from 'node:fs';
import { connect, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { systemClock } from '../clock.ts';
import { until } from '../testing/test-core.ts';
import { encodeFrame, FrameReader, MESSAGE_TYPE } from './frames.ts';
import { MAX_STREAMS, MAX_WAITING_BYTES } from './ipc-connection.ts';
import { type IpcServer, startIpcServer } from './ipc-server.ts';
import type { EventSink, IpcOperation } from './operation.ts';

/** What one client does to the server must not be felt by the others. */

let directory: string;
let server: IpcServer;
let calls = 0;
const sinks: EventSink[] = [];
const logged: string[] = [];
const sockets: Socket[] = [];

const OPERATIONS: IpcOperation[] = [
  { name: 'UpdateState', run: async () => ({ calls: ++calls }) },
  {
    name: 'SubscribeToTopic',
    streaming: true,
    async run(_request, _caller, events) {
      sinks.push(events);
      return {};
    },
  },
];

beforeAll(async () => {
  directory = mkdtempSync(join(tmpdir(), 'fleetwright-ipc-load-'));
  server = await startIpcServer(join(directory, 'ipc.sock'), {
    authenticate: (token) => (token === 'token' ? { componentName: 'com.example.Test' } : undefined),
    operations: new Map(OPERATIONS.map((operation) => [operation.name, operation])),
    clock: systemClock,
    log: (_level, message, fields) => logged.push(`${message} ${String(fields?.reason)}`),
  });
});
afterEach(async () => {
  for (const socket of sockets.splice(0)) socket.destroy();
  sinks.length = 0;
  await new Promise((resolve) => setTimeout(resolve, 50));
});
afterAll(async () => {
  await server.close();
  rmSync(directory, { recursive: true, force: true });
});

function request(streamId: number, operation: string): Uint8Array {
  const headers = { operation: { type: 'string' as const, value: `aws.greengrass#${operation}` } };
  return encodeFrame({ type: 0, flags: 0, streamId, headers, payload: Buffer.from('{}') });
}

/** A connected client; `frames` grows while it reads. */
async function client(): Promise<{ socket: Socket; frames: { type: number; streamId: number }[] }> {
  const socket = connect(server.path);
  sockets.push(socket);
  const reader = new FrameReader();
  const frames: { type: number; streamId: number }[] = [];
  socket.on('error', () => {});
  socket.on('data', (chunk) => {
    for (const frame of reader.push(chunk)) frames.push(frame);
  });
  const headers = { ':version': { type: 'string' as const, value: '0.1.0' } };
  const payload = Buffer.from('{"authToken":"token"}');
  socket.write(encodeFrame({ type: MESSAGE_TYPE.connect, flags: 0, streamId: 0, headers, payload }));
  await until(() => frames.length === 1);
  return { socket, frames };
}

async function works(): Promise<void> {
  const { frames, socket } = await client();
  const before = Date.now();
  socket.write(request(1, 'UpdateState'));
  await until(() => frames.length === 2);
  expect(Date.now() - before).toBeLessThan(2_000);
}

test('a reader that does not read is cut off at its bound, and others are served meanwhile', async () => {
  const { socket } = await client();
  socket.write(request(1, 'SubscribeToTopic'));
  await until(() => sinks.length === 1);
  socket.pause();
  const sink = sinks[0] as EventSink;
  const message = { binaryMessage: { message: 'x'.repeat(1024 * 1024) } };
  let sent = 0;
  while (!sink.ended && sent < 200) {
    sink.send('SubscriptionResponseMessage', message);
    sent++;
    if (sent === 30) await works();
  }
  expect(sink.ended).toBe(true);
  expect(sent * 1024 * 1024).toBeLessThanOrEqual(MAX_WAITING_BYTES + 8 * 1024 * 1024);
  expect(logged.join('\n')).toContain('it reads too slowly');
  await works();
});

test('a flood of calls is answered, each once, and of open streams only so many are taken', async () => {
  const { frames, socket } = await client();
  const before = calls;
  for (let at = 1; at <= 20_000; at++) socket.write(request(at, 'UpdateState'));
  await until(() => frames.length >= 20_001, 20_000);
  expect(calls - before).toBe(20_000);
  for (let at = 1; at <= MAX_STREAMS + 10; at++) socket.write(request(20_000 + at, 'SubscribeToTopic'));
  await until(() => frames.length >= 20_001 + MAX_STREAMS + 10 || socket.destroyed);
  expect(sinks.length).toBeLessThanOrEqual(MAX_STREAMS);
  await works();
}, 60_000);

test('connections that say nothing do not keep others out for long', async () => {
  for (let at = 0; at < 200; at++) {
    const socket = connect(server.path);
    socket.on('error', () => {});
    sockets.push(socket);
  }
  await works();
});
