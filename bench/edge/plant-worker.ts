import { fieldTopic, type WriteRequest, writeTopic, writtenTopic } from '../../contracts/src/index.ts';
import { connectNucleus } from '../../greengrass-components/shared/src/ipc/connect-nucleus.ts';
import { createLocalBus } from '../../greengrass-components/shared/src/ipc/ipc-buses.ts';
import { systemClock } from '../../greengrass-components/shared/src/system-clock.ts';

/**
 * A component of a plant. `flood SECONDS PER_SECOND`: field messages that no rule looks at (0: as fast as they are taken).
 * `probe SECONDS`: values that decide, and how long it takes until the command is here.
 */
const [kind, seconds = '1', rate = '0'] = process.argv.slice(2);
const silent = { debug: () => {}, info: () => {}, warn: () => {}, error: () => {} };
const client = await connectNucleus((reason) => {
  process.stderr.write(`${reason}\n`);
  process.exit(1);
});
const bus = createLocalBus(client, { clock: systemClock, log: silent });
const end = performance.now() + Number(seconds) * 1_000;
const pause = (milliseconds: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, milliseconds));

/** Messages that are on their way to the nucleus at once. */
const IN_FLIGHT = 16;
const VALUES = 20;
const PROBE_EVERY = 20;
const SETTLE = 500;
/** ms after which a command counts as lost */
const PATIENCE = 5_000;

async function flood(): Promise<object> {
  let sent = 0;
  const began = performance.now();
  const lane = async (): Promise<void> => {
    while (performance.now() < end) {
      const due = Number(rate) === 0 ? 0 : began + (sent * 1_000) / Number(rate) - performance.now();
      if (due > 0) await pause(due);
      const number = sent++;
      const values = Array.from({ length: VALUES }, (_, index) => ({
        series: `flood_${index}`,
        time: Date.now(),
        value: number,
        quality: 'good',
      }));
      await bus.publish(fieldTopic('flood'), { version: 1, source: 'flood', values });
    }
  };
  await Promise.all(Array.from({ length: IN_FLIGHT }, lane));
  return { messagesPerSecond: Math.round((sent / (performance.now() - began)) * 1_000) };
}

async function probe(): Promise<object> {
  const milliseconds: number[] = [];
  let arrived: ((request: WriteRequest) => void) | undefined;
  await bus.subscribe(writeTopic('probe'), (message) => {
    const request = message as WriteRequest;
    arrived?.(request);
    const answer = { version: 1, requestId: request.requestId, ok: true, time: Date.now() };
    void bus.publish(writtenTopic('probe'), answer);
  });
  // Whatever the rule was before: it has ended.
  const values = [{ series: 'probe_value', time: Date.now(), value: 20, quality: 'good' }];
  await bus.publish(fieldTopic('probe'), { version: 1, source: 'probe', values });
  await pause(SETTLE);
  for (let hot = true; performance.now() < end; hot = !hot) {
    const values = [{ series: 'probe_value', time: Date.now(), value: hot ? 90 : 20, quality: 'good' }];
    const began = performance.now();
    const command = new Promise<void>((resolve, reject) => {
      const timer = setTimeout(() => reject(new Error('a command did not come')), PATIENCE);
      arrived = ({ value }) => {
        if (value !== hot) return;
        milliseconds.push(performance.now() - began);
        clearTimeout(timer);
        resolve();
      };
    });
    await Promise.all([bus.publish(fieldTopic('probe'), { version: 1, source: 'probe', values }), command]);
    await pause(PROBE_EVERY);
  }
  return { milliseconds };
}

const result = kind === 'flood' ? await flood() : await probe();
process.stdout.write(`${JSON.stringify(result)}\n`, () => process.exit(0));
