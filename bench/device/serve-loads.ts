import { createInterface } from 'node:readline';
import { setTimeout as sleep } from 'node:timers/promises';
import { type DeviceOrder, type LoadFigures, REST, type RestFigures, WATCH } from './device-order.ts';

/**
 * The measured process's half of the conversation: each line on its standard input is a number of seconds of load, and is
 * answered with the figures of it. Ends with the input.
 * @param publish gives one message to be sent
 * @param settled resolves when everything given is acknowledged, with the number of messages since the start
 */
export async function serveLoads(
  { messagesPerSecond }: DeviceOrder,
  publish: () => void,
  settled: () => Promise<number>,
): Promise<void> {
  await sleep(REST);
  let loadBytes = process.memoryUsage.rss();
  answer({ restBytes: loadBytes } satisfies RestFigures);
  for await (const line of createInterface({ input: process.stdin })) {
    const total = Number(line) * messagesPerSecond;
    const watch = setInterval(() => {
      loadBytes = Math.max(loadBytes, process.memoryUsage.rss());
    }, WATCH);
    const acknowledged = await settled();
    const before = process.cpuUsage();
    const began = performance.now();
    for (let message = 1; message <= total; message++) {
      const wait = began + (message * 1_000) / messagesPerSecond - performance.now();
      if (wait > 0) await sleep(wait);
      publish();
    }
    const messages = (await settled()) - acknowledged;
    const { system, user } = process.cpuUsage(before);
    const took = (performance.now() - began) / 1_000;
    clearInterval(watch);
    answer({
      loadBytes,
      cpuMilliseconds: (system + user) / messages,
      messagesPerSecond: messages / took,
    } satisfies LoadFigures);
  }
}

function answer(figures: object): void {
  process.stdout.write(`${JSON.stringify(figures)}\n`);
}
