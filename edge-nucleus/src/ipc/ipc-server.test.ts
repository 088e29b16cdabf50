import { mkdtempSync, rmSync, statSync } from 'node:fs';
import { connect, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { eventstream_rpc, greengrasscoreipc, io } from 'aws-iot-device-sdk-v2';
import { systemClock } from '../clock.ts';
import { encodeFrame, FrameReader, MESSAGE_TYPE } from './frames.ts';
import { type IpcServer, startIpcServer } from './ipc-server.ts';
import { type EventSink, type IpcOperation, IpcServiceError } from './operation.ts';

/** The protocol as the official client of the device SDK speaks it. */

const TOKEN = 'a-token';
let directory: string;
let server: IpcServer;
let subscriber: EventSink | undefined;
const logged: string[] = [];
const sockets: Socket[] = [];

const OPERATIONS: IpcOperation[] = [
  {
    name: 'PublishToTopic',
    async run({ topic }) {
      if (topic === 'forbidden') throw new IpcServiceError('UnauthorizedError', 'not allowed to publish to forbidden');
      if (topic === 'broken') throw new Error('a fault');
      subscriber?.send('SubscriptionResponseMessage', { jsonMessage: { message: { topic } } });
      return {};
    },
  },
  {
    name: 'SubscribeToTopic',
    streaming: true,
    async run(_request, _caller, events) {
      subscriber = events;
      // Before its response has gone out.
      events.send('SubscriptionResponseMessage', { jsonMessage: { message: { early: true } } });
      return {};
    },
  },
];

beforeAll(async () => {
  directory = mkdtempSync(join(tmpdir(), 'fleetwright-ipc-'));
  server = await startIpcServer(join(directory, 'ipc.sock'), {
    authenticate: (token) => (token === TOKEN ? { componentName: 'com.example.Test' } : undefined),
    operations: new Map(OPERATIONS.map((operation) => [operation.name, operation])),
    clock: systemClock,
    log: (_level, message) => logged.push(message),
  });
});
afterEach(() => {
  for (const socket of sockets.splice(0)) socket.destroy();
});
afterAll(async () => {
  await server.close();
  rmSync(directory, { recursive: true, force: true });
});

async function client(token = TOKEN): Promise<greengrasscoreipc.Client> {
  const made = greengrasscoreipc.createClient({
    hostName: server.path,
    port: 0,
    socketOptions: new io.SocketOptions(io.SocketType.STREAM, io.SocketDomain.LOCAL),
    connectTransform: async ({ message }) => ({ ...message, payload: JSON.stringify({ authToken: token }) }),
  });
  await made.connect();
  return made;
}

/** Everything that comes back until the server ends the connection, or `milliseconds` are over. */
function speak(bytes: Uint8Array, milliseconds = 500): Promise<{ types: number[]; ended: boolean }> {
  return new Promise((resolve) => {
    const socket = connect(server.path);
    sockets.push(socket);
    const reader = new FrameReader();
    const types: number[] = [];
    const timer = setTimeout(() => resolve({ types, ended: false }), milliseconds);
    socket.on('data', (chunk) => {
      for (const frame of reader.push(chunk)) types.push(frame.type);
    });
    socket.on('error', () => {});
    socket.on('close', () => {
      clearTimeout(timer);
      resolve({ types, ended: true });
    });
    socket.write(bytes);
  });
}

test('nobody but the owner can open the socket', () => {
  expect(statSync(server.path).mode & 0o777).toBe(0o600);
});

test('the official client connects, calls, subscribes and hears events in order', async () => {
  const ipc = await client();
  const heard: unknown[] = [];
  const operation = ipc.subscribeToTopic({ topic: 'a' });
  operation.on('message', (message) => heard.push(message.jsonMessage?.message));
  await operation.activate();
  for (const topic of ['one', 'two', 'three']) {
    await ipc.publishToTopic({ topic, publishMessage: { jsonMessage: { message: {} } } });
  }
  for (let attempt = 0; attempt < 500 && heard.length < 4; attempt++) await new Promise((done) => setTimeout(done, 20));
  expect(heard).toEqual([{ early: true }, { topic: 'one' }, { topic: 'two' }, { topic: 'three' }]);
  await operation.close();
  for (let attempt = 0; attempt < 500 && subscriber?.ended !== true; attempt++) {
    await new Promise((done) => setTimeout(done, 20));
  }
  expect(subscriber?.ended).toBe(true);
  await ipc.close();
});

test('errors of the model come to the client as what they are; a fault says nothing of its inside', async () => {
  const ipc = await client();
  const publish = (topic: string) => ipc.publishToTopic({ topic, publishMessage: { jsonMessage: { message: {} } } });
  await expect(publish('forbidden')).rejects.toMatchObject({
    type: eventstream_rpc.RpcErrorType.ServiceError,
    serviceError: { message: 'not allowed to publish to forbidden' },
  });
  await expect(publish('broken')).rejects.toMatchObject({
    serviceError: { message: 'the nucleus failed; its log says why' },
  });
  await expect(ipc.listComponents({})).rejects.toMatchObject({ type: eventstream_rpc.RpcErrorType.ServiceError });
  await expect(publish('still there')).resolves.toBeDefined();
  await ipc.close();
});

test('a client with a wrong token is not taken', async () => {
  await expect(client('another')).rejects.toMatchObject({ type: eventstream_rpc.RpcErrorType.HandshakeError });
});

describe('what a client does wrong ends its own connection and nothing else', () => {
  const frame = (type: number, streamId: number) =>
    encodeFrame({ type: type as never, flags: 0, streamId, headers: {}, payload: new Uint8Array() });

  test.each([
    ['rubbish', Buffer.alloc(4_096, 0xa5)],
    ['a length that nobody waits for', Buffer.from('ffffffff0000000000000000', 'hex')],
    ['a message before CONNECT', frame(MESSAGE_TYPE.applicationMessage, 1)],
    ['a message that only servers send', frame(MESSAGE_TYPE.connectAck, 0)],
  ])('%s', async (_what, bytes) => {
    expect(await speak(bytes)).toEqual({ types: [MESSAGE_TYPE.protocolError], ended: true });
    const ipc = await client();
    await ipc.close();
  });

  test('a frame that never ends is waited for without hurting others', async () => {
    const half = Buffer.from(frame(MESSAGE_TYPE.ping, 0)).subarray(0, 20);
    expect(await speak(half, 100)).toEqual({ types: [], ended: false });
    const ipc = await client();
    await ipc.close();
  });

  test('a ping is answered', async () => {
    expect(await speak(frame(MESSAGE_TYPE.ping, 0), 100)).toEqual({ types: [MESSAGE_TYPE.pingResponse], ended: false });
  });
});
