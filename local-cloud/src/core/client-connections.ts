import type { MqttMessage } from './mqtt.ts';

/** What is known of one MQTT client (API iotdata GetConnection). Times in ms since the epoch. */
export interface ClientConnection {
  readonly clientId: string;
  /** The session ends with the connection. */
  readonly cleanSession: boolean;
  /** Seconds that the session outlives the connection. */
  readonly sessionExpiry: number;
  /** Seconds */
  readonly keepAlive: number;
  readonly thingName: string | undefined;
  /** Undefined while it is connected. */
  readonly ended: { readonly at: number; readonly reason: string } | undefined;
  readonly connectedAt: number;
}

export interface ClientSubscription {
  readonly filter: string;
  readonly qos: 0 | 1;
}

export type DirectDelivery =
  /** With confirmation: acknowledged by the client. Without: handed over. */
  | 'delivered'
  | 'not-connected'
  /** The client's policies do not allow it to receive from the topic. */
  | 'not-authorized'
  /** No acknowledgement came in time. */
  | 'unconfirmed';

/** Connected clients, as the data plane's API reads and ends them. Provided by the broker. */
export interface ClientConnections {
  /** Also of a client that has disconnected within the last half an hour. */
  describe(clientId: string): ClientConnection | undefined;
  /** Of a client with a session, connected or not. */
  subscriptions(clientId: string): readonly ClientSubscription[] | undefined;
  /** False when no such client is connected. */
  disconnect(clientId: string, options: { readonly endSession: boolean; readonly publishWill: boolean }): boolean;
  /**
   * Sends a message to one client whether or not it has subscribed, past the rules and unretained.
   *
   * @param confirmWithin ms to wait for the client's acknowledgement; undefined sends with QoS 0
   */
  send(clientId: string, message: MqttMessage, confirmWithin: number | undefined): Promise<DirectDelivery>;
}
