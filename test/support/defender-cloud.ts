import { webcrypto } from 'node:crypto';
import { CreateRoleCommand, IAMClient, PutRolePolicyCommand } from '@aws-sdk/client-iam';
import type { IoTClient } from '@aws-sdk/client-iot';
import type { SNSClient } from '@aws-sdk/client-sns';
import * as schemas from '@aws-sdk/client-sns';
import type { SQSClient } from '@aws-sdk/client-sqs';
import type { Operation, ServiceApi } from '../../local-cloud/src/core/api.ts';
import type { ManualClock } from '../../local-cloud/src/core/clock.ts';
import { administratorOf } from '../../local-cloud/src/core/iam/administrator.ts';
import type { MessageBroker, ReservedTopicHandler } from '../../local-cloud/src/core/mqtt.ts';
import type { PluginFactory } from '../../local-cloud/src/core/plugin.ts';
import { x509 } from '../../local-cloud/src/core/x509.ts';
import { createIotPlugin } from '../../local-cloud/src/services/iot/plugin.ts';
import { type HttpsCloud, startHttpsCloud } from '../../local-cloud/src/testing/https.ts';

export interface PublishedMessage {
  readonly topic: string;
  readonly payload: Buffer;
}

/** What was sent to an SNS topic, and by whom. */
export interface SnsMessage {
  readonly topicArn: string;
  readonly message: Record<string, unknown>;
  readonly roleName: string | undefined;
}

/** AWS IoT behind its front door, with real IAM, on a clock that tests move. */
export interface DefenderCloud {
  readonly https: HttpsCloud;
  /** What AWS IoT published. */
  readonly published: PublishedMessage[];
  /** What a stand-in for SNS was given. */
  readonly notifications: SnsMessage[];
  /** Publishes to a reserved topic, as the broker would after checking the policy. Resolves once it is handled. */
  publish(topic: string, payload: object | Buffer): Promise<void>;
  /** Registers an active certificate of an unknown CA, with an elliptic key. @returns its id */
  registerCertificate(options: { notAfter: number; crlUrl?: string }): Promise<string>;
  close(): Promise<void>;
}

export async function startDefenderCloud(
  clock: ManualClock,
  plugins: readonly PluginFactory[] = [],
): Promise<DefenderCloud> {
  const handlers: ReservedTopicHandler[] = [];
  const published: PublishedMessage[] = [];
  const notifications: SnsMessage[] = [];
  const broker: Partial<MessageBroker> = {
    publish: async ({ topic, payload }) => void published.push({ topic, payload }),
    reply: () => undefined,
    disconnect: () => undefined,
    connectedClients: () => [],
    onPresence: () => undefined,
  };
  const https = await startHttpsCloud({
    clock,
    plugins: [
      (context) => {
        context.ports.provide('broker', broker as MessageBroker);
        context.ports.provide('reservedTopics', {
          register: (handler) => void handlers.push(handler),
          find: () => undefined,
        });
        return createIotPlugin(context);
      },
      ...plugins,
    ],
    apis: plugins.length > 0 ? [] : [snsStandIn(notifications)],
  });
  return {
    https,
    published,
    notifications,
    async publish(topic, payload) {
      const handler = handlers.find(({ filter }) => matches(filter, topic));
      if (handler?.handleService === undefined) throw new Error(`nothing handles ${topic}`);
      await handler.handleService({
        topic,
        payload: Buffer.isBuffer(payload) ? payload : Buffer.from(JSON.stringify(payload)),
        qos: 1,
        retain: false,
        receivedAt: clock.now(),
      });
    },
    async registerCertificate({ notAfter }) {
      const algorithm = { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' };
      const keys = await webcrypto.subtle.generateKey(algorithm, true, ['sign', 'verify']);
      const certificate = await x509.X509CertificateGenerator.createSelfSigned({
        name: 'CN=device',
        keys,
        notBefore: new Date(clock.now() - 40 * 86_400_000),
        notAfter: new Date(notAfter),
        signingAlgorithm: algorithm,
      });
      const { certificateId } = await https.cloud.api.call<{ certificateId: string }>(
        administratorOf(https.cloud.account),
        'iot',
        'RegisterCertificateWithoutCA',
        { certificatePem: certificate.toString('pem'), status: 'ACTIVE' },
      );
      return certificateId;
    },
    close: () => https.close(),
  };
}

function matches(filter: string, topic: string): boolean {
  const levels = topic.split('/');
  const wanted = filter.split('/');
  return wanted.length === levels.length && wanted.every((level, at) => level === '+' || level === levels[at]);
}

/** `Publish` of SNS, with its permission, so that these tests do not depend on how SNS delivers. */
function snsStandIn(notifications: SnsMessage[]): ServiceApi {
  const publish: Operation<{ TopicArn: string; Message: string }, object> = {
    name: 'Publish',
    authorize: ({ TopicArn }) => [{ action: 'sns:Publish', resource: TopicArn }],
    handle({ TopicArn, Message }, { principal }) {
      notifications.push({
        topicArn: TopicArn,
        message: JSON.parse(Message) as Record<string, unknown>,
        roleName: principal.kind === 'assumed-role' ? principal.roleName : undefined,
      });
      return { MessageId: 'stand-in' };
    },
  };
  return { service: 'sns', signingName: 'sns', protocol: 'awsQuery', schemas, operations: [publish] };
}

/** Has a client sign at the time of the cloud's clock, wherever that stands. */
export function signAtClock<C extends IoTClient | IAMClient | SNSClient | SQSClient>(client: C, clock: ManualClock): C {
  // All clients share the parts of their configuration that signing takes.
  const { config, middlewareStack } = client as unknown as IoTClient;
  middlewareStack.add(
    (next) => (args) => {
      config.systemClockOffset = clock.now() - Date.now();
      return next(args);
    },
    { step: 'initialize' },
  );
  return client;
}

/** A role that AWS IoT may take on and that may do these things. @returns its ARN */
export async function grantRole(
  https: HttpsCloud,
  clock: ManualClock,
  name: string,
  actions: readonly string[],
): Promise<string> {
  const iam = signAtClock(new IAMClient(https.client()), clock);
  const trust = { Effect: 'Allow', Principal: { Service: 'iot.amazonaws.com' }, Action: 'sts:AssumeRole' };
  const document = (Statement: object): string => JSON.stringify({ Version: '2012-10-17', Statement });
  try {
    const { Role } = await iam.send(
      new CreateRoleCommand({ RoleName: name, AssumeRolePolicyDocument: document(trust) }),
    );
    const grant = { Effect: 'Allow', Action: actions, Resource: '*' };
    await iam.send(new PutRolePolicyCommand({ RoleName: name, PolicyName: 'grant', PolicyDocument: document(grant) }));
    return Role?.Arn as string;
  } finally {
    iam.destroy();
  }
}
