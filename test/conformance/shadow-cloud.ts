import type { MqttClient } from 'mqtt';
import { BrokerFixture, type FixtureOptions, until } from '../../local-cloud/src/broker/testing/broker-fixture.ts';
import type { ServicePlugin } from '../../local-cloud/src/core/plugin.ts';
import type { ShadowLimits } from '../../local-cloud/src/services/iot-data-plane/limits.ts';
import { iotDataPlanePlugin } from '../../local-cloud/src/services/iot-data-plane/plugin.ts';
import { ADMINISTRATOR } from '../../local-cloud/src/testing/context.ts';

export interface Received {
  readonly topic: string;
  readonly payload: Record<string, unknown>;
}

/** The Device Shadow service behind a real broker, on a clock by hand that stands at 2026-01-01T00:00:00Z. */
export class ShadowCloud {
  readonly fixture: BrokerFixture;
  readonly plugin: ServicePlugin;

  private constructor(fixture: BrokerFixture, plugin: ServicePlugin) {
    this.fixture = fixture;
    this.plugin = plugin;
  }

  static async start(options: FixtureOptions & { shadows?: Partial<ShadowLimits> } = {}): Promise<ShadowCloud> {
    const fixture = await BrokerFixture.start(options);
    const plugin = fixture.cloud.use(iotDataPlanePlugin(options.shadows));
    await plugin.start?.();
    return new ShadowCloud(fixture, plugin);
  }

  /** Seconds since the epoch by the cloud's clock. */
  get seconds(): number {
    return Math.floor(this.fixture.clock.now() / 1000);
  }

  /** A client that has subscribed to all answers of one shadow. */
  async device(thingName: string, shadowName?: string): Promise<ShadowDevice> {
    return ShadowDevice.connect(this.fixture, thingName, shadowName);
  }

  call<O = Record<string, unknown>>(operation: string, input: object): Promise<O> {
    return this.fixture.cloud.api.call(ADMINISTRATOR, 'iot-data-plane', operation, input);
  }

  /** The document that GetThingShadow answers. */
  async document(thingName: string, shadowName?: string): Promise<Record<string, unknown>> {
    const { payload } = await this.call<{ payload: Uint8Array }>('GetThingShadow', { thingName, shadowName });
    return JSON.parse(Buffer.from(payload).toString('utf8'));
  }

  stop(): Promise<void> {
    return this.fixture.stop();
  }
}

let devices = 0;

export class ShadowDevice {
  readonly client: MqttClient;
  readonly prefix: string;
  /** Everything that came, in order. */
  readonly received: Received[];

  private constructor(client: MqttClient, prefix: string, received: Received[]) {
    this.client = client;
    this.prefix = prefix;
    this.received = received;
  }

  static async connect(fixture: BrokerFixture, thingName: string, shadowName?: string): Promise<ShadowDevice> {
    const named = shadowName === undefined ? '' : `/name/${shadowName}`;
    const prefix = `$aws/things/${thingName}/shadow${named}`;
    const received: Received[] = [];
    // Without pings: the clock may run ahead of them.
    const client = await fixture.client(`device-${devices++}`, { keepalive: 0 }, (topic, payload) => {
      received.push({ topic, payload: payload.length === 0 ? {} : JSON.parse(payload.toString('utf8')) });
    });
    const device = new ShadowDevice(client, prefix, received);
    const answers = ['get', 'update', 'delete'].flatMap((verb) => [`${verb}/accepted`, `${verb}/rejected`]);
    await client.subscribeAsync(
      [...answers, 'update/delta', 'update/documents'].map((stub) => `${prefix}/${stub}`),
      { qos: 1 },
    );
    return device;
  }

  /** Publishes a request and returns the answer to it: the stub of its topic and its payload. */
  async request(verb: 'get' | 'update' | 'delete', payload: object | string | Buffer = ''): Promise<[string, object]> {
    const start = this.received.length;
    await this.publish(verb, payload);
    const isAnswer = ({ topic }: Received): boolean =>
      topic === `${this.prefix}/${verb}/accepted` || topic === `${this.prefix}/${verb}/rejected`;
    await until(() => this.received.slice(start).some(isAnswer), `an answer to ${verb}`);
    const answer = this.received.slice(start).find(isAnswer) as Received;
    return [answer.topic.slice(this.prefix.length + 1), answer.payload];
  }

  async publish(verb: 'get' | 'update' | 'delete', payload: object | string | Buffer = ''): Promise<void> {
    const bytes = typeof payload === 'string' || Buffer.isBuffer(payload) ? payload : JSON.stringify(payload);
    await this.client.publishAsync(`${this.prefix}/${verb}`, bytes, { qos: 1 });
  }

  /** Payloads that came on one topic of the shadow. */
  on(stub: string): Record<string, unknown>[] {
    return this.received.filter(({ topic }) => topic === `${this.prefix}/${stub}`).map(({ payload }) => payload);
  }

  /** Resolves with the payloads of one topic once there are so many. */
  async take(stub: string, count = 1): Promise<Record<string, unknown>[]> {
    await until(() => this.on(stub).length >= count, `${count} on ${stub}`);
    return this.on(stub);
  }
}
