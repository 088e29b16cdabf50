import { z } from 'zod';

/** Checks whose findings name a device certificate, and which any stage can afford (developer guide, `device-defender-audit-checks`). */
const AUDIT_CHECKS = [
  'CA_CERTIFICATE_EXPIRING_CHECK',
  'CA_CERTIFICATE_KEY_QUALITY_CHECK',
  'CONFLICTING_CLIENT_IDS_CHECK',
  'DEVICE_CERTIFICATE_AGE_CHECK',
  'DEVICE_CERTIFICATE_EXPIRING_CHECK',
  'DEVICE_CERTIFICATE_KEY_QUALITY_CHECK',
  'DEVICE_CERTIFICATE_SHARED_CHECK',
  'IOT_POLICY_OVERLY_PERMISSIVE_CHECK',
  'IOT_ROLE_ALIAS_ALLOWS_ACCESS_TO_UNUSED_SERVICES_CHECK',
  'IOT_ROLE_ALIAS_OVERLY_PERMISSIVE_CHECK',
  'LOGGING_DISABLED_CHECK',
  'REVOKED_CA_CERTIFICATE_STILL_ACTIVE_CHECK',
  'REVOKED_DEVICE_CERTIFICATE_STILL_ACTIVE_CHECK',
] as const;

/** The local cloud keeps no year of what roles have used, and refuses this check. */
const NOT_BY_DEFAULT = 'IOT_ROLE_ALIAS_ALLOWS_ACCESS_TO_UNUSED_SERVICES_CHECK';

/** The subset whose findings name a device certificate, so that a device can be quarantined for them. */
const DEVICE_CHECKS = [
  'DEVICE_CERTIFICATE_SHARED_CHECK',
  'DEVICE_CERTIFICATE_KEY_QUALITY_CHECK',
  'REVOKED_DEVICE_CERTIFICATE_STILL_ACTIVE_CHECK',
] as const;

/**
 * AWS::IoT::ScheduledAudit has refused check names that the API knows, the intermediate CA and policy
 * misconfiguration checks among them, so these are not offered.
 */
const auditSchema = z.strictObject({
  /**
   * The audit configuration belongs to the whole account and region. With `true` the stage's stack owns it: the deploy
   * fails when there is one already, and destroying the stack turns audits off again.
   */
  ownAccountSettings: z.boolean().default(false),
  checks: z
    .array(z.enum(AUDIT_CHECKS))
    .min(1, 'must name at least one check')
    .refine((checks) => new Set(checks).size === checks.length, 'must not repeat a check')
    .default(AUDIT_CHECKS.filter((check) => check !== NOT_BY_DEFAULT)),
  frequency: z.enum(['DAILY', 'WEEKLY']).default('DAILY'),
  /** Of weekly audits. */
  dayOfWeek: z.enum(['SUN', 'MON', 'TUE', 'WED', 'THU', 'FRI', 'SAT']).default('MON'),
});

/** Values above which a device violates its profile; `null` leaves the behavior out. */
const limit = z.int().min(0).nullable();

const CLOUD_LIMITS = {
  /** In five minutes, as all counts here. */
  messagesSent: limit.default(3_000),
  messageBytes: limit.default(131_072),
  connectionAttempts: limit.default(30),
  disconnects: limit.default(30),
  authorizationFailures: limit.default(10),
  /** Addresses that devices may connect from; empty: any. */
  sourceIpRanges: z.array(z.string().regex(/^[0-9a-f.:]+\/\d{1,3}$/i, 'must be a CIDR block')).default([]),
};

const DEVICE_LIMITS = {
  /** Bytes in five minutes, as the device says itself. */
  bytesOut: limit.default(50_000_000),
  establishedConnections: limit.default(20),
  /** Ports that devices may listen on; `null`: any. */
  listeningTcpPorts: z.array(z.int().min(0).max(65_535)).nullable().default(null),
};

const customMetricSchema = z.strictObject({
  /** The device reports it under `<project>-<stage>-<name>`. */
  name: z.string().regex(/^[a-z][a-z0-9-]{0,31}$/, 'must be 1 to 32 lower-case letters, digits or hyphens'),
  /** The behavior is violated above this value. */
  above: z.number(),
});

const profileSchema = z.strictObject({ ...CLOUD_LIMITS, ...DEVICE_LIMITS });
export type ProfileLimits = z.infer<typeof profileSchema>;

const detectSchema = z.strictObject({
  enabled: z.boolean().default(true),
  ...profileSchema.shape,
  customMetrics: z
    .array(customMetricSchema)
    .refine((metrics) => new Set(metrics.map(({ name }) => name)).size === metrics.length, 'must not repeat a name')
    .default([]),
  /** Further profiles, for things of existing groups, by the groups' names: these come on top of the stage's own. */
  groups: z.record(z.string().regex(/^[a-zA-Z0-9:_-]{1,100}$/), profileSchema).default({}),
});

const quarantineSchema = z.strictObject({
  /** Quarantine devices for violations and findings; otherwise only an operator does. */
  automatic: z.boolean().default(false),
  /** Behaviors whose violation quarantines, by their names. */
  behaviors: z
    .array(z.string().regex(/^[a-zA-Z0-9:_-]+$/))
    .default(['messages-sent', 'connection-attempts', 'authorization-failures', 'source-ip', 'listening-tcp-ports']),
  auditChecks: z
    .array(z.enum(DEVICE_CHECKS))
    .default(['DEVICE_CERTIFICATE_SHARED_CHECK', 'REVOKED_DEVICE_CERTIFICATE_STILL_ACTIVE_CHECK']),
  /** Devices that may be quarantined automatically in an hour; above it an alarm goes off and devices stay. */
  maxPerHour: z.int().min(0).max(500).default(10),
  /** A device that was released is not quarantined automatically for this time. */
  graceMinutes: z.int().min(0).max(10_080).default(60),
  /**
   * After this time it is checked that the device is off; one that is still connected loses its certificate. Policy
   * changes take minutes to take effect.
   */
  confirmSeconds: z.int().min(30).max(900).default(300),
});

export const securitySchema = z.strictObject({
  audit: auditSchema.prefault({}),
  detect: detectSchema.prefault({}),
  quarantine: quarantineSchema.prefault({}),
  logging: z
    .strictObject({
      /** IoT logging belongs to the whole account and region; owned as the audit configuration is. */
      ownAccountSettings: z.boolean().default(false),
      level: z.enum(['ERROR', 'WARN', 'INFO', 'DEBUG']).default('ERROR'),
    })
    .prefault({}),
});

export type SecuritySettings = z.infer<typeof securitySchema>;

export const observabilitySchema = z.strictObject({
  /** Alarm when more of the stage's devices than this are offline, in percent; needs fleet indexing with connectivity. `null`: none. */
  offlinePercent: z.int().min(1).max(99).nullable().default(null),
  /** Alarm when more job executions than this fail in five minutes. */
  jobFailures: z.int().min(0).default(5),
  /** A budget for the account's cost of resources tagged with this stage, in US dollars a month; `null`: none. */
  monthlyBudget: z.number().positive().nullable().default(null),
});
