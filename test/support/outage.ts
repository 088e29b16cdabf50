import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { TelemetryMessage } from '@fleetwright/contracts';
import { createDevice, type Device } from '../../device-client/src/index.ts';
import { eventually } from './eventually.ts';
import { OutageProxy } from './outage-proxy.ts';
import type { TestPlatform } from './platform.ts';

export interface OutageRun {
  readonly platform: TestPlatform;
  readonly serialNumber: string;
  /** ms for which there is no connection */
  readonly outage: number;
  /** Samples taken before and during it, a second apart by their times. */
  readonly backlog: number;
  readonly samplesPerMessage: number;
  /** ms that draining may take */
  readonly patience: number;
  /** Stops the device in the middle of the outage and starts it again on its files. */
  readonly restart: boolean;
}

export interface OutageAccount {
  readonly thingName: string;
  /** Messages in the order in which they went out for the first time: `channel boot sequence`. */
  readonly sent: readonly string[];
  /** The same, in the order of their acknowledgements, which is the broker's affair. */
  readonly acknowledged: readonly string[];
  /** Samples of the telemetry channel, in the order in which they went out: their numbers. */
  readonly numbers: readonly number[];
  /** When messages went out for the first time, ms. */
  readonly sentAt: readonly number[];
  readonly refusedConnections: number;
  readonly retries: readonly string[];
}

/** A real device of the SDK loses its connection, goes on taking samples onto its disk, and gets its connection back. */
export async function runOutage(run: OutageRun): Promise<OutageAccount> {
  const { description } = run.platform;
  const proxy = new OutageProxy(description.mqttHost, description.mqttPort);
  await proxy.start();
  const sent: string[] = [];
  const acknowledged: string[] = [];
  const numbers: number[] = [];
  const sentAt: number[] = [];
  const retries: string[] = [];
  const make = (): Device => {
    const made = createDevice({
      endpoint: {
        host: description.mqttHost,
        port: proxy.port,
        serverCaPem: readFileSync(description.caFile, 'utf8'),
      },
      claim: run.platform.claim,
      stateDirectory: join(run.platform.directory, 'devices', run.serialNumber),
      parameters: { SerialNumber: run.serialNumber, Site: 'north', DeviceType: 'pump-station' },
      maxReconnectDelay: 2_000,
      telemetry: { storage: 'disk', backlogSamplesPerMessage: run.samplesPerMessage },
    });
    const nameOf = (channel: string, { bootId, sequence }: TelemetryMessage) => `${channel} ${bootId} ${sequence}`;
    made.on('sent', (channel, message) => {
      sentAt.push(performance.now());
      sent.push(nameOf(channel, message));
      if (channel === 'telemetry') numbers.push(...message.samples.map(({ values }) => values.number as number));
    });
    made.on('acknowledged', (channel, message) => void acknowledged.push(nameOf(channel, message)));
    made.on('retry', (what, reason) => void retries.push(`${what}: ${reason}`));
    return made;
  };
  let device = make();
  try {
    await device.start();
    const { thingName } = device.identity;
    const interrupted = new Promise<void>((resolve) => device.once('interrupted', () => resolve()));
    proxy.down();
    await interrupted;
    const began = Date.now();
    const start = began - run.backlog * 1_000;
    const put = async (from: number, to: number): Promise<void> => {
      const puts: Promise<void>[] = [];
      for (let number = from; number < to; number++) {
        puts.push(device.telemetry.put('telemetry', { time: start + number * 1_000, values: { number } }));
      }
      await Promise.all(puts);
    };
    const half = run.backlog >> 1;
    await put(0, half);
    if (run.restart) {
      await device.stop();
      device = make();
      await device.start({ offline: true });
    }
    await put(half, run.backlog);
    const alarm = { time: began, values: { alarm: 'dry' } };
    await device.telemetry.put('event', alarm, { priority: 'alarm' });
    const left = run.outage - (Date.now() - began);
    await new Promise((resolve) => setTimeout(resolve, Math.max(0, left)));
    proxy.up();
    const isDrained = async (): Promise<boolean> => device.telemetry.stats.waiting === 0;
    await eventually('the backlog to be sent', isDrained, run.patience);
    await device.flush();
    return { thingName, sent, acknowledged, numbers, sentAt, refusedConnections: proxy.refused, retries };
  } finally {
    await device.stop();
    await proxy.stop();
  }
}

/** The most events that any second holds. */
export function busiestSecond(times: readonly number[]): number {
  const sorted = [...times].sort((left, right) => left - right);
  let from = 0;
  let most = 0;
  for (const [index, time] of sorted.entries()) {
    while ((sorted[from] as number) <= time - 1_000) from++;
    most = Math.max(most, index - from + 1);
  }
  return most;
}

/** Numbers of a device's samples in the store, in the order of their device times. */
export async function storedNumbers(platform: TestPlatform, thingName: string): Promise<number[]> {
  const { rows } = await platform.reader.query(
    `SELECT number FROM ${platform.telemetryTable}
     WHERE thing_name = '${thingName}' AND measure_name = 'telemetry' ORDER BY time`,
  );
  return rows.map(([number]) => Number(number));
}
