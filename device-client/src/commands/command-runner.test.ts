import { writeFileSync } from 'node:fs';
import type { CommandOutcome, CommandRequest } from '@fleetwright/contracts';
import * as z from 'zod';
import { CloudTime } from '../replay/cloud-time.ts';
import { ReplayGuard } from '../replay/replay-guard.ts';
import { StateDirectory } from '../state-directory.ts';
import { temporaryState, testContext } from '../telemetry/testing/feature-context.ts';
import { SimulatedClock } from '../telemetry/testing/simulated-clock.ts';
import { type CommandExecution, type CommandHandler, commandHandler } from './command-handler.ts';
import { CommandRunner } from './command-runner.ts';
import { CommandOutbox } from './outbox.ts';

const START = Date.UTC(2026, 5, 1);
const TOPIC = 'fleet/north/pump/pump-1/command';

type Run = (execution: CommandExecution<number>) => Promise<string | undefined>;

function device(run: Run = async () => 'ok', { now = START, state = temporaryState() } = {}) {
  const clock = new SimulatedClock(now);
  const { lines, log } = testContext();
  const time = new CloudTime({ clock, monotonic: () => clock.now() });
  const told: CommandOutcome[] = [];
  const refused: string[] = [];
  const begun: number[] = [];
  const world = { connected: true, refuseTelling: 0 };
  const handler = commandHandler({
    name: 'set',
    parameters: z.int(),
    run(execution) {
      begun.push(execution.parameters);
      return run(execution);
    },
  });
  const runner = new CommandRunner({
    handlers: new Map<string, CommandHandler>([[handler.name, handler]]),
    guard: new ReplayGuard({ state, time, log, thingName: 'pump-1', oneNonceEach: true }),
    time,
    outbox: new CommandOutbox(state, log),
    thingName: 'pump-1',
    topic: TOPIC,
    async tell(outcome) {
      if (!world.connected || world.refuseTelling-- > 0) throw new Error('not connected');
      told.push(outcome);
    },
    connected: () => world.connected,
    clock,
    random: () => 0.5,
    log,
    onRefused: (reason) => refused.push(reason),
    onEnded: () => {},
  });
  runner.start();
  return { begun, clock, lines, refused, runner, state, time, told, world };
}

let drawn = 0;
function request(parameters: unknown, over: Partial<CommandRequest> = {}): CommandRequest {
  const id = () => String(++drawn).padStart(32, '0');
  return {
    version: 1,
    commandId: id(),
    nonce: id(),
    name: 'set',
    parameters: parameters as number,
    issuedAt: START,
    expiresAt: START + 60_000,
    ...over,
  };
}

const send = ({ runner }: ReturnType<typeof device>, command: unknown, topic = TOPIC): void =>
  runner.receive(topic, Buffer.from(typeof command === 'string' ? command : JSON.stringify(command)));
const said = ({ told }: ReturnType<typeof device>): string[] =>
  told.map(({ detail = '', status }) => `${status} ${detail}`.trim());

test('a command is accepted, carried out and answered with its nonce; the same message again only repeats the answer', async () => {
  const one = device();
  const command = request(1);
  command.thingName = 'pump-1';
  send(one, command);
  send(one, command);
  await one.clock.pass(1_000);
  expect(one.begun).toEqual([1]);
  expect(said(one)).toEqual(['accepted', 'done ok', 'done ok']);
  expect(one.told.every(({ commandId, nonce }) => commandId === command.commandId && nonce === command.nonce)).toBe(
    true,
  );
});

test('commands run one after the other, and one whose time passes while it waits is not begun', async () => {
  let release = (): void => {};
  const one = device(
    ({ parameters }) =>
      new Promise((resolve) => {
        if (parameters === 1) release = () => resolve('late');
        else resolve('ok');
      }),
  );
  send(one, request(1, { expiresAt: START + 300_000 }));
  send(one, request(2));
  send(one, request(3, { expiresAt: START + 300_000 }));
  await one.clock.pass(61_000);
  expect(one.begun).toEqual([1]);
  release();
  await one.clock.pass(1_000);
  expect(one.begun).toEqual([1, 3]);
  expect(said(one)).toEqual([
    'accepted',
    'done late',
    expect.stringMatching(/^failed EXPIRED: /),
    'accepted',
    'done ok',
  ]);
});

test('a handler hears when its time is over', async () => {
  const one = device(
    ({ signal }) => new Promise((_resolve, reject) => signal.addEventListener('abort', () => reject(signal.reason))),
  );
  send(one, request(1));
  await one.clock.pass(59_999);
  expect(said(one)).toEqual(['accepted']);
  await one.clock.pass(1);
  expect(said(one)).toEqual(['accepted', 'failed its time is over']);
});

