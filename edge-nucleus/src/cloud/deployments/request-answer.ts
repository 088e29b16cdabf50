import { randomBytes } from 'node:crypto';
import type { NucleusClock } from '../../clock.ts';
import type { CoreConnection } from '../core-connection.ts';

/** ms for the cloud's answer */
const ANSWER_TIMEOUT = 10_000;

/** What the cloud has refused, with its code. */
export class RequestRejected extends Error {
  override readonly name = 'RequestRejected';
}

/**
 * Asks a reserved topic of AWS IoT and waits for the answer with the same client token.
 * @throws RequestRejected; Error without a connection or an answer
 */
export async function requestAnswer(
  connection: CoreConnection,
  clock: NucleusClock,
  topic: string,
  request: Readonly<Record<string, unknown>>,
): Promise<Record<string, unknown>> {
  const clientToken = randomBytes(16).toString('hex');
  let settle: (outcome: { answer?: Record<string, unknown>; error?: Error }) => void = () => {};
  const answered = new Promise<{ answer?: Record<string, unknown>; error?: Error }>((resolve) => {
    settle = resolve;
  });
  const listen = (kind: 'accepted' | 'rejected') =>
    connection.subscribe(`${topic}/${kind}`, (_topic, payload) => {
      const answer = parsed(payload);
      if (answer?.clientToken !== clientToken) return;
      if (kind === 'accepted') settle({ answer });
      else settle({ error: new RequestRejected(`${topic}: ${answer.code ?? ''} ${answer.message ?? ''}`) });
    });
  const subscriptions = await Promise.all([listen('accepted'), listen('rejected')]);
  const timer = clock.after(ANSWER_TIMEOUT, () => settle({ error: new Error(`AWS IoT did not answer on ${topic}`) }));
  try {
    await connection.publish(topic, Buffer.from(JSON.stringify({ ...request, clientToken })), 1);
    const { answer, error } = await answered;
    if (error !== undefined) throw error;
    return answer ?? {};
  } finally {
    timer.cancel();
    for (const subscription of subscriptions) await subscription.end().catch(() => {});
  }
}

function parsed(payload: Uint8Array): Record<string, unknown> | undefined {
  try {
    return JSON.parse(Buffer.from(payload).toString('utf8'));
  } catch {
    return undefined;
  }
}
