import { writeFileSync } from 'node:fs';
import { Agent, request } from 'node:https';
import { join } from 'node:path';
import { IoTDataPlaneClient } from '@aws-sdk/client-iot-data-plane';
import mqtt, { type IClientOptions, type MqttClient } from 'mqtt';
import { type BrokerPlugin, createBrokerPlugin } from '../../local-cloud/src/broker/plugin.ts';
import { TestRuleIngress } from '../../local-cloud/src/broker/testing/test-ports.ts';
import type { Credentials } from '../../local-cloud/src/core/iam/authorizer.ts';
import type { PluginFactory } from '../../local-cloud/src/core/plugin.ts';
import { loadOrCreateServerIdentity } from '../../local-cloud/src/core/tls.ts';
import { createRulesPlugin } from '../../local-cloud/src/rules/plugin.ts';
import { iotPlugin } from '../../local-cloud/src/services/iot/plugin.ts';
import { createIotDataPlanePlugin } from '../../local-cloud/src/services/iot-data-plane/plugin.ts';
import { ADMINISTRATOR } from '../../local-cloud/src/testing/context.ts';
import { type HttpsCloud, startHttpsCloud } from '../../local-cloud/src/testing/https.ts';

export const ARN = 'arn:aws:iot:us-east-1:123456789012:';

export interface HttpAnswer {
  readonly status: number;
  readonly errorType: string | undefined;
  readonly body: string;
}

/** A registered device with a certificate of its own. */
export interface TestDevice {
  readonly thingName: string;
  readonly certificatePem: string;
  readonly privateKeyPem: string;
}

/** AWS IoT's registry, policies, broker, shadows and data plane with real IAM, mTLS and HTTPS; rules only record. */
export class DataPlaneCloud {
  readonly https: HttpsCloud;
  readonly rules: TestRuleIngress;
  readonly mqttPort: number;
  readonly #clients: MqttClient[] = [];
  readonly #agents: Agent[] = [];
  #roles = 0;

  private constructor(https: HttpsCloud, rules: TestRuleIngress, mqttPort: number) {
    this.https = https;
    this.rules = rules;
    this.mqttPort = mqttPort;
  }

  /** With `rules`, the real rules engine instead of one that records; with `plugins`, those services beside it. */
  static async start(options: { rules?: boolean; plugins?: readonly PluginFactory[] } = {}): Promise<DataPlaneCloud> {
    const rules = new TestRuleIngress();
    let broker: BrokerPlugin | undefined;
    const https = await startHttpsCloud({
      plugins: [
        (context) => {
          if (options.rules !== true) context.ports.provide('rules', rules);
          return {
            name: 'test-ports',
            async start() {
              const identity = await loadOrCreateServerIdentity(context.dataDirectory, context.clock);
              context.ports.provide('serverIdentity', identity);
            },
          };
        },
        iotPlugin({ identityChangeDelay: 0 }),
        createIotDataPlanePlugin,
        ...(options.rules === true ? [createRulesPlugin] : []),
        ...(options.plugins ?? []),
        (context) => {
          broker = createBrokerPlugin({ host: '127.0.0.1', port: 0 })(context);
          return broker;
        },
      ],
    });
    return new DataPlaneCloud(https, rules, broker?.port ?? 0);
  }

  iot<O = Record<string, unknown>>(operation: string, input: object = {}): Promise<O> {
    return this.https.cloud.api.call(ADMINISTRATOR, 'iot', operation, input);
  }

  client(credentials?: Credentials): IoTDataPlaneClient {
    return new IoTDataPlaneClient(this.https.client(credentials));
  }

  /** A client with a role that has these permissions and no others. */
  async clientWith(statement: object): Promise<IoTDataPlaneClient> {
    const { ports, account } = this.https.cloud;
    const roleArn = await this.role({ AWS: account.accountId }, statement);
    const session = ports.get('authorizer').assumeRole(ADMINISTRATOR, roleArn, 'test');
    return this.client(ports.get('credentials').issue(session, 3_600_000));
  }

