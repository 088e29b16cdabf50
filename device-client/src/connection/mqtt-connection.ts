import { EventEmitter } from 'node:events';
import { iot, mqtt5 } from 'aws-iot-device-sdk-v2';
import { type DeviceClock, sleep, systemClock } from '../clock.ts';
import { DeviceError } from '../errors.ts';

/** Where and as whom to connect. */
export interface ConnectionOptions {
  readonly host: string;
  readonly port: number;
  /** PEM of the CA that signs the server; undefined means the system's trust store, as for AWS itself. */
  readonly serverCaPem?: string | undefined;
  readonly certificatePem: string;
  readonly privateKeyPem: string;
  readonly clientId: string;
  /** seconds; AWS IoT allows 30 to 1200 */
  readonly keepAlive?: number;
  /** seconds for which the session outlives its connection; 0 begins anew each time */
  readonly sessionExpiry?: number;
  /** ms, longest wait between two attempts to connect. @default 60000 */
  readonly maxReconnectDelay?: number;
  readonly clock?: DeviceClock;
}

export interface ConnectionEvents {
  connected: [];
  /** `refused` when the server answered the CONNECT with a failure. */
  interrupted: [reason: string];
}

const MAX_RECONNECT_DELAY = 60_000;
const MIN_RECONNECT_DELAY = 1_000;
const DEFAULT_KEEP_ALIVE = 60;
/** ms; a broker that takes longer is treated as gone. */
const CONNACK_TIMEOUT = 20_000;
/** seconds until an unanswered QoS 1 publish fails and is sent again by its owner */
const ACK_TIMEOUT = 30;
/**
 * The SDK acknowledges a received message from JavaScript, a little after handing it over. A PUBACK that is queued
 * behind a DISCONNECT is never sent, nor is the DISCONNECT (seen with aws-crt 1.33.1), so it gets this long first. ms
 */
const ACKNOWLEDGE_GRACE = 50;
/** ms after which a connection that does not end cleanly is let go */
const STOP_TIMEOUT = 3_000;

/**
 * One MQTT 5 connection of the AWS IoT Device SDK with mutual TLS. It reconnects by itself, with jitter, until stopped.
 *
 * INVARIANT: after `stop()` resolves no native resource keeps the process alive.
 */
export class MqttConnection extends EventEmitter<ConnectionEvents> {
  readonly client: mqtt5.Mqtt5Client;
  readonly #clock: DeviceClock;
  readonly #stopped: Promise<void>;
  #started = false;
  #connected = false;
  #lastFailure = 'no answer';

  constructor(options: ConnectionOptions) {
    super();
    this.#clock = options.clock ?? systemClock;
    const builder = iot.AwsIotMqtt5ClientConfigBuilder.newDirectMqttBuilderWithMtlsFromMemory(
      options.host,
      options.certificatePem,
      options.privateKeyPem,
    );
    builder.withPort(options.port);
    if (options.serverCaPem !== undefined) builder.withCertificateAuthority(options.serverCaPem);
    const sessionExpiry = options.sessionExpiry ?? 0;
    builder.withConnectProperties({
      clientId: options.clientId,
      keepAliveIntervalSeconds: options.keepAlive ?? DEFAULT_KEEP_ALIVE,
      ...(sessionExpiry > 0 && { sessionExpiryIntervalSeconds: sessionExpiry }),
    });
    builder.withSessionBehavior(
      sessionExpiry > 0 ? mqtt5.ClientSessionBehavior.RejoinPostSuccess : mqtt5.ClientSessionBehavior.Clean,
    );
    builder.withRetryJitterMode(mqtt5.RetryJitterType.Full);
    builder.withMinReconnectDelayMs(MIN_RECONNECT_DELAY);
    builder.withMaxReconnectDelayMs(options.maxReconnectDelay ?? MAX_RECONNECT_DELAY);
    builder.withConnackTimeoutMs(CONNACK_TIMEOUT);
    builder.withAckTimeoutSeconds(ACK_TIMEOUT);
    builder.withOfflineQueueBehavior(mqtt5.ClientOperationQueueBehavior.FailAllOnDisconnect);
    this.client = new mqtt5.Mqtt5Client(builder.build());
    this.#stopped = new Promise((resolve) => this.client.on('stopped', () => resolve()));
    this.client.on('connectionSuccess', () => {
      this.#connected = true;
      this.emit('connected');
    });
    this.client.on('connectionFailure', (event) => this.#interrupt(describeFailure(event)));
    this.client.on('disconnection', (event) => this.#interrupt(String(event.error)));
    this.client.on('error', (error) => this.#interrupt(String(error)));
  }

  get connected(): boolean {
    return this.#connected;
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

  /** Resolves when the server has acknowledged. @throws DeviceError or the SDK's error: send again, the content is the same */
  async publish(topic: string, payload: string | Buffer, qos: 0 | 1 = 1): Promise<void> {
    const result = await this.client.publish({
      topicName: topic,
      payload,
      qos: qos === 1 ? mqtt5.QoS.AtLeastOnce : mqtt5.QoS.AtMostOnce,
    });
    if (result !== undefined && result.reasonCode >= 0x80) {
      throw new DeviceError('CONNECT_REFUSED', `publish refused with reason code 0x${result.reasonCode.toString(16)}`);
    }
  }

  async stop(): Promise<void> {
    if (this.#started) {
      if (this.#connected) await sleep(this.#clock, ACKNOWLEDGE_GRACE);
      this.client.stop({ reasonCode: mqtt5.DisconnectReasonCode.NormalDisconnection });
      const waited = new AbortController();
      await Promise.race([this.#stopped, sleep(this.#clock, STOP_TIMEOUT, waited.signal)]);
      waited.abort();
    }
    this.#connected = false;
    this.client.close();
    this.removeAllListeners();
  }

  #interrupt(reason: string): void {
    this.#connected = false;
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
