import { randomBytes } from 'node:crypto';
import type { NucleusClock } from '../clock.ts';
import { IpcServiceError } from '../ipc/operation.ts';
import type { CoreConnection, CoreSubscription } from './core-connection.ts';

/** ms for the cloud's answer */
const ANSWER_TIMEOUT = 10_000;

export type ShadowAction = 'get' | 'update' | 'delete';

interface Waiting {
  readonly token: string;
  accept(payload: Uint8Array): void;
  reject(error: IpcServiceError): void;
}

/**
 * The core's shadows in the cloud, over its own connection (AWS IoT developer guide, "Device Shadow MQTT topics"). Answers are told apart
 * by client token.
 */
export class ShadowClient {
  readonly #connection: CoreConnection;
  readonly #clock: NucleusClock;
  readonly #places = new Map<string, { waiting: Set<Waiting>; ready: Promise<CoreSubscription[]> }>();

  constructor(connection: CoreConnection, clock: NucleusClock) {
    this.#connection = connection;
    this.#clock = clock;
  }

  /**
   * @param prefix `$aws/things/<thing>/shadow` or `…/shadow/name/<shadow>`
   * @returns the document of the `accepted` answer
   * @throws IpcServiceError `ServiceError` without a connection or an answer; what the cloud refuses by its code
   */
  async request(
    prefix: string,
    action: ShadowAction,
    document: Readonly<Record<string, unknown>>,
  ): Promise<Uint8Array> {
    if (!this.#connection.connected) throw offline();
    const place = `${prefix}/${action}`;
    const { ready, waiting } = this.#place(place);
    try {
      await ready;
    } catch (error) {
      this.#places.delete(place);
      throw new IpcServiceError('ServiceError', `${place} cannot be used: ${reasonOf(error)}`);
    }
    const token = typeof document.clientToken === 'string' ? document.clientToken : randomBytes(16).toString('hex');
    return new Promise((resolve, reject) => {
      const settle = (): void => {
        timer.cancel();
        waiting.delete(own);
      };
      const own: Waiting = {
        token,
        accept(payload) {
          settle();
          resolve(payload);
        },
        reject(error) {
          settle();
          reject(error);
        },
      };
      const timer = this.#clock.after(ANSWER_TIMEOUT, () =>
        own.reject(new IpcServiceError('ServiceError', `AWS IoT Core did not answer on ${place}`)),
      );
      waiting.add(own);
      const payload = Buffer.from(JSON.stringify({ ...document, clientToken: token }));
      this.#connection.publish(place, payload, 1).catch((error) => {
        own.reject(new IpcServiceError('ServiceError', `${place}: ${reasonOf(error)}`));
      });
    });
  }

  /** Both subscriptions stay: shadows of a core are few. */
  #place(place: string) {
    const known = this.#places.get(place);
    if (known !== undefined) return known;
    const waiting = new Set<Waiting>();
    const listen = (kind: 'accepted' | 'rejected') =>
      this.#connection.subscribe(`${place}/${kind}`, (_topic, payload) => answer(waiting, kind, payload));
    const made = { waiting, ready: Promise.all([listen('accepted'), listen('rejected')]) };
    made.ready.catch(() => {});
    this.#places.set(place, made);
    return made;
  }
}

function answer(waiting: ReadonlySet<Waiting>, kind: 'accepted' | 'rejected', payload: Uint8Array): void {
  let document: { clientToken?: unknown; code?: unknown; message?: unknown };
  try {
    document = JSON.parse(Buffer.from(payload).toString('utf8'));
  } catch {
    return;
  }
  for (const one of waiting) {
    if (one.token !== document.clientToken) continue;
    if (kind === 'accepted') one.accept(payload);
    else one.reject(refusal(document.code, String(document.message ?? 'refused')));
    return;
  }
}

/** AWS IoT developer guide, "Device Shadow error messages", in the errors of the IPC model. */
function refusal(code: unknown, message: string): IpcServiceError {
  if (code === 404) return new IpcServiceError('ResourceNotFoundError', message);
  if (code === 409) return new IpcServiceError('ConflictError', message);
  if (code === 400 || code === 413 || code === 415) return new IpcServiceError('InvalidArgumentsError', message);
  return new IpcServiceError('ServiceError', `${message} (${String(code)})`);
}

function offline(): IpcServiceError {
  return new IpcServiceError('ServiceError', 'the core has no connection with AWS IoT Core, where its shadows are');
}

function reasonOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
