import type { IClientOptions, IPublishPacket, MqttClient } from 'mqtt';
import { openMqtt } from './open-mqtt.ts';
import type { Target } from './target.ts';

export interface LineOptions extends Pick<IClientOptions, 'clean' | 'will' | 'keepalive' | 'properties'> {
  /** 4 is MQTT 3.1.1. @default 5 */
  readonly protocolVersion?: 4 | 5;
}

export interface Received {
  readonly topic: string;
  readonly payload: string;
  readonly packet: IPublishPacket;
}

const CONNECT_TIMEOUT = 10_000;

/** One MQTT connection over mutual TLS, with what arrived on it. */
export class DeviceLine {
  readonly client: MqttClient;
  readonly received: Received[] = [];
  readonly closed: Promise<void>;
  readonly #patience: number;

  private constructor(client: MqttClient, patience: number) {
    this.client = client;
    this.#patience = patience;
    client.on('message', (topic, payload, packet) => {
      this.received.push({ topic, payload: payload.toString(), packet });
    });
    this.closed = new Promise((resolve) => client.once('close', () => resolve()));
  }

  /** @throws Error when the server refuses the connection */
  static async open(
    target: Target,
    identity: { readonly certificatePem: string; readonly privateKeyPem: string },
    clientId: string,
    options: LineOptions,
  ): Promise<DeviceLine> {
    let line: DeviceLine | undefined;
    const settings: IClientOptions = {
      host: target.mqttHost,
      port: target.mqttPort,
      ...(target.serverCaPem !== undefined && { ca: target.serverCaPem }),
      cert: identity.certificatePem,
      key: identity.privateKeyPem,
      clientId,
      connectTimeout: CONNECT_TIMEOUT,
      ...options,
    };
    await openMqtt(settings, (client) => {
      line = new DeviceLine(client, target.patience);
    });
    return line as DeviceLine;
  }

  /** Reason code or granted QoS of each filter. */
  async subscribe(...filters: string[]): Promise<number[]> {
    const granted = await this.client.subscribeAsync(filters, { qos: 1 });
    return granted.map(({ qos }) => qos);
  }

  /** Resolves once the server has acknowledged. @throws Error with the reason code of a refusal */
  async publish(
    topic: string,
    payload: string | object,
    options: { retain?: boolean; qos?: 0 | 1 } = {},
  ): Promise<void> {
    const text = typeof payload === 'string' ? payload : JSON.stringify(payload);
    await this.client.publishAsync(topic, text, { qos: 1, ...options });
  }

  /** The first message on the topic that is not taken yet, as it is or once it comes. */
  async take(topic: string): Promise<Received> {
    const end = Date.now() + this.#patience;
    for (;;) {
      const index = this.received.findIndex((message) => message.topic === topic);
      if (index >= 0) return this.received.splice(index, 1)[0] as Received;
      if (Date.now() >= end) {
        const others = this.received.map((message) => message.topic).join(', ') || 'nothing';
        throw new Error(`no message on ${topic} within ${this.#patience} ms; received: ${others}`);
      }
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
  }

  /** @throws Error for a payload that is not JSON */
  async takeJson(topic: string): Promise<Record<string, unknown>> {
    return JSON.parse((await this.take(topic)).payload) as Record<string, unknown>;
  }

  close(): Promise<void> {
    return this.client.endAsync(true);
  }

  /** Gone without goodbye. */
  cut(): void {
    this.client.stream.destroy();
  }
}
