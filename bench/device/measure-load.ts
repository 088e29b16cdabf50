import { setTimeout as sleep } from 'node:timers/promises';
import { type DeviceFigures, type DeviceOrder, REST } from './device-order.ts';

/**
 * Takes the time and memory of what this process does, when its code has been compiled: a device runs for years.
 * @param load makes so many seconds of it, and resolves with the number of messages acknowledged
 */
export async function measureLoad(
  { seconds, warmSeconds }: DeviceOrder,
  load: (seconds: number) => Promise<number>,
): Promise<DeviceFigures> {
  await sleep(REST);
  const restBytes = process.memoryUsage.rss();
  let loadBytes = restBytes;
  const watch = setInterval(() => {
    loadBytes = Math.max(loadBytes, process.memoryUsage.rss());
  }, 100);
  await load(warmSeconds);
  const began = performance.now();
  const before = process.cpuUsage();
  const messages = await load(seconds);
  const { system, user } = process.cpuUsage(before);
  const took = (performance.now() - began) / 1_000;
  clearInterval(watch);
  return {
    restBytes,
    loadBytes,
    cpuMilliseconds: (system + user) / messages,
    messagesPerSecond: messages / took,
  };
}