  /** ARN of a role that the principal may take on, with these permissions and no others. */
  async role(principal: object, statement: object): Promise<string> {
    const { api, account } = this.https.cloud;
    const RoleName = `role-${this.#roles++}`;
    const trust = { Effect: 'Allow', Principal: principal, Action: 'sts:AssumeRole' };
    await api.call(ADMINISTRATOR, 'iam', 'CreateRole', {
      RoleName,
      AssumeRolePolicyDocument: JSON.stringify({ Version: '2012-10-17', Statement: trust }),
    });
    await api.call(ADMINISTRATOR, 'iam', 'PutRolePolicy', {
      RoleName,
      PolicyName: 'only',
      PolicyDocument: JSON.stringify({ Version: '2012-10-17', Statement: statement }),
    });
    return `arn:aws:iam::${account.accountId}:role/${RoleName}`;
  }

  /** A thing with an active certificate and a policy of these statements. */
  async device(thingName: string, statements: readonly object[]): Promise<TestDevice> {
    await this.iot('CreateThing', { thingName });
    const made = await this.iot<{
      certificateArn: string;
      certificatePem: string;
      keyPair: { PrivateKey: string };
    }>('CreateKeysAndCertificate', { setAsActive: true });
    const policyName = `policy-of-${thingName}`;
    const policyDocument = JSON.stringify({ Version: '2012-10-17', Statement: statements });
    await this.iot('CreatePolicy', { policyName, policyDocument });
    await this.iot('AttachPolicy', { policyName, target: made.certificateArn });
    await this.iot('AttachThingPrincipal', { thingName, principal: made.certificateArn });
    return { thingName, certificatePem: made.certificatePem, privateKeyPem: made.keyPair.PrivateKey };
  }

  /** MQTT.js over mTLS, with the thing's name as client id. */
  async connect(
    device: TestDevice,
    options: IClientOptions = {},
    onMessage: (topic: string, payload: Buffer) => void = () => {},
  ): Promise<MqttClient> {
    const client = mqtt.connect({
      protocol: 'mqtts',
      host: 'localhost',
      port: this.mqttPort,
      ca: this.https.identity.caCertificatePem,
      cert: device.certificatePem,
      key: device.privateKeyPem,
      clientId: device.thingName,
      protocolVersion: 5,
      reconnectPeriod: 0,
      ...options,
    });
    this.#clients.push(client);
    client.on('message', onMessage);
    await new Promise<void>((resolve, reject) => {
      client.once('connect', () => resolve());
      client.once('error', reject);
      client.once('close', () => reject(new Error('the server ended the connection')));
    });
    client.removeAllListeners('close');
    client.on('error', () => {});
    return client;
  }

  /** A request with the device's certificate, on the port of the devices. */
  ask(device: TestDevice, method: string, path: string, body: string | Buffer = ''): Promise<HttpAnswer> {
    const agent = new Agent({
      ca: this.https.identity.caCertificatePem,
      cert: device.certificatePem,
      key: device.privateKeyPem,
      ALPNProtocols: ['x-amzn-http-ca'],
    });
    this.#agents.push(agent);
    const headers = { 'content-length': Buffer.byteLength(body) };
    return new Promise((resolve, reject) => {
      const outgoing = request({ host: 'localhost', port: this.mqttPort, method, path, agent, headers }, (response) => {
        let text = '';
        response.on('data', (chunk) => {
          text += chunk;
        });
        response.on('end', () => {
          const errorType = response.headers['x-amzn-errortype'] as string | undefined;
          resolve({ status: response.statusCode ?? 0, errorType, body: text });
        });
      });
      outgoing.on('error', reject);
      outgoing.end(body);
    });
  }

  /** A file with the CA of the cloud's server certificates. */
  caFile(): string {
    const file = join(this.https.cloud.dataDirectory, 'test-ca.pem');
    writeFileSync(file, this.https.identity.caCertificatePem);
    return file;
  }

  async close(): Promise<void> {
    for (const client of this.#clients) client.end(true);
    for (const agent of this.#agents) agent.destroy();
    await this.https.close();
  }
}
