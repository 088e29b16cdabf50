import { Sha256 } from '@aws-crypto/sha256-js';
import * as schemas from '@aws-sdk/client-iot-data-plane';
import { SignatureV4 } from '@smithy/signature-v4';
import { arn } from '../../core/account.ts';
import type { Operation } from '../../core/api.ts';
import type { Credentials } from '../../core/iam/authorizer.ts';
import type { CloudContext, ServicePlugin } from '../../core/plugin.ts';
import { loadOrCreateServerIdentity } from '../../core/tls.ts';
import { type HttpsCloud, startHttpsCloud } from '../../testing/https.ts';
import { type BrokerPlugin, createBrokerPlugin } from '../plugin.ts';
import { BrokerFixture } from './broker-fixture.ts';
import { TestDeviceDirectory, TestRuleIngress } from './test-ports.ts';

/** A publish that came over HTTPS. */
export interface HttpPublish {
  readonly topic: string;
  readonly payload: string;
  readonly principal: string;
}

/** The devices' endpoint with the real front door and IAM, and a registry for tests. */
export interface EndpointFixture {
  readonly https: HttpsCloud;
  readonly devices: TestDeviceDirectory;
  readonly rules: TestRuleIngress;
  readonly published: readonly HttpPublish[];
  readonly ca: string;
  readonly mqttPort: number;
  readonly apiPort: number;
  /** Query of a signed WebSocket address; a session token is appended after signing. */
  signedQuery(port: number, options?: SigningOptions): Promise<string>;
  close(): Promise<void>;
}

export interface SigningOptions {
  readonly credentials?: Credentials;
  readonly service?: string;
  /** seconds */
  readonly expiresIn?: number;
  readonly signingDate?: Date;
  readonly tokenInSignature?: boolean;
}

export async function startEndpoint(): Promise<EndpointFixture> {
  const devices = new TestDeviceDirectory();
  const rules = new TestRuleIngress();
  const published: HttpPublish[] = [];
  let broker: BrokerPlugin | undefined;
  devices.register((await BrokerFixture.identity()).certificateId);
  const https = await startHttpsCloud({
    plugins: [
      (context) => testPorts(context, devices, rules),
      (context) => publishing(context, published),
      (context) => {
        broker = createBrokerPlugin({ host: '127.0.0.1', port: 0 })(context);
        return broker;
      },
    ],
  });
  const { administrator, cloud, identity, port: apiPort } = https;
  return {
    https,
    devices,
    rules,
    published,
    ca: identity.caCertificatePem,
    mqttPort: broker?.port ?? 0,
    apiPort,
    async signedQuery(port, options = {}) {
      const { accessKeyId, secretAccessKey, sessionToken } = options.credentials ?? administrator;
      const key = { accessKeyId, secretAccessKey };
      const signed = options.tokenInSignature === true && sessionToken !== undefined ? { ...key, sessionToken } : key;
      const signer = new SignatureV4({
        service: options.service ?? 'iotdevicegateway',
        region: cloud.account.region,
        credentials: signed,
        sha256: Sha256,
      });
      const { query } = await signer.presign(
        {
          method: 'GET',
          protocol: 'wss:',
          hostname: 'localhost',
          port,
          path: '/mqtt',
          headers: { host: `localhost:${port}` },
          query: {},
        },
        {
          expiresIn: options.expiresIn ?? 300,
          ...(options.signingDate !== undefined && { signingDate: options.signingDate }),
        },
      );
      const parameters = new URLSearchParams(query as Record<string, string>);
      if (sessionToken !== undefined) parameters.set('X-Amz-Security-Token', sessionToken);
      return parameters.toString();
    },
    close: () => https.close(),
  };
}

function testPorts(context: CloudContext, devices: TestDeviceDirectory, rules: TestRuleIngress): ServicePlugin {
  context.ports.provide('devices', devices);
  context.ports.provide('rules', rules);
  return {
    name: 'test-ports',
    async start() {
      context.ports.provide('serverIdentity', await loadOrCreateServerIdentity(context.dataDirectory, context.clock));
    },
  };
}

/** `Publish` of the data plane, as far as callers and routes go. */
function publishing(context: CloudContext, published: HttpPublish[]): ServicePlugin {
  const publish: Operation<schemas.PublishRequest, object> = {
    name: 'Publish',
    authorize: ({ topic }) => [{ action: 'iot:Publish', resource: arn(context.account, 'iot', `topic/${topic}`) }],
    handle({ topic, payload }, { principal }) {
      published.push({
        topic: topic ?? '',
        payload: Buffer.from((payload as Uint8Array | undefined) ?? []).toString(),
        principal: principal.kind === 'device' ? principal.principalId : principal.kind,
      });
      return {};
    },
  };
  return {
    name: 'test-data-plane',
    apis: [
      { service: 'iot-data-plane', signingName: 'iotdata', protocol: 'restJson1', schemas, operations: [publish] },
    ],
  };
}
