import type { PresenceChange } from '../core/mqtt.ts';
import type { CloudContext, ServicePlugin } from '../core/plugin.ts';
import { Broker } from './broker.ts';
import { BrokerCore } from './broker-core.ts';
import { AWS_LIMITS, type BrokerLimits } from './limits.ts';
import { Listener } from './listener.ts';
import { ReservedTopicRegistry } from './reserved-topics.ts';

/** Where the broker listens, and which of AWS's limits are changed (`Infinity` lifts one). */
export interface BrokerOptions extends Partial<BrokerLimits> {
  readonly host: string;
  /** 0 for any free port. */
  readonly port: number;
  /** Refuse TLS clients that send no server name. AWS demands one only for some endpoints (protocols.html). */
  readonly requireServerName?: boolean;
}

export interface BrokerPlugin extends ServicePlugin {
  /** The bound port, once started; before that, the configured one. */
  readonly port: number;
}

/**
 * The MQTT broker of AWS IoT Core. Provides the ports `reservedTopics` (at once) and `broker` (publishing works once
 * started); needs `devices`, `rules` and `serverIdentity` at its start.
 *
 * `start` rejects with CloudError `PORT_IN_USE` when the port is taken.
 */
export function createBrokerPlugin(options: BrokerOptions): (context: CloudContext) => BrokerPlugin {
  const { host, port: configuredPort, requireServerName = false, ...changed } = options;
  const limits: BrokerLimits = { ...AWS_LIMITS, ...withoutUndefined(changed) };
  return (context) => {
    const reserved = new ReservedTopicRegistry();
    context.ports.provide('reservedTopics', reserved);
    const presenceListeners: ((change: PresenceChange) => void)[] = [];
    const lazy = lazyBroker(context, limits, reserved, (change) => {
      for (const listener of presenceListeners) listener(change);
    });
    context.ports.provide('broker', {
      publish: (message) => lazy.get().publish(message),
      reply: (clientId, topic, payload) => lazy.get().reply(clientId, topic, payload),
      disconnect: (match, reason) => lazy.get().disconnect(match, reason),
      connectedClients: () => lazy.get().connectedClients(),
      onPresence: (listener) => {
        presenceListeners.push(listener);
      },
    });
    let port = configuredPort;
    let listener: Listener | undefined;
    return {
      name: 'broker',
      get port() {
        return port;
      },
      async start() {
        const broker = lazy.get();
        context.ports.get('devices').onIdentityChange((principalId) => broker.identityChanged(principalId));
        listener = new Listener({
          host,
          port: configuredPort,
          requireServerName,
          identity: context.ports.get('serverIdentity'),
          handshakeTimeoutMs: limits.connectTimeoutMs,
          admit: (chain, serverName) => context.ports.get('devices').admit(chain, serverName),
          onClient: (socket, certificate) => broker.connect(socket, { kind: 'certificate', certificate }),
          onRefused: (reason) => {
            context.meter.count('mqtt.connectsRefused');
            context.log('info', 'mqtt connection refused', { reason });
          },
        });
        port = await listener.start();
        context.log('info', 'mqtt broker listens', { host, port });
      },
      async stop() {
        await Promise.all([lazy.made()?.stop(), listener?.stop()]);
      },
    };
  };
}

interface LazyBroker {
  get(): Broker;
  made(): Broker | undefined;
}

/** The broker is made at its first use: other plugins publish while they start, before the listener is up. */
function lazyBroker(
  context: CloudContext,
  limits: BrokerLimits,
  reserved: ReservedTopicRegistry,
  presence: (change: PresenceChange) => void,
): LazyBroker {
  let broker: Broker | undefined;
  return {
    made: () => broker,
    get() {
      if (broker === undefined) {
        const core = new BrokerCore(context, limits, reserved, presence);
        broker = new Broker(core);
        core.versions.start();
        broker.takeUp();
      }
      return broker;
    },
  };
}

function withoutUndefined(limits: Partial<BrokerLimits>): Partial<BrokerLimits> {
  return Object.fromEntries(Object.entries(limits).filter(([, value]) => value !== undefined));
}
