import { firmwareVersionSchema, UPDATE_FAILURES } from '@fleetwright/contracts';
import * as z from 'zod';

const sha256 = z.string().regex(/^[0-9a-f]{64}$/);

/** Which run of which job asks for an update. A retried execution is another order. */
const orderSchema = z.object({
  jobId: z.string(),
  executionNumber: z.int(),
  nonce: z.string(),
});

export type UpdateOrder = z.infer<typeof orderSchema>;

/** What a verified manifest has decided: from here on the device needs nobody's word any more. */
const targetSchema = z.object({
  /** Of the manifest's bytes, which lie beside the download. */
  manifestSha256: sha256,
  version: firmwareVersionSchema,
  minimumVersion: firmwareVersionSchema,
  sha256,
  size: z.int().min(1),
  /** Where it goes. */
  slot: z.string().min(1),
});

export type UpdateTarget = z.infer<typeof targetSchema>;

const failureSchema = z.object({ reason: z.enum(UPDATE_FAILURES), detail: z.string() });

export type Failure = z.infer<typeof failureSchema>;

const order = orderSchema;
const target = targetSchema;

/**
 * How far an update is.
 * - `checking`, `downloading`, `installing`: can be given up; goes on when its job is run again
 * - `activating`, `rebooting`, `testing`, `confirming`, `reverting`: past the point of no return; goes on by itself
 * - `concluding`: what runs is decided; it is to be attested
 * - `ended`: the outcome, for the cloud
 */
const phaseSchema = z.discriminatedUnion('name', [
  z.object({ name: z.literal('idle') }),
  z.object({ name: z.literal('checking'), order }),
  z.object({ name: z.literal('downloading'), order, target, way: z.enum(['delta', 'image']) }),
  z.object({ name: z.literal('installing'), order, target }),
  z.object({ name: z.literal('activating'), order, target, tries: z.int() }),
  z.object({ name: z.literal('rebooting'), order, target, tries: z.int() }),
  /** `tests` counts the self-tests that have begun. */
  z.object({ name: z.literal('testing'), order, target, tests: z.int() }),
  z.object({ name: z.literal('confirming'), order, target }),
  z.object({ name: z.literal('reverting'), order, target, failure: failureSchema }),
  z.object({
    name: z.literal('concluding'),
    order,
    /** Undefined: the new firmware runs. */
    failure: failureSchema.optional(),
    stage: z.enum(['refused', 'downloading', 'installing', 'testing', 'confirmed', 'rolled-back']),
    /** What must run for this to be true, where the new firmware is to run. */
    expected: sha256.optional(),
  }),
  z.object({
    name: z.literal('ended'),
    order,
    status: z.enum(['succeeded', 'failed', 'rejected']),
    /** Status details of the execution, as `updateDetailsSchema` names them. */
    details: z.record(z.string(), z.string()),
    /** What was confirmed; undefined where nothing was. */
    confirmed: sha256.optional(),
  }),
]);

export type UpdatePhase = z.infer<typeof phaseSchema>;

export const updateStateSchema = z.object({
  format: z.literal(1),
  /** The lowest version that this device takes. It never falls. */
  floor: firmwareVersionSchema.optional(),
  /** ms since the epoch: `issuedAt` of the newest verified manifest, so that time does not go back behind it. */
  knownTime: z.int().nonnegative(),
  phase: phaseSchema,
});

export type UpdateState = z.infer<typeof updateStateSchema>;

export const FIRST_STATE: UpdateState = { format: 1, knownTime: 0, phase: { name: 'idle' } };

export function isSameOrder(left: UpdateOrder, right: UpdateOrder): boolean {
  return left.jobId === right.jobId && left.executionNumber === right.executionNumber && left.nonce === right.nonce;
}

/** Whether an update can be left as it is: the boot loader has not been told of it. */
export function isReversible({ name }: UpdatePhase): boolean {
  return name === 'idle' || name === 'ended' || name === 'checking' || name === 'downloading' || name === 'installing';
}
