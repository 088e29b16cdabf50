import { MAX_PAYLOAD_BYTES, MAX_SAMPLES_PER_MESSAGE, type TelemetryMessage } from '@fleetwright/contracts';
import type { QueueReport, SyncPolicy } from '@fleetwright/durable-queue';
import { DeviceError } from '../errors.ts';
import { type PublishLimits, type SettledLimits, settleLimits } from './publish-limiter.ts';
import { ENVELOPE_BYTES } from './stamped-sample.ts';
import type { SampleChannel } from './telemetry-lanes.ts';

/** How samples gather into messages. */
export interface ReportingSchedule {
  /** Samples of a message, at most. @default 1 */
  readonly samplesPerMessage: number;
  /** ms that the first sample of a message waits for others. @default 10000 */
  readonly maxDelay: number;
}

export interface TelemetryOptions extends Partial<ReportingSchedule> {
  /**
   * - `disk`: samples survive the process, `kill -9` and (with `sync: 'always'`) power cuts.
   * - `memory`: they end with the process, and a full queue refuses its producer. For simulated fleets.
   * @default 'disk'
   */
  readonly storage?: 'disk' | 'memory';
  /** @default 'always' */
  readonly sync?: SyncPolicy;
  /** Bytes on disk; above, the oldest of the least urgent goes. @default 64 MiB */
  readonly maxBytes?: number;
  /** ms after which a sample is not worth sending any more. @default none */
  readonly maxAge?: number;
  /** Samples in memory, for `storage: 'memory'`. @default 10000 */
  readonly capacity?: number;
  /** Samples of a message while there is no connection, when nothing is gained by sending soon. @default 500 */
  readonly backlogSamplesPerMessage?: number;
  /** Bytes of a message. @default 128 KiB, AWS IoT's limit */
  readonly maxPayloadBytes?: number;
  readonly limits?: PublishLimits;
  /** ms since the epoch: a clock that says less does not know the time. @default 2020-01-01 */
  readonly leastTime?: number;
  /** ms since any moment, never set: tells by how much the clock was. @default the process's */
  readonly monotonic?: () => number;
  /** Whether anybody listens to {@link onSent} or {@link onAcknowledged} now: each costs reading the message. @default true */
  listens?(event: 'sent' | 'acknowledged'): boolean;
  /** A message goes out for the first time in this process. */
  onSent?(channel: SampleChannel, message: TelemetryMessage): void;
  /** The cloud has a message. Once for each in this process. */
  onAcknowledged?(channel: SampleChannel, message: TelemetryMessage): void;
  onRetry?(channel: SampleChannel, sequence: number, reason: string): void;
  /** Everything that the queue dropped, found damaged or could not write. */
  onReport?(report: QueueReport): void;
}

export type SettledOptions = Required<
  Pick<
    TelemetryOptions,
    'storage' | 'samplesPerMessage' | 'maxDelay' | 'capacity' | 'backlogSamplesPerMessage' | 'maxPayloadBytes'
  >
> & { readonly limits: SettledLimits };

const LEAST_PAYLOAD_BYTES = 1024;
const LONGEST_DELAY = 86_400_000;

/** @throws DeviceError `INPUT_INVALID`, with all that is wrong */
export function settleTelemetry(options: TelemetryOptions): SettledOptions {
  const given = Object.fromEntries(Object.entries(options).filter(([, value]) => value !== undefined));
  const settled = {
    storage: 'disk' as const,
    samplesPerMessage: 1,
    maxDelay: 10_000,
    capacity: 10_000,
    backlogSamplesPerMessage: MAX_SAMPLES_PER_MESSAGE,
    maxPayloadBytes: MAX_PAYLOAD_BYTES,
    ...given,
    limits: settleLimits(options.limits),
  };
  const bounds = [
    ['samplesPerMessage', 1, MAX_SAMPLES_PER_MESSAGE],
    ['backlogSamplesPerMessage', 1, MAX_SAMPLES_PER_MESSAGE],
    ['maxDelay', 0, LONGEST_DELAY],
    ['capacity', 1, Number.MAX_SAFE_INTEGER],
    ['maxPayloadBytes', LEAST_PAYLOAD_BYTES, MAX_PAYLOAD_BYTES],
  ] as const;
  const wrong = bounds
    .filter(([name, least, most]) => !isWhole(settled[name], least, most))
    .map(([name, least, most]) => `${name} must be ${least} to ${most}, received ${settled[name]}`);
  if (wrong.length > 0) throw new DeviceError('INPUT_INVALID', wrong.join('; '));
  return settled;
}

function isWhole(value: number, least: number, most: number): boolean {
  return Number.isSafeInteger(value) && value >= least && value <= most;
}

/** Bytes that the JSON of one sample may have. */
export function maxSampleBytes({ maxPayloadBytes }: SettledOptions): number {
  return maxPayloadBytes - ENVELOPE_BYTES;
}
