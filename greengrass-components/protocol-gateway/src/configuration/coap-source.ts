import * as z from 'zod';
import { backOffSchema, hostSchema, milliseconds, pointNameSchema, pointOptions, portSchema } from './point-options.ts';

/** `auto`: by the Content-Format that the answer names. */
export const PAYLOAD_FORMATS = ['auto', 'text', 'json', 'cbor', 'senml-json'] as const;
export type PayloadFormat = (typeof PAYLOAD_FORMATS)[number];

const resourceName = z.string().regex(/^[a-z][a-z0-9-]{0,31}$/, 'must be lower-case letters, digits or hyphens');

const resourceSchema = z.strictObject({
  /** `/sensors/level`, with a query if need be. */
  path: z
    .string()
    .max(255)
    .regex(/^\/[^\s#]*$/, 'must begin with a slash'),
  mode: z.enum(['poll', 'observe']).default('poll'),
  /** Between polls; of what is observed, how often to look when the server does not let itself be observed. */
  intervalMs: milliseconds(100, 86_400_000).default(5_000),
  format: z.enum(PAYLOAD_FORMATS).default('auto'),
  /** For a whole answer, all its blocks and repetitions. */
  timeoutMs: milliseconds(100, 120_000).default(5_000),
  /** Of all blocks together. */
  maxBytes: z.int().min(16).max(1_048_576).default(65_536),
});
export type CoapResource = z.infer<typeof resourceSchema>;

/** Where a value lies in what came: nothing for a plain number, a JSON pointer, or the name of a SenML record. */
export const placeOptions = {
  /** RFC 6901: `/level`, of JSON and CBOR. */
  pointer: z
    .string()
    .max(255)
    .regex(/^(\/([^~/]|~[01])*)*$/, 'must be a JSON pointer')
    .optional(),
  /** Resolved name of a SenML record (RFC 8428, 4.5.1). */
  record: z.string().min(1).max(128).optional(),
};

const coapPointSchema = z.strictObject({ ...pointOptions, ...placeOptions, resource: resourceName.default('default') });
export type CoapPoint = z.infer<typeof coapPointSchema>;

const securitySchema = z.looseObject({ mode: z.string() }).superRefine(({ mode }, context) => {
  if (mode === 'none') return;
  context.addIssue({
    code: 'custom',
    path: ['mode'],
    message: `${mode} is not supported: the CoAP library has no DTLS, and no maintained DTLS package runs on this Node.js; put a DTLS proxy before the source`,
  });
});

export const coapSourceSchema = z
  .strictObject({
    protocol: z.literal('coap'),
    enabled: z.boolean().default(true),
    host: hostSchema,
    port: portSchema.default(5_683),
    security: securitySchema.prefault({ mode: 'none' }),
    /** Waits after an answer that did not come. */
    reconnect: backOffSchema,
    resources: z.record(resourceName, resourceSchema).refine((all) => Object.keys(all).length > 0, 'must name one'),
    /** Without an answer for so long, the last values of a resource are `uncertain`. @default three intervals, at least 15 s */
    silentAfterMs: milliseconds(100, 86_400_000).optional(),
    points: z.record(pointNameSchema, coapPointSchema),
  })
  .superRefine(({ points, resources }, context) => {
    for (const [name, { pointer, record, resource, writable }] of Object.entries(points)) {
      const issue = (key: string, message: string) =>
        context.addIssue({ code: 'custom', path: ['points', name, key], message });
      if (!Object.hasOwn(resources, resource)) issue('resource', 'is no resource of the source');
      if (pointer !== undefined && record !== undefined) issue('record', 'either pointer or record');
      if (writable !== false && (pointer !== undefined || record !== undefined)) {
        issue('writable', 'a part of a resource cannot be written alone');
      }
    }
  });

export type CoapSource = z.infer<typeof coapSourceSchema>;
