import * as z from 'zod';
import { PAYLOAD_FORMATS, placeOptions } from './coap-source.ts';
import { hostSchema, milliseconds, pointNameSchema, pointOptions, portSchema } from './point-options.ts';

/** Which certificate a device has: it must be of the device CA, and this one. */
const identitySchema = z
  .strictObject({
    commonName: z.string().min(1).max(64).optional(),
    /** SHA-256 over the certificate, hexadecimal. */
    fingerprint: z
      .string()
      .transform((text) => text.replaceAll(':', '').toLowerCase())
      .refine((text) => /^[0-9a-f]{64}$/.test(text), 'must be 64 hexadecimal digits')
      .optional(),
  })
  .refine(
    ({ commonName, fingerprint }) => (commonName === undefined) !== (fingerprint === undefined),
    'must have either commonName or fingerprint',
  );

const mqttPointSchema = z.strictObject({ ...pointOptions, ...placeOptions });

/** A device that publishes on `field/<source>` of the gateway's own broker. */
export const mqttSourceSchema = z.strictObject({
  protocol: z.literal('mqtt'),
  enabled: z.boolean().default(true),
  identity: identitySchema,
  format: z.enum(PAYLOAD_FORMATS).default('auto'),
  /** Messages a second that are read; more are dropped unread, and counted. */
  maxRate: z.int().min(1).max(1_000).default(50),
  /** Without a message for so long, the last values are `uncertain`. */
  silentAfterMs: milliseconds(100, 86_400_000).default(60_000),
  /** How long a device may take to answer a request to write. */
  timeoutMs: milliseconds(20, 60_000).default(1_000),
  points: z.record(pointNameSchema, mqttPointSchema),
});

export type MqttSource = z.infer<typeof mqttSourceSchema>;

/** The broker for local devices. It runs when a source needs it. */
export const brokerSchema = z
  .strictObject({
    host: hostSchema.default('0.0.0.0'),
    port: portSchema.default(8_883),
    /** CA certificates of the devices, PEM. */
    deviceCa: z
      .string()
      .max(65_536)
      .refine((text) => text.includes('-----BEGIN CERTIFICATE-----'), 'must be PEM certificates')
      .optional(),
    /** Of the broker's own certificate, when the gateway is not to make it. Both or none. */
    certificateFile: z.string().min(1).optional(),
    keyFile: z.string().min(1).optional(),
    /** Names and addresses in the certificate that the gateway makes, besides the host's name and `localhost`. */
    names: z.array(hostSchema).max(32).default([]),
    maxConnections: z.int().min(1).max(1_000).default(100),
    maxBytes: z.int().min(64).max(1_048_576).default(65_536),
  })
  .refine(
    ({ certificateFile, keyFile }) => (certificateFile === undefined) === (keyFile === undefined),
    'certificateFile and keyFile go together',
  )
  .prefault({});

export type BrokerConfiguration = z.infer<typeof brokerSchema>;
