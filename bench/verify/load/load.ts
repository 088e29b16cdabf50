import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { SteeredProcess } from '../../../cli/processes/child-process.ts';
import type { FleetCounts, FleetOptions } from '../../../device-client/src/index.ts';
import { processUsage } from '../../load/process-usage.ts';
import type { Dice } from '../dice.ts';
import { group, type PartResult } from '../part.ts';
import type { Setting } from '../setting.ts';
import type { Subject } from '../subject.ts';
import type { LoadCommand, LoadReport } from './fleet-under-load.ts';

export interface LoadSize {
  readonly devices: number;
  /** Length of the measurement, once all devices are online. */
  readonly seconds: number;
  /** ms between two samples of one device */
  readonly interval: number;
}

export const FULL_LOAD: LoadSize = { devices: 200, seconds: 60, interval: 250 };
export const LOAD_SAMPLE: LoadSize = { devices: 10, seconds: 5, interval: 250 };

const HEALTH_INTERVAL = 5_000;
/** ms in which everything acknowledged must be found */
const SETTLE_TIMEOUT = 180_000;
const MEGABYTE = 1_048_576;

/** Simulated devices onboard and publish for a while; every acknowledged sample must be found. */
export async function runLoad(setting: Setting, size: LoadSize): Promise<PartResult> {
  const { dice, faults, say, subject } = setting;
  const began = performance.now();
  const fleet = new SteeredProcess<LoadCommand, LoadReport>(
    'the devices under load',
    fileURLToPath(new URL('./fleet-under-load.ts', import.meta.url)),
  );
  const failures: string[] = [];
  fleet.on('report', (report) => {
    if (report.kind === 'failure') failures.push(`${report.serial}: ${report.reason}`);
  });
  try {
    const before = await subject.ledger.read();
    const started = fleet.next('started');
    fleet.send({ kind: 'start', options: fleetOptions(subject, dice, size) });
    say(`onboarding ${size.devices} devices`);
    const onboarding = await started;
    const atStart = await answer(fleet, 'reset');
    const usage = processUsage(subject.pid);
    const measured = performance.now();
    say(`${size.devices} devices publish for ${size.seconds} s`);
    await new Promise((resolve) => setTimeout(resolve, size.seconds * 1000));
    const stopped = fleet.next('stopped');
    fleet.send({ kind: 'stop' });
    const { acknowledgeMs, counts } = await stopped;
    const elapsed = (performance.now() - measured) / 1000;
    say(`looking for ${group(counts.samplesAcknowledged)} samples`);
    const found = await settle(subject, before, counts);
    const usageAfter = processUsage(subject.pid);
    const messages = counts.messagesAcknowledged - atStart.messagesAcknowledged;
    const [median = 0, p99 = 0, longest = 0] = acknowledgeMs;
    return {
      part: 'load',
      seed: dice.seed,
      seconds: Math.round((performance.now() - began) / 1000),
      tried: [
        `${size.devices} simulated devices onboard by claim, then publish a sample each ${size.interval} ms for ${size.seconds} s, and health each ${HEALTH_INTERVAL / 1000} s`,
      ],
      figures: {
        'devices online': counts.devicesOnboarded,
        'devices onboarded per second': round((counts.devicesOnboarded * 1000) / onboarding.elapsedMs),
        'messages acknowledged': counts.messagesAcknowledged,
        'messages per second': round(messages / elapsed),
        'acknowledgement p50, ms': median,
        'acknowledgement p99, ms': p99,
        'acknowledgement longest, ms': longest,
        'server CPU per message, µs': round(
          (usageAfter.cpuMicroseconds - usage.cpuMicroseconds) / Math.max(1, messages),
        ),
        'memory at the end, MB': Math.round(usageAfter.residentBytes / MEGABYTE),
        'rows stored': found.rows,
        'health reports stored': found.health,
      },
      invariants: [
        {
          claim: 'every device comes online',
          held: counts.devicesOnboarded === size.devices,
          found: `${counts.devicesOnboarded} of ${size.devices}${failures.length > 0 ? `: ${failures.slice(0, 3).join('; ')}` : ''}`,
        },
        {
          claim: 'every published sample is acknowledged',
          held: counts.samplesAcknowledged === counts.samplesPublished && counts.samplesDropped === 0,
          found: `${group(counts.samplesAcknowledged)} of ${group(counts.samplesPublished)}, ${counts.samplesDropped} dropped`,
        },
        {
          claim: 'every acknowledged sample is found by a query, once',
          held: found.rows === counts.samplesAcknowledged,
          found: `${group(found.rows)} rows for ${group(counts.samplesAcknowledged)} samples`,
        },
        {
          claim: 'every acknowledged health report is stored',
          held: found.health >= counts.healthAcknowledged,
          found: `${group(found.health)} of ${group(counts.healthAcknowledged)}`,
        },
        { claim: 'no dead letter', held: found.letters === 0, found: `${found.letters}` },
        {
          claim: 'no fault in the log',
          held: faults.count === 0,
          found: faults.count === 0 ? 'none' : faults.describe().join('; '),
        },
      ],
    };
  } finally {
    await fleet.end({ kind: 'stop' });
  }
}

function fleetOptions(subject: Subject, dice: Dice, { devices, interval }: LoadSize): FleetOptions {
  const { description, outputs } = subject.platform;
  return {
    endpoint: {
      host: description.mqttHost,
      port: description.mqttPort,
      serverCaPem: readFileSync(description.caFile, 'utf8'),
    },
    claim: subject.claim,
    count: devices,
    sites: outputs.Sites.split(','),
    deviceType: outputs.DeviceTypes.split(',')[0] as string,
    stateDirectory: join(subject.directory, 'devices'),
    seed: dice.seed,
    interval,
    samplesPerMessage: 1,
    healthInterval: HEALTH_INTERVAL,
    firmware: '1.0.0',
  };
}

async function answer(fleet: SteeredProcess<LoadCommand, LoadReport>, kind: 'reset'): Promise<FleetCounts> {
  const report = fleet.next(kind);
  fleet.send({ kind });
  return (await report).counts;
}

interface Found {
  readonly rows: number;
  readonly health: number;
  readonly letters: number;
}

async function settle(
  subject: Subject,
  before: Awaited<ReturnType<Subject['ledger']['read']>>,
  counts: FleetCounts,
): Promise<Found> {
  const deadline = performance.now() + SETTLE_TIMEOUT;
  for (;;) {
    const now = await subject.ledger.read();
    const found = {
      rows: now.telemetryRows - before.telemetryRows,
      health: now.healthMessages - before.healthMessages,
      letters: now.deadLetters - before.deadLetters,
    };
    const complete = found.rows >= counts.samplesAcknowledged && found.health >= counts.healthAcknowledged;
    if (complete || performance.now() > deadline) return found;
    await new Promise((resolve) => setTimeout(resolve, 250));
  }
}

function round(value: number): number {
  return Number(value.toFixed(1));
}
