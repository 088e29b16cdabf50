import { CLASSIC_SHADOW, NAMED_SHADOWS, PRESENCE_SHADOW, provisioningParametersSchema } from '@fleetwright/contracts';
import * as z from 'zod';
import { LEAST_REPORT_INTERVAL } from '../defender/defender-feature.ts';
import { metricFileSchema } from '../defender/metric-file.ts';
import { jobWindowSchema } from '../jobs/job-window.ts';
import { powerBudgetSchema } from '../power/power-plan.ts';
import { updateSettingsSchema } from './update-settings.ts';

const path = z.string().startsWith('/', 'must be an absolute path');
const parameters = provisioningParametersSchema.shape;
const DAY = 86_400_000;
const PLATFORM_SHADOWS: ReadonlySet<string> = new Set([...NAMED_SHADOWS, PRESENCE_SHADOW]);
/** Each takes four of the 50 subscriptions of a connection (AWS IoT Core quotas). */
const MAX_SHADOWS = 5;

/** The agent's settings. Secrets are in files of their own, never here. */
export const agentConfigSchema = z.strictObject({
  endpoint: z.strictObject({
    /** Of AWS IoT Core's data plane (`aws iot describe-endpoint --endpoint-type iot:Data-ATS`), or of a local cloud. */
    host: z.string().min(1),
    port: z.int().min(1).max(65_535).default(8883),
    /** PEM of the CA that signs the server. @default the system's trust store */
    caFile: path.optional(),
  }),
  /** An HTTP proxy by way of which everything goes. @default none */
  proxy: z
    .strictObject({
      host: z.string().min(1),
      port: z.int().min(1).max(65_535),
      username: z.string().min(1).optional(),
      /** Holds the password, where the proxy wants one; nobody else may read it. */
      passwordFile: path.optional(),
    })
    .optional(),
  device: z.strictObject({
    serialNumber: parameters.SerialNumber,
    site: parameters.Site,
    deviceType: parameters.DeviceType,
    hardwareRevision: z.string().min(1).max(64).default('1'),
    /** What runs now, where updates do not say. */
    firmware: z.string().min(1).max(64).default('0.0.0'),
  }),
  /** Key, certificate, queue and everything that is to survive. It belongs to one agent. */
  stateDirectory: path.default('/var/lib/fleetwright-device'),
  /** Claim credentials, needed until the device has an identity of its own. */
  claimFile: path.optional(),
  log: z
    .strictObject({
      level: z.enum(['debug', 'info', 'warn', 'error']).default('info'),
      /** Kept below the state directory, in two halves, for `upload-logs`. bytes */
      keepBytes: z.int().min(65_536).max(1_073_741_824).default(4_194_304),
    })
    .prefault({}),
  /** Where the agent tells how it is, and takes samples and orders from this machine. */
  socket: path.max(100).default('/run/fleetwright-device/agent.sock'),
  connection: z
    .strictObject({
      /** seconds */
      keepAlive: z.int().min(30).max(1_200).default(60),
      /** ms */
      maxReconnectDelay: z.int().min(1_000).max(3_600_000).default(60_000),
    })
    .prefault({}),
  telemetry: z
    .strictObject({
      samplesPerMessage: z.int().min(1).max(500).default(1),
      /** ms that the first sample of a message waits for others */
      maxDelay: z.int().min(0).max(DAY).default(10_000),
      sync: z.enum(['always', 'interval', 'never']).default('always'),
      /** bytes of the queue */
      maxBytes: z.int().min(1_048_576).default(67_108_864),
      /** ms */
      maxAge: z.int().min(1_000).optional(),
    })
    .prefault({}),
  /** Of a device that lives on a battery: reports go out as seldom as it allows, instead of by `telemetry`. */
  power: powerBudgetSchema.optional(),
  rotation: z
    .strictObject({
      /** Certificates are changed so many days before they end. */
      beforeDays: z.number().positive().max(3_650).default(30),
    })
    .prefault({}),
  clock: z
    .strictObject({
      /** Whose `Date` header is asked. @default the endpoint, port 443 */
      url: z.url({ protocol: /^https$/ }).optional(),
      /** PEM of the CA of that server. @default that of the endpoint */
      caFile: path.optional(),
      /** ms by which the clock may be wrong without being corrected */
      tolerance: z.int().min(1_000).max(DAY).default(30_000),
      /** Program and arguments that set the system's clock; `{seconds}` becomes the time since the epoch. */
      setCommand: z.array(z.string()).min(1).optional(),
    })
    .prefault({}),
  /** Keys on a PKCS#11 token instead of in files. */
  token: z
    .strictObject({
      library: path,
      label: z.string().min(1).max(32),
      /** Holds the PIN of the token's user; nobody else may read it. */
      pinFile: path,
      keyPrefix: z.string().max(64).optional(),
      tool: z.string().min(1).optional(),
    })
    .optional(),
  /** Remote configuration, and shadows of programs of this machine. */
  twin: z
    .strictObject({
      /** Shadows by name, or `(classic)`, whose desired state programs ask for and whose reported state they give. */
      shadows: z
        .array(
          z
            .string()
            .regex(/^([a-zA-Z0-9:_-]{1,64}|\(classic\))$/, `must be a shadow's name, or ${CLASSIC_SHADOW}`)
            .refine((name) => !PLATFORM_SHADOWS.has(name), "is one of the platform's own shadows"),
        )
        .max(MAX_SHADOWS)
        .refine((names) => new Set(names).size === names.length, 'must not repeat a name')
        .default([]),
      /** ms in which the agent must be connected, heard and whole with new settings, else it goes back to the last good ones */
      healthyWithin: z.int().min(1_000).max(3_600_000).default(120_000),
    })
    .prefault({}),
  /** Reports to AWS IoT Device Defender. */
  defender: z
    .strictObject({
      /** ms between two reports */
      interval: z.int().min(LEAST_REPORT_INTERVAL).max(DAY).default(LEAST_REPORT_INTERVAL),
      /** Custom metrics that other programs keep in files. */
      customMetrics: z
        .array(metricFileSchema)
        .max(50)
        .refine((metrics) => new Set(metrics.map(({ name }) => name)).size === metrics.length, 'must not repeat a name')
        .default([]),
    })
    .prefault({}),
  jobs: z
    .strictObject({
      /** When jobs may begin: in any of these. @default always */
      windows: z.array(jobWindowSchema).min(1).optional(),
      /** Scripts that the operation `run` may start. Without it there is none. */
      scriptDirectory: path.optional(),
      /** Program and arguments. @default systemctl reboot */
      rebootCommand: z.array(z.string()).min(1).optional(),
    })
    .prefault({}),
  downloads: z
    .strictObject({
      /** PEM of the CA of the servers of presigned URLs. @default the system's trust store */
      caFile: path.optional(),
    })
    .prefault({}),
  updates: updateSettingsSchema.prefault({}),
});

export type AgentConfig = z.infer<typeof agentConfigSchema>;
