import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { ManualClock } from '../../core/clock.ts';
import { systemClock } from '../../core/clock.ts';
import type { ServerIdentity } from '../../core/tls.ts';
import { createTestCloud } from '../../testing/context.ts';
import { createBrokerPlugin } from '../plugin.ts';
import { TestDeviceDirectory, TestRuleIngress } from './test-ports.ts';

/**
 * A broker in a process of its own, to be killed by tests: `node --import tsx broker-process.ts <directory>`.
 * Reads `<directory>/broker.json` (`identity`, `certificateIds`) and prints `{"port": …}` once it listens.
 */
async function main(directory: string): Promise<void> {
  const setting = JSON.parse(readFileSync(join(directory, 'broker.json'), 'utf8')) as {
    identity: ServerIdentity;
    certificateIds: string[];
  };
  const cloud = createTestCloud({ clock: systemClock as unknown as ManualClock, directory });
  const devices = new TestDeviceDirectory();
  for (const certificateId of setting.certificateIds) devices.register(certificateId);
  cloud.ports.provide('devices', devices);
  cloud.ports.provide('rules', new TestRuleIngress());
  cloud.ports.provide('serverIdentity', setting.identity);
  const plugin = createBrokerPlugin({
    host: '127.0.0.1',
    port: 0,
    publishesPerSecond: Infinity,
    storedMessagesPerSecond: Infinity,
  })(cloud);
  await plugin.start?.();
  process.stdout.write(`${JSON.stringify({ port: plugin.port })}\n`);
}

await main(process.argv[2] as string);
