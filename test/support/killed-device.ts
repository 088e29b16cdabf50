import { readFileSync } from 'node:fs';
import type { ClaimCredentials } from '@fleetwright/contracts';
import { createDevice } from '../../device-client/src/index.ts';

export interface KilledDeviceOrder {
  readonly host: string;
  readonly port: number;
  readonly caFile: string;
  readonly claim: ClaimCredentials;
  readonly stateDirectory: string;
  readonly serialNumber: string;
  /** First number of this life. */
  readonly from: number;
  /** ms since the epoch of number 0; each is a second later than the one before */
  readonly start: number;
  /** Takes no more samples, and ends when everything is acknowledged. */
  readonly drain: boolean;
}

/** Every so many samples there is an event too. */
export const EVENT_EVERY = 7;
const GROUP = 10;
/** ms between two groups */
const PAUSE = 20;

/** Process entry: takes samples and sends them until it is killed. `p <number>` on standard output: stored up to there. */
async function main(): Promise<void> {
  const order = JSON.parse(process.argv[2] as string) as KilledDeviceOrder;
  const device = createDevice({
    endpoint: { host: order.host, port: order.port, serverCaPem: readFileSync(order.caFile, 'utf8') },
    claim: order.claim,
    stateDirectory: order.stateDirectory,
    parameters: { SerialNumber: order.serialNumber, Site: 'north', DeviceType: 'pump-station' },
    telemetry: { storage: 'disk', samplesPerMessage: 3, backlogSamplesPerMessage: 5 },
  });
  await device.start();
  process.stdout.write('started\n');
  for (let number = order.from; !order.drain; number += GROUP) {
    const puts: Promise<void>[] = [];
    for (let each = number; each < number + GROUP; each++) {
      const sample = { time: order.start + each * 1_000, values: { number: each } };
      puts.push(device.telemetry.put('telemetry', sample));
      if (each % EVENT_EVERY === 0) puts.push(device.telemetry.put('event', sample));
    }
    await Promise.all(puts);
    process.stdout.write(`p ${number + GROUP - 1}\n`);
    await new Promise((resolve) => setTimeout(resolve, PAUSE));
  }
  await device.flush();
  await device.stop();
  process.exit(0);
}

if (process.argv[2]?.startsWith('{') === true) void main();
