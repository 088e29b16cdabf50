import type { JobResult } from '../jobs/job-handler.ts';
import { JumpingClock } from './testing/jumping-clock.ts';
import { contextOf, executionOf, featureOf, type SimulatedDevice, settledSlots } from './testing/simulated-device.ts';
import { StoppingMachine } from './testing/stopping-machine.ts';
import { prepareScenario, UPDATE_SCENARIOS, type UpdateScenario } from './testing/update-scenarios.ts';
import type { UpdateFeature, UpdateOptions } from './update-feature.ts';

let device: SimulatedDevice;
let machine: StoppingMachine;
let feature: UpdateFeature;

const scenario = UPDATE_SCENARIOS[0] as UpdateScenario;

async function begin(options: Partial<UpdateOptions> = {}, running: 'a' | 'b' = 'a'): Promise<void> {
  feature = featureOf(device, device.disk, machine, running, 'works', options);
  await feature.start(contextOf(machine, new JumpingClock(device.now)));
}

beforeEach(async () => {
  device = (await prepareScenario(scenario))(() => 0.5);
  machine = new StoppingMachine();
  device.disk.machine = machine;
});

/** What a run ends with, or `waits` when it does not for some turns of the event loop. */
async function outcome(run: Promise<JobResult>): Promise<JobResult | 'waits'> {
  const waits = (async () => {
    for (let turn = 0; turn < 50; turn++) await new Promise((resolve) => setImmediate(resolve));
    return 'waits' as const;
  })();
  return Promise.race([run, waits]);
}

test('a device that is held back begins no update until it is let go', async () => {
  let letGo: () => void = () => {};
  const hold = () =>
    new Promise<void>((resolve) => {
      letGo = resolve;
    });
  const events: string[] = [];
  feature = featureOf(device, device.disk, machine, 'a', 'works', { hold });
  feature.on('begun', () => events.push('begun'));
  await feature.start(contextOf(machine, new JumpingClock(device.now)));
  const run = feature.handler.run(executionOf(device, machine));
  expect(await outcome(run)).toBe('waits');
  expect({ events, status: feature.status() }).toEqual({ events: [], status: { phase: 'idle' } });
  letGo();
  // It restarts into the new slot: the run goes on there.
  expect(await outcome(run)).not.toBe('rejected');
  expect(events).toEqual(['begun']);
  expect(feature.status()).toMatchObject({ phase: 'rebooting', jobId: 'job-1', version: '2.0.0' });
});

test('a device that is held back can be told that its job is cancelled', async () => {
  const hold = (signal: AbortSignal) =>
    new Promise<void>((resolve) => signal.addEventListener('abort', () => resolve(), { once: true }));
  await begin({ hold });
  const abort = new AbortController();
  const run = feature.handler.run({ ...executionOf(device, machine), signal: abort.signal });
  expect(await outcome(run)).toBe('waits');
  abort.abort();
  expect(await run).toMatchObject({ status: 'rejected', details: { reason: 'CANCELLED' } });
});

test('an agent that stops in the middle of a download leaves it, and the next goes on', async () => {
  let isOpen = false;
  const http = device.cloud.http(machine);
  let asked = 0;
  const gate: UpdateOptions['http'] = {
    get: async (url, range, signal) => {
      if (range === undefined || isOpen) return http.get(url, range, signal);
      asked++;
      const answer = await http.get(url, range, signal);
      return {
        ...answer,
        body: (async function* () {
          let bytes = 0;
          for await (const part of answer.body) {
            if (bytes > 5_000) await new Promise((_resolve, reject) => signal.addEventListener('abort', reject));
            bytes += part.length;
            yield part;
          }
        })(),
      };
    },
  };
  await begin({ http: gate });
  const run = feature.handler.run(executionOf(device, machine));
  expect(await outcome(run)).toBe('waits');
  await feature.stop();
  expect(await run).toEqual({ status: 'resume' });
  expect(asked).toBe(1);

  isOpen = true;
  const ranges: (number | undefined)[] = [];
  const watched: UpdateOptions['http'] = {
    get: (url, range, signal) => {
      ranges.push(range?.from);
      return http.get(url, range, signal);
    },
  };
  await begin({ http: watched });
  void feature.handler.run(executionOf(device, machine));
  await machine.stopped;
  expect(feature.status()).toMatchObject({ phase: 'rebooting' });
  // Neither the manifest nor the first chunk again.
  expect(ranges).toEqual([4_096]);
});

test('firmware whose self-test does not end in time is given up', async () => {
  await begin();
  void feature.handler.run(executionOf(device, machine));
  await machine.stopped;
  machine = new StoppingMachine();
  device.disk.machine = machine;
  let wasTold = false;
  const selfTest: UpdateOptions['selfTest'] = {
    run: (signal) => {
      signal.addEventListener('abort', () => {
        wasTold = true;
      });
      return new Promise(() => {});
    },
  };
  await begin({ selfTest, selfTestTime: 1_000 }, 'b');
  await machine.stopped;
  expect(wasTold).toBe(true);
  expect(feature.status()).toMatchObject({ phase: 'reverting' });
  expect(await settledSlots(device.disk)).toMatchObject({ version: '1.0.0', onTrial: false });
});

test('a slot on trial that cannot write its state goes back', async () => {
  await begin();
  void feature.handler.run(executionOf(device, machine));
  await machine.stopped;
  machine = new StoppingMachine();
  device.disk.machine = machine;
  device.disk.capacity = device.disk.bytes + 100;
  await begin({}, 'b');
  await machine.stopped;
  expect(await settledSlots(device.disk)).toMatchObject({ version: '1.0.0', onTrial: false });
});

test('the watchdog is armed for the self-test, and disarmed when it has passed', async () => {
  await begin();
  void feature.handler.run(executionOf(device, machine));
  await machine.stopped;
  machine = new StoppingMachine();
  device.disk.machine = machine;
  const calls: string[] = [];
  const watchdog: UpdateOptions['watchdog'] = {
    arm: async (milliseconds) => void calls.push(`arm ${milliseconds}`),
    disarm: async () => void calls.push('disarm'),
  };
  await begin({ watchdog, selfTestTime: 4_000 }, 'b');
  const result = await feature.handler.run(executionOf(device, machine));
  expect(result).toMatchObject({ status: 'succeeded', details: { firmware: '2.0.0', slot: 'b', stage: 'confirmed' } });
  expect(calls).toEqual(['arm 8000', 'disarm']);
});
