import * as z from 'zod';

/** Serial numbers as the factory prints them: they become part of thing names and topics. */
export const serialNumberSchema = z
  .string()
  .regex(/^[A-Z0-9][A-Z0-9-]{3,31}$/, 'must be 4 to 32 upper-case letters, digits or hyphens');

/** A topic level that names a site or a device type: no wildcard, no slash, no policy-variable characters. */
export const topicLevelSchema = z
  .string()
  .regex(/^[a-z0-9][a-z0-9-]{0,31}$/, 'must be 1 to 32 lower-case letters, digits or hyphens');

/** Parameters that a device sends with RegisterThing. */
export const provisioningParametersSchema = z.strictObject({
  SerialNumber: serialNumberSchema,
  Site: topicLevelSchema,
  DeviceType: topicLevelSchema,
});

export type ProvisioningParameters = z.infer<typeof provisioningParametersSchema>;

/** `DeviceConfiguration` of the provisioning template: what a device needs to know of its place. */
export const deviceConfigurationSchema = z.object({
  topicRoot: z.string().min(1),
  site: topicLevelSchema,
  deviceType: topicLevelSchema,
  telemetryRule: z.string().min(1),
  eventRule: z.string().min(1),
  /** Channels to publish through Basic Ingest, separated by commas; the others go to their ordinary topics. Default: telemetry. */
  basicIngestChannels: z.string().optional(),
});

export type DeviceConfiguration = z.infer<typeof deviceConfigurationSchema>;

/** The claim secret, as JSON in Secrets Manager and as the file that `device run --claim` reads. */
export const claimCredentialsSchema = z.object({
  certificatePem: z.string().includes('BEGIN CERTIFICATE'),
  privateKeyPem: z.string().includes('PRIVATE KEY'),
  certificateId: z.string(),
  provisioningTemplate: z.string(),
});

export type ClaimCredentials = z.infer<typeof claimCredentialsSchema>;

/**
 * Client id of a claim connection. The claim policy allows no other: a claim that could choose any client id
 * could take over the session of a live device (MQTT 3.1.1 §3.1.4-2).
 */
export function claimClientId(provisioningTemplate: string, serialNumber: string): string {
  return `${provisioningTemplate}-${serialNumber}`;
}
