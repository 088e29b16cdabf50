import type { CommandExecution } from '../commands/command-handler.ts';
import { SimulatedClock } from '../telemetry/testing/simulated-clock.ts';
import { agentCommands } from './agent-commands.ts';
import { JsonLog } from './json-log.ts';

function agent() {
  const clock = new SimulatedClock();
  const lines: string[] = [];
  const log = new JsonLog({
    level: 'warn',
    now: () => clock.now(),
    write: (line) => lines.push(JSON.parse(line).message),
  });
  const world = { acknowledgedSamples: 10, waiting: 5, reports: 0, reconnects: 0, phase: 'idle' };
  let flushed = (): void => {};
  const handlers = agentCommands({
    device: {
      telemetry: { stats: world } as never,
      get rotation() {
        return { phase: world.phase } as never;
      },
      flush: () =>
        new Promise((resolve) => {
          flushed = resolve;
        }),
      reconnect: async () => void world.reconnects++,
    },
    clock,
    log,
    reportHealth: async () => void world.reports++,
  });
  const stop = new AbortController();
  const run = async (name: string, given?: unknown): Promise<string | undefined> => {
    const handler = handlers.find((one) => one.name === name);
    const parameters = handler?.parameters.parse(given);
    const execution = { commandId: '0'.repeat(32), parameters, expiresAt: 0, signal: stop.signal };
    return handler?.run(execution as CommandExecution<never>);
  };
  return { clock, flushed: () => flushed(), lines, log, run, stop, world };
}

test('a health message is sent when it is asked for', async () => {
  const { run, world } = agent();
  expect([await run('report-health'), world.reports]).toEqual(['reported', 1]);
});

test('flushing ends when the cloud has everything, and says how much that was', async () => {
  const { flushed, run, world } = agent();
  const answer = run('flush-telemetry');
  Object.assign(world, { acknowledgedSamples: 15, waiting: 0 });
  flushed();
  expect(await answer).toBe('5 samples');
});

test('flushing that does not end in time fails with what still waits', async () => {
  const { run, stop } = agent();
  const answer = run('flush-telemetry');
  stop.abort();
  await expect(answer).rejects.toThrow('5 samples still wait');
});

test('another log level holds for its time, over a change of what is configured, and no longer', async () => {
  const { clock, lines, log, run } = agent();
  log.info('before');
  expect(await run('set-log-level', { level: 'debug', seconds: 60 })).toBe('debug for 60 s');
  log.setLevel('error');
  log.debug('meanwhile');
  await clock.pass(60_000);
  log.warn('after');
  log.error('always');
  expect(lines).toEqual(['meanwhile', 'always']);
});

test('a later level replaces the one before, with its time', async () => {
  const { clock, lines, log, run } = agent();
  await run('set-log-level', { level: 'debug', seconds: 60 });
  await run('set-log-level', { level: 'info', seconds: 3_600 });
  await clock.pass(600_000);
  log.debug('not');
  log.info('still');
  expect(lines).toEqual(['still']);
});

test.each([undefined, {}, { level: 'loud', seconds: 1 }, { level: 'debug' }, { level: 'debug', seconds: 86_401 }])(
  'a log level cannot be set by %j',
  async (parameters) => {
    await expect(agent().run('set-log-level', parameters)).rejects.toThrow();
  },
);

test('a new connection is made after the outcome had time to be told, but not within a change of certificate', async () => {
  const { clock, run, world } = agent();
  expect([await run('reconnect'), world.reconnects]).toEqual(['reconnecting', 0]);
  await clock.pass(1_000);
  expect(world.reconnects).toBe(1);
  world.phase = 'confirming';
  await expect(run('reconnect')).rejects.toThrow('a change of certificate is under way: confirming');
});
