import { createPrivateKey, generateKeyPairSync, webcrypto, X509Certificate } from 'node:crypto';
import type { InvocationRequest, InvocationResponse } from '@aws-sdk/client-lambda';
import type { ApiCall, Operation } from '../../../core/api.ts';
import type { ManualClock } from '../../../core/clock.ts';
import type { DeviceConnection, MessageBroker, MqttMessage, ReservedTopicHandler } from '../../../core/mqtt.ts';
import type { ServicePlugin } from '../../../core/plugin.ts';
import { x509 } from '../../../core/x509.ts';
import { ADMINISTRATOR, createTestCloud, type TestCloud } from '../../../testing/context.ts';
import { type IotOptions, iotPlugin } from '../plugin.ts';

export interface Reply {
  readonly clientId: string;
  readonly topic: string;
  readonly payload: Buffer;
}

export interface IotTestCloud {
  readonly cloud: TestCloud<ManualClock>;
  readonly plugin: ServicePlugin;
  readonly replies: Reply[];
  /** Calls an operation as the administrator. */
  call<O = Record<string, unknown>>(operation: string, input?: object): Promise<O>;
  /** Publishes to a reserved topic, as the broker would after checking the policy. Resolves once it is handled. */
  publish(connection: DeviceConnection, topic: string, payload: object | Buffer): Promise<void>;
  /** The one JSON reply since the last call. */
  takeReply(): { topic: string; body: Record<string, unknown> };
}

/** The plugin on a test cloud, with a broker that records replies and changes that reach connections at once. */
export async function startIot(
  options: IotOptions & {
    directory?: string;
    clock?: ManualClock;
    prepare?: (cloud: TestCloud<ManualClock>) => void;
  } = {},
): Promise<IotTestCloud> {
  const { directory, clock } = options;
  const cloud = createTestCloud({
    ...(directory === undefined ? {} : { directory }),
    ...(clock === undefined ? {} : { clock }),
  });
  const replies: Reply[] = [];
  const handlers: ReservedTopicHandler[] = [];
  const broker: MessageBroker = {
    publish: () => Promise.resolve(),
    reply: (clientId, topic, payload) => void replies.push({ clientId, topic, payload }),
    disconnect: () => undefined,
    connectedClients: () => [],
    onPresence: () => {},
  };
  cloud.ports.provide('broker', broker);
  cloud.ports.provide('reservedTopics', {
    register: (handler) => void handlers.push(handler),
    find: (topic) => handlers.find(({ filter }) => matches(filter, topic)),
  });
  options.prepare?.(cloud);
  const plugin = cloud.use(iotPlugin({ identityChangeDelay: 0, ...options }));
  await plugin.start?.();
  return {
    cloud,
    plugin,
    replies,
    call: (operation, input = {}) => cloud.api.call(ADMINISTRATOR, 'iot', operation, input),
    async publish(connection, topic, payload) {
      const handler = cloud.ports.get('reservedTopics').find(topic);
      if (handler === undefined) throw new Error(`nothing handles ${topic}`);
      const message: MqttMessage = {
        topic,
        payload: Buffer.isBuffer(payload) ? payload : Buffer.from(JSON.stringify(payload)),
        qos: 1,
        retain: false,
        receivedAt: cloud.clock.now(),
      };
      await handler.handle(message, connection);
    },
    takeReply() {
      const [reply, ...more] = replies.splice(0);
      if (reply === undefined || more.length > 0)
        throw new Error(`expected one reply, got ${more.length + (reply ? 1 : 0)}`);
      return { topic: reply.topic, body: JSON.parse(reply.payload.toString('utf8')) };
    },
  };
}

function matches(filter: string, topic: string): boolean {
  const levels = topic.split('/');
  const expected = filter.split('/');
  const fixed = expected.at(-1) === '#' ? expected.slice(0, -1) : expected;
  if (fixed === expected ? levels.length !== expected.length : levels.length < fixed.length) return false;
  return fixed.every((level, index) => level === '+' || level === levels[index]);
}

/** A Lambda service of one function. An answer with a member `FunctionError` is the whole response. */
export function registerHookFunction(
  cloud: Pick<TestCloud<ManualClock>, 'dispatcher'>,
  answer: (event: Record<string, unknown>, call: ApiCall) => Promise<object> | object,
): void {
  const invoke: Operation<InvocationRequest, InvocationResponse> = {
    name: 'Invoke',
    authorize: (input) => [{ action: 'lambda:InvokeFunction', resource: String(input.FunctionName) }],
    async handle(input, call) {
      const event = JSON.parse(Buffer.from(input.Payload ?? []).toString('utf8')) as Record<string, unknown>;
      const result: object | InvocationResponse = await answer(event, call);
      if ('FunctionError' in result) return { StatusCode: 200, ...(result as InvocationResponse) };
      return { StatusCode: 200, Payload: Buffer.from(JSON.stringify(result)) as never };
    },
  };
  cloud.dispatcher.register({
    service: 'lambda',
    signingName: 'lambda',
    protocol: 'restJson1',
    schemas: {},
    operations: [invoke],
  });
}

/** A P-256 key and its CSR. */
export async function makeCsr(name = 'CN=device'): Promise<{ pem: string; keys: webcrypto.CryptoKeyPair }> {
  const algorithm = { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' };
  const keys = await webcrypto.subtle.generateKey(algorithm, true, ['sign', 'verify']);
  const csr = await x509.Pkcs10CertificateRequestGenerator.create({ name, keys, signingAlgorithm: algorithm });
  return { pem: csr.toString('pem'), keys };
}

/** As {@link makeCsr}, with the private key as PKCS #8 for TLS. */
export async function makeCsrWithKey(): Promise<{ pem: string; privateKeyPem: string }> {
  const { pem, keys } = await makeCsr();
  const der = Buffer.from(await webcrypto.subtle.exportKey('pkcs8', keys.privateKey));
  const key = createPrivateKey({ key: der, format: 'der', type: 'pkcs8' });
  return { pem, privateKeyPem: key.export({ format: 'pem', type: 'pkcs8' }) as string };
}

/** A certificate that nothing here has issued. */
export async function makeForeignCertificate(
  name: string | Record<string, string[]>[] = 'CN=foreign',
  extensions: InstanceType<typeof x509.Extension>[] = [],
  now = Date.UTC(2026, 0, 1),
): Promise<X509Certificate> {
  const algorithm = { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' };
  const keys = await webcrypto.subtle.generateKey(algorithm, true, ['sign', 'verify']);
  const certificate = await x509.X509CertificateGenerator.createSelfSigned({
    name,
    keys,
    serialNumber: generateKeyPairSync('ed25519')
      .publicKey.export({ format: 'der', type: 'spki' })
      .toString('hex', 20, 28),
    notBefore: new Date(now - 60_000),
    notAfter: new Date(now + 86_400_000),
    signingAlgorithm: algorithm,
    extensions,
  });
  return new X509Certificate(certificate.toString('pem'));
}
