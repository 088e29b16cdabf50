import { EventEmitter } from 'node:events';
import { mqtt5 } from 'aws-iot-device-sdk-v2';
import { type DeviceClock, sleep, systemClock } from '../clock.ts';
import { DeviceError } from '../errors.ts';
import type { DeviceLink, Subscription } from '../feature.ts';
import { clientConfig, qosOf } from './client-config.ts';
import type { ConnectionOptions } from './connection-options.ts';
import { Subscriptions } from './subscriptions.ts';

export interface ConnectionEvents {
  connected: [];
  /** The connection ended, or an attempt failed: `refused` when the server answered the CONNECT with a failure. */
  interrupted: [reason: string];
  /** Something of the link that nobody waits for: a refused subscription, a listener that threw. */
  problem: [problem: string];
}

/**
 * The SDK acknowledges a received message from JavaScript, a little after handing it over. A PUBACK that is queued
 * behind a DISCONNECT is never sent, nor is the DISCONNECT (seen with aws-crt 1.33.1), so it gets this long first. ms
 */
const ACKNOWLEDGE_GRACE = 50;
/** ms after which a connection that does not end cleanly is let go */
const STOP_TIMEOUT = 500;

/**
 * One MQTT 5 connection of the AWS IoT Device SDK with mutual TLS. It reconnects by itself, with jitter, until stopped.
 *
 * INVARIANT: after `stop()` resolves no native resource keeps the process alive.
 */
export class MqttConnection extends EventEmitter<ConnectionEvents> implements DeviceLink {
  readonly client: mqtt5.Mqtt5Client;
  readonly #clock: DeviceClock;
  readonly #stopped: Promise<void>;
  readonly #subscriptions: Subscriptions;
  readonly #onConnected = new Set<() => void>();
  #started = false;
  #connected = false;
  /** Subscriptions of this connection are in place. */
  #ready = false;
  #generation = 0;
  #lastFailure = 'no answer';