test('outcomes of a time without connection are told when there is one, also by the next life of the agent', async () => {
  const one = device();
  one.world.connected = false;
  send(one, request(1));
  await one.clock.pass(60_000);
  await Promise.all([one.runner.stop(), one.clock.pass(1_000)]);
  const two = device(undefined, { state: one.state });
  two.world.refuseTelling = 3;
  two.runner.connected();
  await two.clock.pass(60_000);
  expect(said(two)).toEqual(['done ok']);
  two.runner.connected();
  await two.clock.pass(60_000);
  expect(said(two)).toEqual(['done ok']);
});

test('a command that was running when the agent died is told as failed, and is not begun again', async () => {
  const one = device(() => new Promise(() => {}));
  const command = request(1);
  send(one, command);
  await one.clock.pass(1_000);
  const two = device(undefined, { state: one.state });
  send(two, command);
  await two.clock.pass(1_000);
  expect(two.begun).toEqual([]);
  expect([...new Set(said(two))]).toEqual([expect.stringMatching(/^failed INTERRUPTED: /)]);
});

test('a handler that ends after its agent has stopped changes nothing any more', async () => {
  let release = (): void => {};
  const one = device(
    () =>
      new Promise((resolve) => {
        release = () => resolve('too late');
      }),
  );
  send(one, request(1));
  await one.clock.pass(1_000);
  await Promise.all([one.runner.stop(), one.clock.pass(1_000)]);
  release();
  await one.clock.pass(1_000);
  const two = device(undefined, { state: one.state });
  two.runner.connected();
  await two.clock.pass(1_000);
  expect(said(two)).toEqual([expect.stringMatching(/^failed INTERRUPTED: /)]);
});

test('a device without the time waits for the cloud to tell it, and refuses with the reason when it does not', async () => {
  const one = device(undefined, { now: 0 });
  send(one, request(1));
  await one.clock.pass(1_000);
  one.time.hear(START / 1_000);
  await one.clock.pass(1_000);
  expect(said(one)).toEqual(['accepted', 'done ok']);
  const two = device(undefined, { now: 0 });
  send(two, request(1));
  await two.clock.pass(10_000);
  expect(two.begun).toEqual([]);
  expect(said(two)).toEqual([expect.stringMatching(/^failed CLOCK_UNTRUSTED: the device's clock says 1970-01-01/)]);
});

test('what is no command, or is not for this device, is not answered', async () => {
  const one = device();
  const command = request(1);
  send(one, 'no json');
  send(one, Buffer.from([0xff, 0xfe]).toString('latin1'));
  send(one, { ...command, nonce: 'short' });
  send(one, `"${'x'.repeat(140_000)}"`);
  send(one, command, 'fleet/north/pump/pump-2/command');
  send(one, { ...command, thingName: 'pump-2' });
  await one.clock.pass(1_000);
  expect({ begun: one.begun, told: one.told }).toEqual({ begun: [], told: [] });
  expect(one.refused).toEqual(['INVALID', 'INVALID', 'INVALID', 'INVALID', 'FOREIGN', 'FOREIGN']);
});

test('a flood is bounded: what finds no place is refused, what has one is carried out', async () => {
  const one = device();
  for (let count = 0; count < 100; count++) send(one, request(count));
  await one.clock.pass(1_000);
  await one.clock.settle(2_000);
  expect(one.begun).toHaveLength(64);
  expect(one.refused).toEqual(Array(36).fill('TOO_MANY'));
});

test('with its record of commands gone, a command that was taken before is not begun again', async () => {
  const one = device();
  const command = request(1);
  send(one, command);
  await one.clock.pass(1_000);
  writeFileSync(one.state.file('commands.json'), '{');
  const two = device(undefined, { state: new StateDirectory(one.state.path) });
  send(two, command);
  await two.clock.pass(1_000);
  expect({ begun: two.begun, refused: two.refused }).toEqual({ begun: [], refused: ['REPLAYED'] });
});

test('killed at any write, a command is carried out at most once and its issuer hears one final word', async () => {
  let points = 0;
  for (let last = 1; ; last++) {
    let writes = 0;
    const { path } = temporaryState();
    class MortalState extends StateDirectory {
      override write(name: string, content: string): void {
        if (writes >= last) throw new Error('dead');
        super.write(name, content);
        writes++;
        if (writes === last) throw new Error('killed');
      }
    }
    const one = device(undefined, { state: new MortalState(path) });
    const command = request(1);
    send(one, command);
    await one.clock.pass(5_000);
    one.world.connected = false;
    const two = device(undefined, { state: new StateDirectory(path) });
    send(two, command);
    two.runner.connected();
    await two.clock.pass(60_000);
    expect([last, one.begun.length + two.begun.length <= 1]).toEqual([last, true]);
    const finals = new Set([...said(one), ...said(two)].filter((words) => words !== 'accepted'));
    expect([last, finals.size]).toEqual([last, 1]);
    if (writes < last) break;
    points++;
  }
  process.stdout.write(`commands: ${points} crash points\n`);
  expect(points).toBeGreaterThanOrEqual(4);
});
