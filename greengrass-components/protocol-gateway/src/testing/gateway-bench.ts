import { randomBytes } from 'node:crypto';
import {
  ALL_FIELD_TOPICS,
  ALL_WRITTEN_TOPICS,
  type FieldMessage,
  type FieldValue,
  fieldMessageSchema,
  type WriteAnswer,
  writeAnswerSchema,
  writeTopic,
} from '../../../../contracts/src/index.ts';
import type { ComponentHost } from '../../../shared/src/component.ts';
import { systemClock } from '../../../shared/src/system-clock.ts';
import { TestHost } from '../../../shared/src/testing/test-host.ts';
import { type GatewayConfiguration, gatewayConfigurationSchema } from '../configuration/gateway-configuration.ts';
import { ProtocolGateway } from '../protocol-gateway.ts';

type Given = Parameters<typeof gatewayConfigurationSchema.parse>[0];

/** A gateway in real time on a core in memory, and what it says. For tests. */
export class GatewayBench {
  readonly gateway = new ProtocolGateway();
  readonly host: TestHost<typeof gatewayConfigurationSchema>;
  readonly messages: FieldMessage[] = [];
  readonly answers: WriteAnswer[] = [];
  readonly #waiting = new Set<() => void>();

  constructor(configuration: Given, workDirectory?: string) {
    const options = workDirectory === undefined ? {} : { workDirectory };
    this.host = new TestHost(gatewayConfigurationSchema, configuration as never, options);
  }

  async start(): Promise<void> {
    const { host } = this;
    await host.local.subscribe(ALL_FIELD_TOPICS, (message) => {
      this.messages.push(fieldMessageSchema.parse(message));
      this.#wake();
    });
    await host.local.subscribe(ALL_WRITTEN_TOPICS, (message) => {
      this.answers.push(writeAnswerSchema.parse(message));
      this.#wake();
    });
    const real: ComponentHost<GatewayConfiguration> = {
      configuration: host.configuration,
      local: host.local,
      cloud: host.cloud,
      shadows: host.shadows,
      clock: systemClock,
      random: Math.random,
      log: host.log,
      workDirectory: host.workDirectory,
      thingName: host.thingName,
      signal: host.signal,
    };
    await this.gateway.start(real);
  }

  async stop(): Promise<void> {
    this.host.abort();
    await this.gateway.stop();
    this.host.remove();
  }

  get values(): FieldValue[] {
    return this.messages.flatMap(({ values }) => values);
  }

  of(series: string): FieldValue[] {
    return this.values.filter((value) => value.series === series);
  }

  last(series: string): FieldValue | undefined {
    return this.of(series).at(-1);
  }

  forget(): void {
    this.messages.length = 0;
    this.answers.length = 0;
  }

  /** Waits until something that was said makes it true. */
  async until(condition: () => boolean, milliseconds = 8_000): Promise<void> {
    const end = Date.now() + milliseconds;
    while (!condition()) {
      const left = end - Date.now();
      if (left <= 0) throw new Error(`not so within ${milliseconds} ms: ${condition}`);
      await new Promise<void>((resolve) => {
        const timer = setTimeout(done, Math.min(left, 100));
        const waiting = this.#waiting;
        function done(): void {
          clearTimeout(timer);
          waiting.delete(done);
          resolve();
        }
        waiting.add(done);
      });
    }
  }

  /** Asks to write, and waits for the answer. */
  async write(source: string, point: string, value: number | boolean, more: object = {}): Promise<WriteAnswer> {
    const requestId = randomBytes(16).toString('hex');
    const request = { version: 1, requestId, point, value, expiresAt: Date.now() + 5_000, ...more };
    await this.host.local.publish(writeTopic(source), request);
    const answered = () => this.answers.find((answer) => answer.requestId === request.requestId);
    await this.until(() => answered() !== undefined);
    return answered() as WriteAnswer;
  }

  #wake(): void {
    for (const wake of [...this.#waiting]) wake();
  }
}
