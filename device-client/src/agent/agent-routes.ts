import { X509Certificate } from 'node:crypto';
import { sampleSchema } from '@fleetwright/contracts';
import * as z from 'zod';
import { type DeviceClock, sleep } from '../clock.ts';
import { DeviceError, reasonOf } from '../errors.ts';
import type { AgentParts } from './agent-parts.ts';
import type { ClockGuard } from './clock-guard.ts';
import { checked, type SocketAnswer, type SocketRoutes } from './control-socket.ts';
import type { SampleIntake } from './sample-intake.ts';

export interface AgentRouteOptions extends AgentParts {
  readonly intake: SampleIntake;
  /** Remote settings that are in use. */
  readonly settings: () => object;
  /** Of the shadows that are programs' of this machine. */
  readonly shadows: SocketRoutes;
  readonly guard: ClockGuard;
  readonly connection: () => object;
  readonly jobsSettled: () => Promise<void>;
  /** The device is decommissioned: the agent ends and erases its keys. */
  readonly decommission: () => void;
}

/** ms that somebody who begins to work at the device waits for the cloud's answer to a request for a job */
const SETTLE_TIME = 4_000;

const maintenanceSchema = z.strictObject({ on: z.boolean() });
const decommissionSchema = z.strictObject({ serialNumber: z.string() });
const samplesSchema = z.strictObject({
  channel: z.enum(['telemetry', 'event']).default('telemetry'),
  alarm: z.boolean().default(false),
  /** `time` may be missing: then it is now. */
  samples: z
    .array(sampleSchema.partial({ time: true }))
    .min(1)
    .max(500),
});

/** What people and programs of this machine may ask of the agent. */
export function agentRoutes(options: AgentRouteOptions): SocketRoutes {
  const { device, log } = options;
  return {
    'GET /health': () => ({ status: 200, body: health(options) }),
    // The last that worked: also without a connection, and from the start on.
    'GET /settings': () => ({ status: 200, body: options.settings() }),
    ...options.shadows,
    'POST /samples': (body) => checked(samplesSchema, body, (samples) => takeSamples(options, samples)),
    'POST /maintenance': (body) =>
      checked(maintenanceSchema, body, async ({ on }) => {
        const refused = options.apply(on ? 'maintenance-begun' : 'maintenance-ended');
        if (refused !== undefined) return { status: 409, body: { error: refused } };
        if (on && !(await settlesWithin(options.jobsSettled(), options.clock))) {
          const warning = 'a job that was asked for before may still begin';
          return { status: 202, body: { state: options.state(), warning } };
        }
        return { status: 200, body: { state: options.state() } };
      }),
    'POST /rotate-certificate': () => {
      if (device.rotation.phase !== 'idle') return { status: 409, body: { error: 'a rotation is under way' } };
      device.rotateCertificate('asked').catch((error: unknown) => {
        log.warn('the certificate cannot be changed', { reason: reasonOf(error) });
      });
      return { status: 202, body: { rotation: 'requesting' } };
    },
    // The serial number, so that nobody ends another device's life by mistake.
    'POST /decommission': (body) =>
      checked(decommissionSchema, body, ({ serialNumber }) => {
        if (serialNumber !== options.config.device.serialNumber) {
          return { status: 409, body: { error: `this device is ${options.config.device.serialNumber}` } };
        }
        options.apply('decommissioned');
        setImmediate(options.decommission);
        return { status: 202, body: { state: options.state() } };
      }),
  };
}

async function settlesWithin(settled: Promise<void>, clock: DeviceClock): Promise<boolean> {
  const late = new AbortController();
  const isSettled = await Promise.race([
    settled.then(() => true),
    sleep(clock, SETTLE_TIME, late.signal).then(() => false),
  ]);
  late.abort();
  return isSettled;
}

async function takeSamples(
  { clock, intake }: AgentRouteOptions,
  { alarm, channel, samples }: z.infer<typeof samplesSchema>,
): Promise<SocketAnswer> {
  const priority = alarm ? 'alarm' : 'normal';
  let stored = 0;
  try {
    for (const { time = clock.now(), values } of samples) {
      await intake.take(channel, { time, values }, { priority });
      stored++;
    }
    return { status: 200, body: { stored } };
  } catch (error) {
    if (!(error instanceof DeviceError)) throw error;
    // What was stored is not to be sent again: the caller goes on behind it.
    const status = error.code === 'QUEUE_FULL' ? 429 : error.code === 'INPUT_INVALID' ? 400 : 503;
    return { status, body: { stored, error: error.message } };
  }
}

/** Small, current, without secrets. */
function health({ clock, config, connection, device, guard, log, state }: AgentRouteOptions): object {
  const { waiting, ...queue } = device.telemetry.stats;
  return {
    state: state(),
    serialNumber: config.device.serialNumber,
    time: new Date(clock.now()).toISOString(),
    uptimeSeconds: Math.floor(process.uptime()),
    bootId: device.bootId,
    connection: connection(),
    queue: { depth: waiting, ...queue },
    clock: guard.verdict ?? { kind: 'unknown' },
    rotation: device.rotation.phase,
    ...identityOf(device),
    features: device.features,
    lastError: log.lastError ?? null,
  };
}

function identityOf(device: AgentParts['device']): object {
  try {
    const { certificateId, certificatePem, thingName } = device.identity;
    const validTo = new Date(new X509Certificate(certificatePem).validTo).toISOString();
    return { thingName, certificate: { id: certificateId, validTo } };
  } catch {
    return {};
  }
}
