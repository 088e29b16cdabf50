import { type DeviceClock, sleep, systemClock } from '../clock.ts';
import type { Device } from '../device.ts';
import { DeviceError, reasonOf } from '../errors.ts';
import type { SensorSet } from '../sensors/sensor-set.ts';

export interface DeviceRunOptions {
  readonly device: Device;
  readonly sensors: SensorSet;
  /** ms between two samples */
  readonly interval: number;
  /** ms between two health reports; 0 sends none */
  readonly healthInterval: number;
  readonly firmware: string;
  readonly clock?: DeviceClock;
  /** ms to wait before the first sample, so that a fleet does not speak in one breath */
  readonly phase?: number;
  readonly signal: AbortSignal;
  /** ms that unacknowledged messages may take after `signal` aborted. @default 15000 */
  readonly patience?: number;
}

/** What one device has sent and got acknowledged. Grows while it runs. */
export interface DeviceRun {
  messagesPublished: number;
  messagesAcknowledged: number;
  samplesPublished: number;
  samplesAcknowledged: number;
  samplesDropped: number;
  healthPublished: number;
  healthAcknowledged: number;
  retries: number;
}

export function emptyRun(): DeviceRun {
  return {
    messagesPublished: 0,
    messagesAcknowledged: 0,
    samplesPublished: 0,
    samplesAcknowledged: 0,
    samplesDropped: 0,
    healthPublished: 0,
    healthAcknowledged: 0,
    retries: 0,
  };
}

const DEFAULT_PATIENCE = 15_000;

/** Resolves when either signal aborts. */
function whenAborted(...signals: AbortSignal[]): Promise<void> {
  return new Promise((resolve) => {
    const any = AbortSignal.any(signals);
    if (any.aborted) resolve();
    else any.addEventListener('abort', () => resolve(), { once: true });
  });
}

/** Samples until `signal` aborts or the sensors have nothing more, then waits for what is in flight: after an abort up to `patience`. */
export async function runDevice(options: DeviceRunOptions, run: DeviceRun = emptyRun()): Promise<DeviceRun> {
  const { device, sensors, interval, healthInterval, signal } = options;
  const clock = options.clock ?? systemClock;
  device.on('sent', () => {
    run.messagesPublished++;
  });
  device.on('acknowledged', (_channel, message) => {
    run.messagesAcknowledged++;
    run.samplesAcknowledged += message.samples.length;
  });
  device.on('retry', () => {
    run.retries++;
  });
  await sleep(clock, options.phase ?? 0, signal);
  let due = clock.now();
  let healthDue = due;
  while (!signal.aborted) {
    const reading = sensors.read(clock.now());
    if (reading === undefined) break;
    try {
      device.publish('telemetry', reading);
      run.samplesPublished++;
    } catch (error) {
      if (!(error instanceof DeviceError && error.code === 'QUEUE_FULL')) throw error;
      run.samplesDropped++;
    }
    if (healthInterval > 0 && clock.now() >= healthDue) {
      healthDue += healthInterval;
      void reportHealth(options, run, clock);
    }
    due += interval;
    await sleep(clock, Math.max(0, due - clock.now()), signal);
  }
  const flushed = new AbortController();
  const patience = whenAborted(signal, flushed.signal).then(() =>
    sleep(clock, options.patience ?? DEFAULT_PATIENCE, flushed.signal),
  );
  await Promise.race([device.flush(), patience]);
  flushed.abort();
  return run;
}

async function reportHealth(options: DeviceRunOptions, run: DeviceRun, clock: DeviceClock): Promise<void> {
  const time = clock.now();
  run.healthPublished++;
  try {
    await options.device.publishHealth({ time, firmware: options.firmware, ...options.sensors.health(time) });
    run.healthAcknowledged++;
  } catch (error) {
    options.device.emit('retry', 'health', reasonOf(error));
  }
}
