import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { createInterface } from 'node:readline';
import { systemClock } from '../../../edge-nucleus/src/clock.ts';
import { type IpcServer, startIpcServer } from '../../../edge-nucleus/src/ipc/ipc-server.ts';
import type { IpcOperation } from '../../../edge-nucleus/src/ipc/operation.ts';
import { LocalTopics } from '../../../edge-nucleus/src/pubsub/local-topics.ts';
import { until } from '../../../edge-nucleus/src/testing/test-core.ts';
import { artifactsOf } from '../../build/artifacts.ts';
import { bundle } from '../../build/bundle.ts';
import { readFolder } from '../../build/component-folder.ts';

/**
 * The runtime with what nucleus lite serves, and nothing else: neither validation of configurations, nor component updates, nor
 * shadows (aws-greengrass-lite, `modules/ggipcd/src/services`).
 */

let directory: string;
let server: IpcServer;
let child: ChildProcess;
let configuration: Record<string, unknown> = {};
const lines: string[] = [];
const local = new LocalTopics();
const heard: Record<string, unknown>[] = [];

const operations: IpcOperation[] = [
  { name: 'GetConfiguration', run: async () => ({ componentName: 'com.example.Mirror', value: configuration }) },
  { name: 'SubscribeToConfigurationUpdate', streaming: true, run: async () => ({}) },
  { name: 'UpdateState', run: async () => ({}) },
  { name: 'PublishToIoTCore', run: async () => ({}) },
  { name: 'SubscribeToIoTCore', streaming: true, run: async () => ({}) },
  {
    name: 'PublishToTopic',
    async run({ publishMessage, topic }) {
      const { jsonMessage } = publishMessage as { jsonMessage: { message: Record<string, unknown> } };
      if (topic === 'mirror/out') heard.push(jsonMessage.message);
      return {};
    },
  },
  {
    name: 'SubscribeToTopic',
    streaming: true,
    async run({ topic }, _caller, events) {
      local.subscribe(String(topic), 'com.example.Mirror', events, false);
      return {};
    },
  },
];

beforeAll(async () => {
  directory = mkdtempSync(join(tmpdir(), 'fleetwright-lite-'));
  const main = await bundle(resolve('.'), resolve('greengrass-components/shared/src/testing/mirror-component'));
  writeFileSync(join(directory, 'main.cjs'), main);
  const sdk = await artifactsOf(resolve('.'), readFolder(resolve('greengrass-components'), 'device-sdk'));
  for (const [name, bytes] of sdk) writeFileSync(join(directory, name), bytes);
});
beforeEach(async () => {
  lines.length = 0;
  configuration = { accessControl: {} };
  server = await startIpcServer(join(directory, 'ipc.socket'), {
    authenticate: () => ({ componentName: 'com.example.Mirror' }),
    operations: new Map(operations.map((operation) => [operation.name, operation])),
    clock: systemClock,
    log: () => {},
  });
});
afterEach(async () => {
  child.kill('SIGKILL');
  await server.close();
});
afterAll(() => rmSync(directory, { recursive: true, force: true }));

function start(): Promise<[number | null]> {
  const machine = process.arch === 'arm64' ? 'aarch64' : 'x86_64';
  child = spawn(process.execPath, ['main.cjs'], {
    cwd: directory,
    env: {
      AWS_CRT_NODEJS_BINARY_ABSOLUTE_PATH: join(directory, `aws-crt-nodejs-${machine}.node`),
      AWS_GG_NUCLEUS_DOMAIN_SOCKET_FILEPATH_FOR_COMPONENT: server.path,
      SVCUID: 'hush-hush',
      AWS_IOT_THING_NAME: 'core-1',
      PATH: process.env.PATH,
    },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  if (child.stdout !== null) createInterface({ input: child.stdout }).on('line', (line) => lines.push(line));
  return once(child, 'exit') as Promise<[number | null]>;
}

const says = (text: string) => until(() => lines.some((line) => line.includes(text)));

test('it runs without what nucleus lite does not serve, and names it', async () => {
  void start();
  await says('the component runs');
  expect(lines.join('\n')).toContain('this nucleus does not ask whether a configuration is good');
  local.publish('mirror/in/shadow', { json: {} }, 'other');
  await until(() => heard.some(({ task }) => task === 'shadow'));
  expect(heard.find(({ task }) => task === 'shadow')?.error).toMatch(/GetThingShadow/);
  expect(lines.join('\n')).not.toContain('hush-hush');
});

test('a nucleus that is lost ends the component with code 1', async () => {
  const ended = start();
  await says('the component runs');
  await server.close();
  expect((await ended)[0]).toBe(1);
  expect(lines.join('\n')).toContain('the connection with the nucleus is lost');
});

test('a configuration that the schema refuses at the start ends it with code 1, all problems named', async () => {
  configuration = { color: 'mauve', limits: { high: 101 }, other: 1 };
  expect((await start())[0]).toBe(1);
  expect(lines.join('\n')).toMatch(/color: .*limits\.high: .*other/);
});

test('SIGTERM ends it with code 0, also when the component does not stop', async () => {
  const ended = start();
  await says('the component runs');
  child.kill('SIGTERM');
  expect((await ended)[0]).toBe(0);
  configuration = { trouble: 'stop' };
  lines.length = 0;
  const hanging = start();
  await says('the component runs');
  const asked = Date.now();
  child.kill('SIGTERM');
  expect((await hanging)[0]).toBe(0);
  expect(Date.now() - asked).toBeLessThan(5_000);
  expect(lines.join('\n')).toContain('it did not stop in time');
}, 20_000);
