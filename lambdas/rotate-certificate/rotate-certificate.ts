import { type RotationMessage, rotationAnswerTopic, rotationMessageSchema } from '@fleetwright/contracts';
import * as z from 'zod';
import { advance, type TrackingPorts } from '../shared/tracked-state.ts';
import type { CertificateDesk } from './certificate-desk.ts';
import {
  type CurrentRotation,
  lookAt,
  type RotationOutput,
  type RotationSettings,
  type RotationState,
  refusal,
  takeDeleted,
  takeFound,
  takeIssued,
  takeKept,
  takeKnown,
  takeMessage,
  takeRefused,
  takeRetired,
  takeWithdrawn,
  type Verdict,
} from './follow-rotation.ts';
import { deleteRetired, findHalfMade, makeCertificate, retireOld, withdrawNew } from './handle-certificates.ts';
import type { RotationNotice } from './schema.ts';

export interface RotationPorts extends TrackingPorts<RotationState, RotationOutput> {
  readonly desk: CertificateDesk;
  /** ms since the epoch */
  now(): number;
  /** Counts and logs what happened; never certificates or keys. */
  note(event: RotationEvent, details: Readonly<Record<string, unknown>>): void;
}

export type RotationEvent =
  | 'rotationsIssued'
  | 'rotationsCompleted'
  | 'rotationsWithdrawn'
  | 'rotationsRefused'
  | 'rotationsUnreadable'
  | 'certificatesKept'
  | 'certificatesDeleted';

const CERTIFICATE_ID = /^[0-9a-f]{64}$/;

/** Takes one message of a device, and does what it leads to. */
export async function takeNotice(
  notice: RotationNotice,
  settings: RotationSettings,
  ports: RotationPorts,
): Promise<void> {
  const { deviceType, principal, site, thingName, topicRoot } = notice;
  const address = { topicRoot, site, deviceType, thingName };
  const message = readMessage(notice.payload);
  if (typeof message === 'string' || 'problem' in message) {
    ports.note('rotationsUnreadable', { thingName });
    if (typeof message === 'string') return;
    await ports.tell(thingName, answerTo(address, refusal(message.requestId, 'INVALID', message.problem)));
    return;
  }
  if (!CERTIFICATE_ID.test(principal)) {
    // Somebody of the account, who signs requests and has no certificate.
    ports.note('rotationsRefused', { thingName, requestId: message.requestId, code: 'NOT_ALLOWED' });
    return;
  }
  let verdict: Verdict = { kind: 'nothing' };
  await advance(
    thingName,
    (state) => {
      verdict = takeMessage(state, message, { address, caller: principal }, ports.now());
      return verdict.kind === 'step' ? verdict.step : undefined;
    },
    ports,
  );
  // Read as it was decided last: TypeScript does not see the assignment in the closure.
  const decided = verdict as Verdict;
  if (decided.kind === 'answer') {
    const { answer } = decided;
    if (answer.kind === 'refused')
      ports.note('rotationsRefused', { thingName, requestId: answer.requestId, code: answer.code });
    await ports.tell(thingName, answerTo(address, answer));
  }
  await work(thingName, decided.kind === 'step', settings, ports);
}

/** Looks at a device whose time has come, and does what is left to do. */
export async function takeLook(
  thingName: string,
  dueAt: number,
  settings: RotationSettings,
  ports: RotationPorts,
): Promise<void> {
  let leased = false;
  await advance(
    thingName,
    (state, expected) => {
      leased = false;
      if (state === undefined || expected !== dueAt) return undefined;
      const step = lookAt(state, ports.now());
      leased = step.state.current?.phase === 'signing' && step.state.current.lookAt !== state.current?.lookAt;
      return step;
    },
    ports,
  );
  await work(thingName, leased, settings, ports);
}

/**
 * Does what the phase asks for. Only one invocation signs at a time (`leased`): the registry cannot be asked for the same
 * certificate twice, while everything else may be done twice.
 */
