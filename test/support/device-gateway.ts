import type { X509Certificate } from 'node:crypto';
import { type BrokerPlugin, createBrokerPlugin } from '../../local-cloud/src/broker/plugin.ts';
import { testServerIdentity } from '../../local-cloud/src/broker/testing/device-identities.ts';
import { RawClient, type RawClientOptions } from '../../local-cloud/src/broker/testing/raw-client.ts';
import { TestRuleIngress } from '../../local-cloud/src/broker/testing/test-ports.ts';
import { type Clock, type ManualClock, systemClock } from '../../local-cloud/src/core/clock.ts';
import { type IotOptions, iotPlugin } from '../../local-cloud/src/services/iot/plugin.ts';
import { ADMINISTRATOR, createTestCloud, type TestCloud } from '../../local-cloud/src/testing/context.ts';

export interface GatewayIdentity {
  readonly certificatePem: string;
  readonly privateKeyPem: string;
  readonly certificate: X509Certificate;
}

/** The real registry behind the real broker, over real TLS on a free port. */
export interface DeviceGateway<C extends Clock> {
  readonly cloud: TestCloud<C>;
  /** Messages that reached the rules engine. */
  readonly rules: TestRuleIngress;
  call<O = Record<string, unknown>>(operation: string, input?: object): Promise<O>;
  /** A TLS connection with a certificate, or without one and with other options. */
  open(identity: GatewayIdentity | undefined, options?: Partial<RawClientOptions>): Promise<RawClient>;
  stop(): Promise<void>;
}

export async function startDeviceGateway<C extends Clock = ManualClock>(
  options: { clock?: C; iot?: IotOptions; prepare?: (cloud: TestCloud<C>) => void } = {},
): Promise<DeviceGateway<C>> {
  const { server } = await testServerIdentity();
  const clock = options.clock ?? (systemClock as Clock as C);
  const cloud = createTestCloud<C>({ clock });
  const rules = new TestRuleIngress();
  cloud.ports.provide('rules', rules);
  cloud.ports.provide('serverIdentity', server);
  options.prepare?.(cloud);
  const iot = cloud.use(iotPlugin({ identityChangeDelay: 0, ...options.iot }));
  let broker: BrokerPlugin | undefined;
  cloud.use((context) => {
    broker = createBrokerPlugin({ host: '127.0.0.1', port: 0 })(context);
    return broker;
  });
  const started = broker as BrokerPlugin | undefined;
  if (started === undefined) throw new Error('the broker was not made');
  await iot.start?.();
  await started.start?.();
  const open: RawClient[] = [];
  return {
    cloud,
    rules,
    call: (operation, input = {}) => cloud.api.call(ADMINISTRATOR, 'iot', operation, input),
    async open(identity, settings = {}) {
      const client = await RawClient.open({
        port: started.port,
        ca: server.caCertificatePem,
        ...(identity === undefined ? {} : { cert: identity.certificatePem, key: identity.privateKeyPem }),
        ...settings,
      });
      open.push(client);
      return client;
    },
    async stop() {
      for (const client of open) client.close();
      await cloud.close();
    },
  };
}
