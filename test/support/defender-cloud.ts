import { webcrypto } from 'node:crypto';
import { CreateRoleCommand, IAMClient, PutRolePolicyCommand } from '@aws-sdk/client-iam';
import type { IoTClient } from '@aws-sdk/client-iot';
import type { ManualClock } from '../../local-cloud/src/core/clock.ts';
import { administratorOf } from '../../local-cloud/src/core/iam/administrator.ts';
import type { MessageBroker, ReservedTopicHandler } from '../../local-cloud/src/core/mqtt.ts';
import type { PluginFactory } from '../../local-cloud/src/core/plugin.ts';
import { x509 } from '../../local-cloud/src/core/x509.ts';
import { createIotPlugin } from '../../local-cloud/src/services/iot/plugin.ts';
import { type HttpsCloud, startHttpsCloud } from '../../local-cloud/src/testing/https.ts';

export interface DefenderReply {
  readonly clientId: string;
  readonly topic: string;
  readonly payload: Buffer;
}

/** AWS IoT behind its front door, with real IAM, on a clock that tests move. */
export interface DefenderCloud {
  readonly https: HttpsCloud;
  /** What was sent back to device connections. */
  readonly replies: DefenderReply[];
  readonly handlers: ReservedTopicHandler[];
  /** Registers an active certificate of an unknown CA, with an elliptic key. @returns its id */
  registerCertificate(options: { notAfter: number; crlUrl?: string }): Promise<string>;
  close(): Promise<void>;
}

export async function startDefenderCloud(
  clock: ManualClock,
  plugins: readonly PluginFactory[] = [],
): Promise<DefenderCloud> {
  const handlers: ReservedTopicHandler[] = [];
  const replies: DefenderReply[] = [];
  const broker: Partial<MessageBroker> = {
    publish: () => Promise.resolve(),
    reply: (clientId, topic, payload) => void replies.push({ clientId, topic, payload }),
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
  });
  return {
    https,
    replies,
    handlers,
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

/** Has a client sign at the time of the cloud's clock, wherever that stands. */
export function signAtClock<C extends IoTClient | IAMClient>(client: C, clock: ManualClock): C {
  // All clients share the parts of their configuration that signing takes.
  const { config, middlewareStack } = client as IoTClient;
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
