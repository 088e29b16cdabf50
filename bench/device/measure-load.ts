import { setTimeout as sleep } from 'node:timers/promises';
import { type DeviceFigures, REST } from './device-order.ts';

/** Takes the time and memory of what this process does. `load` resolves with the number of messages acknowledged. */
export async function measureLoad(load: () => Promise<number>): Promise<DeviceFigures> {
  await sleep(REST);
  const restBytes = process.memoryUsage.rss();
  let loadBytes = restBytes;
  const watch = setInterval(() => {
    loadBytes = Math.max(loadBytes, process.memoryUsage.rss());
  }, 100);
  const began = performance.now();
  const before = process.cpuUsage();
  const messages = await load();
  const { system, user } = process.cpuUsage(before);
  const seconds = (performance.now() - began) / 1_000;
  clearInterval(watch);
  return {
    restBytes,
    loadBytes,
    cpuMilliseconds: (system + user) / messages,
    messagesPerSecond: messages / seconds,
  };
}
