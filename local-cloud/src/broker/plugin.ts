import { serverNameOf } from '../core/http/request-head.ts';
import type { PresenceChange } from '../core/mqtt.ts';
import type { CloudContext, ServicePlugin } from '../core/plugin.ts';
import { Broker } from './broker.ts';
import { BrokerCore } from './broker-core.ts';
import { byCertificate, byCustomAuthentication } from './credentials.ts';
import { AWS_LIMITS, type BrokerLimits } from './limits.ts';
import { Listener } from './listener.ts';
import { ReservedTopicRegistry } from './reserved-topics.ts';
import { retainedMessageDirectory } from './retained-messages.ts';
import { WebSocketGate } from './websocket/websocket-gate.ts';

/** `wss://iot-endpoint/mqtt` (developer guide, protocols.html). */
const WEBSOCKET_PATH = '/mqtt';

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
 * The MQTT broker of AWS IoT Core. Provides the ports `reservedTopics` (at once), `broker` (publishing works once
 * started), `clientConnections` and `retainedMessages`; needs `devices`, `rules` and `serverIdentity` at its start. HTTPS
 * and WebSocket are served where the port `frontDoor` is there.
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
    context.ports.provide('clientConnections', {
      describe: (clientId) => lazy.get().directory.describe(clientId),
      subscriptions: (clientId) => lazy.get().directory.subscriptions(clientId),
      disconnect: (clientId, how) => lazy.get().directory.disconnect(clientId, how),
      send: (clientId, message, confirmWithin) => lazy.get().directory.send(clientId, message, confirmWithin),
    });
    context.ports.provide(
      'retainedMessages',
      retainedMessageDirectory(() => lazy.get().retained),
    );
    let port = configuredPort;
    let listener: Listener | undefined;
    let gate: WebSocketGate | undefined;
    const onRefused = (reason: string): void => {
      context.meter.count('mqtt.connectsRefused');
      context.log('info', 'mqtt connection refused', { reason });
    };
    return {
      name: 'broker',
      get port() {
        return port;
      },
      async start() {
        const broker = lazy.get();
        const devices = context.ports.get('devices');
        devices.onIdentityChange((principalId) => broker.identityChanged(principalId));
        const door = context.ports.find('frontDoor');
        gate = new WebSocketGate({
          context,
          connect: (transport, identify) => broker.connect(transport, identify),
          onRefused,
        });
        door?.upgrade(WEBSOCKET_PATH, (request, socket, head, device) => {
          gate?.accept(request, socket, head, device?.serverName ?? serverNameOf(request.socket));
        });
        listener = new Listener({
          host,
          port: configuredPort,
          requireServerName,
          identity: context.ports.get('serverIdentity'),
          clock: context.clock,
          handshakeTimeoutMs: limits.connectTimeoutMs,
          admit: (chain, serverName) => devices.admit(chain, serverName),
          onMqtt(socket, { certificate, serverName }) {
            const identify =
              certificate === undefined
                ? byCustomAuthentication({ serverName })
                : byCertificate(certificate, serverName);
            broker.connect(socket, identify);
          },
          onHttp(socket, client) {
            if (door !== undefined) door.serve(socket, client);
            else {
              onRefused('HTTP is not served without a front door');
              socket.destroy();
            }
          },
          onRefused,
        });
        port = await listener.start();
        context.log('info', 'mqtt broker listens', { host, port });
      },
      async stop() {
        const ended = lazy.made()?.stop();
        gate?.stop();
        await Promise.all([ended, listener?.stop()]);
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