  /** @throws DeviceError `KEY_UNUSABLE` */
  constructor(options: ConnectionOptions) {
    super();
    this.setMaxListeners(0);
    this.#clock = options.clock ?? systemClock;
    this.client = new mqtt5.Mqtt5Client(clientConfig(options));
    this.#subscriptions = new Subscriptions(
      this.client,
      () => this.#connected,
      (problem) => this.emit('problem', problem),
    );
    this.#stopped = new Promise((resolve) => this.client.on('stopped', () => resolve()));
    this.client.on('connectionSuccess', () => this.#succeed());
    this.client.on('connectionFailure', (event) => this.#interrupt(describeFailure(event)));
    this.client.on('disconnection', (event) => this.#interrupt(String(event.error)));
    this.client.on('error', (error) => this.#interrupt(String(error)));
    this.client.on('messageReceived', ({ message }) =>
      this.#subscriptions.deliver(message.topicName, bytesOf(message.payload)),
    );
  }

  get connected(): boolean {
    return this.#connected;
  }

  /** Why there is no connection, or why the last one ended. */
  get lastFailure(): string {
    return this.#lastFailure;
  }

  start(): void {
    this.#started = true;
    this.client.start();
  }

  /** Resolves at the first connection. @throws DeviceError `CONNECT_TIMEOUT` naming the last failure */
  whenConnected(timeoutMilliseconds: number, signal?: AbortSignal): Promise<void> {
    if (this.#connected) return Promise.resolve();
    return new Promise((resolve, reject) => {
      const timer = this.#clock.after(timeoutMilliseconds, () => settle(this.#timeout(timeoutMilliseconds)));
      const abort = (): void => settle(new DeviceError('STOPPED', 'stopped while connecting'));
      const success = (): void => settle();
      const settle = (error?: DeviceError): void => {
        timer.cancel();
        this.off('connected', success);
        signal?.removeEventListener('abort', abort);
        if (error === undefined) resolve();
        else reject(error);
      };
      this.on('connected', success);
      signal?.addEventListener('abort', abort, { once: true });
      if (signal?.aborted === true) abort();
    });
  }

  /**
   * Resolves when the server has acknowledged.
   * @throws DeviceError `NOT_CONNECTED`, `PUBLISH_REFUSED`, or the SDK's error: send again, the content is the same
   */
  async publish(topic: string, payload: string | Uint8Array, qos: 0 | 1 = 1): Promise<void> {
    if (!this.#connected) throw new DeviceError('NOT_CONNECTED', `no connection: ${this.#lastFailure}`);
    const result = await this.client.publish({ topicName: topic, payload, qos: qosOf(qos) });
    if (result !== undefined && result.reasonCode >= 0x80) {
      throw new DeviceError('PUBLISH_REFUSED', `publish refused with reason code 0x${result.reasonCode.toString(16)}`);
    }
  }

  /** @throws DeviceError `SUBSCRIBE_REFUSED` */
  subscribe(filter: string, onMessage: (topic: string, payload: Uint8Array) => void): Promise<Subscription> {
    return this.#subscriptions.add(filter, onMessage);
  }

  onConnected(task: () => void): () => void {
    const own = (): void => task();
    this.#onConnected.add(own);
    if (this.#ready) own();
    return () => void this.#onConnected.delete(own);
  }

  onInterrupted(task: (reason: string) => void): () => void {
    const own = (reason: string): void => task(reason);
    this.on('interrupted', own);
    return () => void this.off('interrupted', own);
  }

  /**
   * Says goodbye and ends. With `leaveWill` the broker publishes the last will all the same (MQTT 5 §3.14.2.1, reason
   * code 0x04): for a device that goes without coming back by itself.
   */
  async stop({ leaveWill = false } = {}): Promise<void> {
    if (this.#started) {
      if (this.#connected) await sleep(this.#clock, ACKNOWLEDGE_GRACE);
      this.client.stop({
        reasonCode: leaveWill
          ? mqtt5.DisconnectReasonCode.DisconnectWithWillMessage
          : mqtt5.DisconnectReasonCode.NormalDisconnection,
      });
      const waited = new AbortController();
      await Promise.race([this.#stopped, sleep(this.#clock, STOP_TIMEOUT, waited.signal)]);
      waited.abort();
    }
    this.#started = false;
    this.#connected = false;
    this.#ready = false;
    this.#onConnected.clear();
    this.client.close();
    this.removeAllListeners();
  }

  /** Listeners of the link hear of a connection only when its subscriptions are in place: answers find their listener. */
  #succeed(): void {
    const generation = ++this.#generation;
    this.#connected = true;
    this.emit('connected');
    void this.#subscriptions.renew().then(() => {
      if (generation !== this.#generation || !this.#connected) return;
      this.#ready = true;
      for (const task of [...this.#onConnected]) task();
    });
  }

  #interrupt(reason: string): void {
    this.#generation++;
    this.#connected = false;
    this.#ready = false;
    this.#lastFailure = reason;
    this.emit('interrupted', reason);
  }

  #timeout(milliseconds: number): DeviceError {
    return new DeviceError('CONNECT_TIMEOUT', `no connection within ${milliseconds} ms: ${this.#lastFailure}`);
  }
}

function describeFailure(event: mqtt5.ConnectionFailureEvent): string {
  const code = event.connack?.reasonCode;
  const answer = code === undefined ? '' : ` (CONNACK reason code 0x${code.toString(16)})`;
  return `${event.error}${answer}`;
}

function bytesOf(payload: mqtt5.PublishPacket['payload']): Uint8Array {
  if (payload === undefined) return new Uint8Array();
  if (typeof payload === 'string') return Buffer.from(payload);
  if (ArrayBuffer.isView(payload)) return new Uint8Array(payload.buffer, payload.byteOffset, payload.byteLength);
  return new Uint8Array(payload as ArrayBuffer);
}
