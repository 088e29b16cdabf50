import { randomBytes } from 'node:crypto';
import { IAMClient } from '@aws-sdk/client-iam';
import {
  AttachPolicyCommand,
  CreateKeysAndCertificateCommand,
  CreatePolicyCommand,
  DeleteCertificateCommand,
  DeletePolicyCommand,
  DetachPolicyCommand,
  IoTClient,
  UpdateCertificateCommand,
} from '@aws-sdk/client-iot';
import { IoTDataPlaneClient } from '@aws-sdk/client-iot-data-plane';
import { SQSClient } from '@aws-sdk/client-sqs';
import { DeviceLine, type LineOptions } from './device-line.ts';
import type { Target } from './target.ts';

export interface PolicyStatement {
  readonly Effect: 'Allow' | 'Deny';
  readonly Action: string | readonly string[];
  readonly Resource: string | readonly string[];
  readonly Condition?: object;
}

export interface TestDevice {
  readonly certificateId: string;
  readonly certificateArn: string;
  readonly certificatePem: string;
  readonly privateKeyPem: string;
  readonly policyName: string;
  /** @throws Error when the server refuses */
  connect(clientId: string, options?: LineOptions): Promise<DeviceLine>;
}

/** What one behaviour works with. Names are its own, and whatever it makes is deleted when it is over. */
export class Scene {
  readonly target: Target;
  readonly iot: IoTClient;
  readonly sqs: SQSClient;
  readonly iam: IAMClient;
  /** `arn:aws:iot:<region>:<account>:` */
  readonly arnPrefix: string;
  readonly accountId: string;
  readonly region: string;
  readonly #data: IoTDataPlaneClient;
  readonly #suffix = randomBytes(4).toString('hex');
  readonly #cleanups: (() => Promise<unknown>)[] = [];

  constructor(target: Target, account: { accountId: string; region: string }) {
    this.target = target;
    this.accountId = account.accountId;
    this.region = account.region;
    this.arnPrefix = `arn:aws:iot:${account.region}:${account.accountId}:`;
    this.iot = new IoTClient(target.settings);
    this.sqs = new SQSClient(target.settings);
    this.iam = new IAMClient(target.settings);
    this.#data = new IoTDataPlaneClient({
      ...target.settings,
      ...(target.name === 'AWS' && { endpoint: `https://${target.mqttHost}` }),
    });
  }

  get data(): IoTDataPlaneClient {
    return this.#data;
  }

  /** A name that nobody else has. */
  name(base: string): string {
    return `fwc-${base}-${this.#suffix}`;
  }

  /** Run when the behaviour is over, last first; failures of what is gone already do not count. */
  after(cleanup: () => Promise<unknown>): void {
    this.#cleanups.push(cleanup);
  }

  /** A key pair and certificate of AWS IoT with one policy. */
  async device(statements: readonly PolicyStatement[], active = true): Promise<TestDevice> {
    const { iot } = this;
    const policyName = `${this.name('policy')}-${this.#cleanups.length}`;
    const policyDocument = JSON.stringify({ Version: '2012-10-17', Statement: statements });
    await iot.send(new CreatePolicyCommand({ policyName, policyDocument }));
    this.after(() => iot.send(new DeletePolicyCommand({ policyName })));
    const made = await iot.send(new CreateKeysAndCertificateCommand({ setAsActive: active }));
    const { certificateArn = '', certificateId = '', certificatePem = '', keyPair } = made;
    this.after(async () => {
      await iot.send(new UpdateCertificateCommand({ certificateId, newStatus: 'INACTIVE' }));
      await iot.send(new DeleteCertificateCommand({ certificateId, forceDelete: true }));
    });
    await iot.send(new AttachPolicyCommand({ policyName, target: certificateArn }));
    this.after(() => iot.send(new DetachPolicyCommand({ policyName, target: certificateArn })));
    const privateKeyPem = keyPair?.PrivateKey ?? '';
    return {
      certificateId,
      certificateArn,
      certificatePem,
      privateKeyPem,
      policyName,
      connect: async (clientId, options = {}) => {
        const line = await DeviceLine.open(this.target, { certificatePem, privateKeyPem }, clientId, options);
        this.after(() => line.close());
        return line;
      },
    };
  }

  /** A device that may do everything under names of this scene. */
  trustedDevice(): Promise<TestDevice> {
    return this.device([{ Effect: 'Allow', Action: 'iot:*', Resource: '*' }]);
  }

  /** Tries again until it passes. @throws the last failure */
  async eventually<T>(attempt: () => Promise<T>, patience = this.target.patience): Promise<T> {
    const end = Date.now() + patience;
    for (;;) {
      try {
        return await attempt();
      } catch (error) {
        if (Date.now() >= end) throw error;
        await new Promise((resolve) => setTimeout(resolve, 250));
      }
    }
  }

  async close(): Promise<void> {
    for (const cleanup of this.#cleanups.splice(0).reverse()) await cleanup().catch(() => {});
    for (const client of [this.iot, this.sqs, this.iam, this.#data]) client.destroy();
  }
}

/** Account number and region, as ARNs of the account name them. */
export async function accountOf(target: Target): Promise<{ accountId: string; region: string }> {
  const iot = new IoTClient(target.settings);
  try {
    const policyName = `fwc-probe-${randomBytes(4).toString('hex')}`;
    const policyDocument = '{"Version":"2012-10-17","Statement":[{"Effect":"Deny","Action":"iot:*","Resource":"*"}]}';
    const { policyArn = '' } = await iot.send(new CreatePolicyCommand({ policyName, policyDocument }));
    await iot.send(new DeletePolicyCommand({ policyName }));
    const [, , , region = '', accountId = ''] = policyArn.split(':');
    return { accountId, region };
  } finally {
    iot.destroy();
  }
}