async function work(
  thingName: string,
  leased: boolean,
  settings: RotationSettings,
  ports: RotationPorts,
): Promise<void> {
  const { desk } = ports;
  const state = (await ports.load(thingName))?.state;
  const current = state?.current;
  if (state !== undefined && current?.phase === 'signing' && leased) {
    await sign(state, current, settings, ports);
  } else if (state !== undefined && current?.phase === 'retiring') {
    const { requestId } = current;
    const done = await retireOld(desk, state, current);
    if (done) ports.note('rotationsCompleted', { thingName, requestId, certificateId: current.issued?.certificateId });
    else ports.note('rotationsWithdrawn', { thingName, requestId, reason: 'SUCCESSOR_NOT_ACTIVE' });
    await advance(
      thingName,
      (latest) =>
        done
          ? takeRetired(latest, requestId, settings, ports.now())
          : takeWithdrawn(latest, requestId, undefined, settings, ports.now()),
      ports,
    );
  } else if (state !== undefined && current?.phase === 'withdrawing') {
    await withdraw(state, current, settings, ports);
  }
  for (const { certificateId, deleteAt } of state?.retired ?? []) {
    if (deleteAt > ports.now()) continue;
    const deleted = await deleteRetired(desk, certificateId);
    ports.note(deleted ? 'certificatesDeleted' : 'certificatesKept', { thingName, certificateId });
    await advance(thingName, (latest) => takeDeleted(latest, certificateId), ports);
  }
}

async function sign(
  state: RotationState,
  current: CurrentRotation,
  settings: RotationSettings,
  ports: RotationPorts,
): Promise<void> {
  const { requestId } = current;
  const { thingName } = state.address;
  const known = current.known ?? (await ports.desk.thing(thingName))?.certificateIds ?? [];
  await advance(thingName, (latest) => takeKnown(latest, requestId, known), ports);
  const result = await makeCertificate(ports.desk, state, { ...current, known: [...known] });
  if (result.kind === 'refused') {
    const { code, message } = result;
    ports.note('rotationsRefused', { thingName, requestId, code, problem: message });
    await advance(thingName, (latest) => takeRefused(latest, requestId, { code, message }, ports.now()), ports);
    return work(thingName, false, settings, ports);
  }
  const { certificateId, certificatePem } = result;
  await advance(
    thingName,
    (latest) => takeIssued(latest, requestId, { certificateId, certificatePem }, settings, ports.now()),
    ports,
  );
  ports.note('rotationsIssued', { thingName, requestId, certificateId });
}

async function withdraw(
  state: RotationState,
  current: CurrentRotation,
  settings: RotationSettings,
  ports: RotationPorts,
): Promise<void> {
  const { reason, requestId } = current;
  const { thingName } = state.address;
  if (current.issued === undefined) {
    const half = await findHalfMade(ports.desk, state, current);
    if (half !== undefined) {
      await advance(thingName, (latest) => takeFound(latest, requestId, half, ports.now()), ports);
      return work(thingName, false, settings, ports);
    }
  }
  const done = await withdrawNew(ports.desk, state, current, ports.now());
  if (!done) ports.note('certificatesKept', { thingName, requestId, reason });
  else if (reason !== 'REFUSED') ports.note('rotationsWithdrawn', { thingName, requestId, reason });
  await advance(
    thingName,
    (latest) =>
      done
        ? takeWithdrawn(latest, requestId, current.issued?.certificateId, settings, ports.now())
        : takeKept(latest, requestId, ports.now()),
    ports,
  );
}

function answerTo(address: RotationState['address'], answer: RotationOutput['answer']): RotationOutput {
  return { topic: rotationAnswerTopic(address), answer };
}

/** A message, or what is wrong with one that can be answered, or what is wrong with one that cannot. */
function readMessage(payload: string): RotationMessage | { requestId: string; problem: string } | string {
  let json: unknown;
  try {
    json = JSON.parse(Buffer.from(payload, 'base64').toString('utf8'));
  } catch {
    return 'no JSON';
  }
  const parsed = rotationMessageSchema.safeParse(json);
  if (parsed.success) return parsed.data;
  const named = z.object({ requestId: z.string().regex(/^[0-9a-f]{32}$/) }).safeParse(json);
  if (!named.success) return 'no request id';
  return { requestId: named.data.requestId, problem: z.prettifyError(parsed.error).slice(0, 500) };
}
