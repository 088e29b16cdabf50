import * as z from 'zod';
import type { DeviceAddress } from './topics.ts';

/** Last levels of the topics of rotation: from the device, and the platform's answers. */
export const ROTATION_LEVEL = 'rotation';
export const ROTATION_ANSWER_LEVEL = 'rotation-answer';

export function rotationTopic({ topicRoot, site, deviceType, thingName }: DeviceAddress): string {
  return [topicRoot, site, deviceType, thingName, ROTATION_LEVEL].join('/');
}

export function rotationAnswerTopic({ topicRoot, site, deviceType, thingName }: DeviceAddress): string {
  return [topicRoot, site, deviceType, thingName, ROTATION_ANSWER_LEVEL].join('/');
}

const requestId = z.string().regex(/^[0-9a-f]{32}$/, 'must be 32 hexadecimal digits');

/** ms after which a new certificate that nobody has confirmed is withdrawn again, and the old one stays. */
export const ROTATION_CONFIRM_TIME = 3_600_000;

/**
 * What a device publishes to change its certificate.
 *
 * 1. `request`, over a connection with the old certificate: a CSR of a *new* key. The same request id may be sent again
 *    until it is answered; the answer is the same certificate.
 * 2. The platform answers with the new certificate, active, with the old one's policies and thing.
 * 3. The device keeps both, connects with the new one, and publishes `confirm` there. Which certificate a message came
 *    over is told by the rule (`principal()`), not by the message.
 * 4. The platform then detaches and deactivates the old certificate. Without a `confirm` in {@link ROTATION_CONFIRM_TIME}
 *    it withdraws the new one instead.
 *
 * INVARIANT: at no time is the device without an active certificate whose key it holds.
 */
export const rotationMessageSchema = z.discriminatedUnion('kind', [
  z.strictObject({
    version: z.literal(1),
    kind: z.literal('request'),
    requestId,
    /** PKCS #10, PEM */
    csrPem: z.string().startsWith('-----BEGIN CERTIFICATE REQUEST-----').max(8_192),
    reason: z.enum(['expiring', 'asked']),
  }),
  z.strictObject({ version: z.literal(1), kind: z.literal('confirm'), requestId }),
  /** The new certificate does not work: the device goes on with the old one, over which it says so. */
  z.strictObject({ version: z.literal(1), kind: z.literal('abandon'), requestId, detail: z.string().max(1_024) }),
]);

export type RotationMessage = z.infer<typeof rotationMessageSchema>;

/** What the platform publishes on the answer topic. */
export const rotationAnswerSchema = z.discriminatedUnion('kind', [
  z.strictObject({
    version: z.literal(1),
    kind: z.literal('issued'),
    requestId,
    certificateId: z.string().regex(/^[0-9a-f]{64}$/),
    certificatePem: z.string(),
    /** ms since the epoch until which it must be confirmed */
    confirmBefore: z.int().nonnegative(),
  }),
  /** The old certificate is withdrawn: the device may remove its key. */
  z.strictObject({ version: z.literal(1), kind: z.literal('completed'), requestId }),
  z.strictObject({
    version: z.literal(1),
    kind: z.literal('refused'),
    requestId,
    code: z.enum([
      'INVALID',
      'CSR_INVALID',
      'NOT_ALLOWED',
      'ALREADY_ROTATING',
      'UNKNOWN_REQUEST',
      'TOO_LATE',
      'FAILED',
    ]),
    message: z.string(),
  }),
]);

export type RotationAnswer = z.infer<typeof rotationAnswerSchema>;
