import type {
  ClientConnection,
  ClientConnections,
  ClientSubscription,
  DirectDelivery,
} from '../core/client-connections.ts';
import type { MqttMessage } from '../core/mqtt.ts';
import type { BrokerCore } from './broker-core.ts';
import type { Client, Established } from './client.ts';
import { toBrokerMessage } from './message.ts';
import { type DisconnectReason, REASON } from './reason-codes.ts';

/** "This information is available for 30 minutes after the client disconnects" (API iotdata GetConnection). */
const REMEMBERED_MS = 30 * 60_000;

/** Clients as the API knows them: the connected ones, and for a while those that were. */
export class ClientDirectory implements ClientConnections {
  readonly #core: BrokerCore;
  readonly #connected: ReadonlyMap<string, Client>;
  readonly #connectedAt = new WeakMap<Established, number>();
  /** In the order of their ends. */
  readonly #ended = new Map<string, ClientConnection>();

  constructor(core: BrokerCore, connected: ReadonlyMap<string, Client>) {
    this.#core = core;
    this.#connected = connected;
  }

  established(state: Established): void {
    this.#connectedAt.set(state, this.#now());
    this.#ended.delete(state.connection.clientId);
  }

  ended(state: Established, reason: DisconnectReason): void {
    const now = this.#now();
    const { clientId } = state.connection;
    this.#ended.delete(clientId);
    this.#ended.set(clientId, { ...this.#described(state), ended: { at: now, reason } });
    for (const [earliest, { ended }] of this.#ended) {
      if (ended !== undefined && now - ended.at <= REMEMBERED_MS) break;
      this.#ended.delete(earliest);
    }
  }

  describe(clientId: string): ClientConnection | undefined {
    const state = this.#connected.get(clientId)?.state;
    if (state !== undefined) return this.#described(state);
    const ended = this.#ended.get(clientId);
    const at = ended?.ended?.at;
    return at !== undefined && this.#now() - at <= REMEMBERED_MS ? ended : undefined;
  }

  subscriptions(clientId: string): readonly ClientSubscription[] | undefined {
    const session = this.#core.sessions.get(clientId);
    if (session === undefined) return undefined;
    return [...session.subscriptions].map(([filter, { qos }]) => ({ filter, qos }));
  }

  disconnect(clientId: string, options: { readonly endSession: boolean; readonly publishWill: boolean }): boolean {
    const client = this.#connected.get(clientId);
    if (client?.state === undefined) return false;
    // A session without expiry ends with its connection.
    if (options.endSession) client.state.session.expirySeconds = 0;
    const { administrativeAction } = REASON;
    client.close(administrativeAction, 'API_INITIATED_DISCONNECT', 'disconnected by the API', options.publishWill);
    return true;
  }

  async send(clientId: string, message: MqttMessage, confirmWithin: number | undefined): Promise<DirectDelivery> {
    const client = this.#connected.get(clientId);
    if (client?.state === undefined) return 'not-connected';
    if (!client.mayReceive(message.topic)) return 'not-authorized';
    const { queue } = client.state.session;
    const sent = toBrokerMessage(message);
    if (confirmWithin === undefined) {
      return queue.offerDirect(sent, 0, undefined) ? 'delivered' : 'not-connected';
    }
    return new Promise((resolve) => {
      const timer = this.#core.context.clock.after(confirmWithin, () => resolve('unconfirmed'));
      const settle = (outcome: DirectDelivery): void => {
        timer.cancel();
        resolve(outcome);
      };
      if (!queue.offerDirect(sent, 1, () => settle('delivered'))) settle('not-connected');
    });
  }

  #described(state: Established): ClientConnection {
    const { connection, session, keepAliveSeconds } = state;
    return {
      clientId: connection.clientId,
      cleanSession: !session.persistent,
      sessionExpiry: session.expirySeconds,
      keepAlive: keepAliveSeconds,
      thingName: this.#core.devices.thingOf?.(connection),
      ended: undefined,
      connectedAt: this.#connectedAt.get(state) ?? 0,
    };
  }

  #now(): number {
    return this.#core.context.clock.now();
  }
}
