import { systemClock } from '../../../core/clock.ts';
import { systemEntropy } from '../../../core/entropy.ts';
import { ADMINISTRATOR, createTestCloud } from '../../../testing/context.ts';
import { createIotDataPlanePlugin } from '../plugin.ts';

/**
 * Updates shadows without end, four updates of each at a time, and prints `<thing> <version> <n>` for each
 * `update/accepted` that is published, until it is killed. The data directory is its argument.
 */
const SHADOWS = 10;
const AT_A_TIME = 4;

async function main(directory: string): Promise<void> {
  const cloud = createTestCloud({ clock: systemClock, entropy: systemEntropy, directory });
  cloud.ports.provide('reservedTopics', { register: () => undefined, find: () => undefined });
  cloud.ports.provide('broker', {
    async publish({ topic, payload }) {
      if (!topic.endsWith('update/accepted')) return;
      const { version, state } = JSON.parse(payload.toString('utf8')) as Accepted;
      process.stdout.write(`${topic.split('/')[2]} ${version} ${state.reported.n}\n`);
    },
    reply: () => undefined,
    disconnect: () => undefined,
    connectedClients: () => [],
    onPresence: () => undefined,
  });
  await cloud.use(createIotDataPlanePlugin).start?.();
  await Promise.all(
    Array.from({ length: SHADOWS }, async (_, index) => {
      const thingName = `thing-${index}`;
      let n = cloud.ports.get('shadows').get(thingName)?.version ?? 0;
      const update = async (): Promise<void> => {
        n += 1;
        const payload = Buffer.from(JSON.stringify({ state: { reported: { n, pad: 'x'.repeat(500) } } }));
        await cloud.dispatcher.call(ADMINISTRATOR, 'iot-data-plane', 'UpdateThingShadow', { thingName, payload });
      };
      for (;;) await Promise.all(Array.from({ length: AT_A_TIME }, update));
    }),
  );
}

interface Accepted {
  readonly version: number;
  readonly state: { readonly reported: { readonly n: number } };
}

void main(process.argv[2] as string);
