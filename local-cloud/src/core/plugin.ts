import type { IncomingMessage } from 'node:http';
import type { Duplex } from 'node:stream';
import type { TLSSocket } from 'node:tls';
import type { Account } from './account.ts';
import type { ApiDispatcher, RawRequest, RawResponse, ServiceApi } from './api.ts';
import type { AwsEvents } from './aws-events.ts';
import type { ClientConnections } from './client-connections.ts';
import type { Clock } from './clock.ts';
import type { DeviceCredentialsProvider } from './device-credentials.ts';
import type { Entropy } from './entropy.ts';
import { CloudError } from './errors.ts';
import type { DeviceEndpointConnection } from './http/device-caller.ts';
import type { Authorizer, CredentialDirectory } from './iam/authorizer.ts';
import type { ImportedCertificates } from './imported-certificates.ts';
import type { IotLogs } from './iot-logs.ts';
import type { Log } from './log.ts';
import type { Meter } from './meter.ts';
import type { LogObserver, Metrics } from './metrics.ts';
import type { DeviceActivity, DeviceDirectory, MessageBroker, ReservedTopics, RuleIngress } from './mqtt.ts';
import type { ResourceTags } from './resource-tags.ts';
import type { ResourceProvider } from './resources.ts';
import type { RetainedMessageDirectory } from './retained-messages.ts';
import type { ShadowDirectory } from './shadows.ts';
import type { StackDirectory } from './stacks.ts';
import type { Store } from './store.ts';
import type { ServerIdentity } from './tls.ts';
import type { ViolationDirectory } from './violations.ts';

/** Addresses that clients reach, known once the listeners are up. */
export interface Endpoints {
  /** `https://localhost:4566` */
  readonly apiUrl: string;
  readonly mqttHost: string;
  readonly mqttPort: number;
  /** PEM file of the CA that signs the cloud's server certificates. */
  readonly caFile: string;
}

/** A route outside the AWS APIs, such as the response URL of a custom resource. Unsigned: the path must be the secret. */
export interface FrontDoor {
  /** `path` is a prefix that begins with `/_`. The handler sees the whole request. */
  route(path: string, handler: (request: RawRequest) => Promise<RawResponse>): void;
  /** Upgrades to WebSocket of exactly this path, also from {@link serve}. The handler owns the socket, and answers. */
  upgrade(path: string, handler: UpgradeHandler): void;
  /**
   * Takes a TLS connection of the devices' endpoint that speaks HTTP. Unsigned requests on it are the device's, and only
   * AWS IoT's data planes are served.
   */
  serve(socket: TLSSocket, device: DeviceEndpointConnection): void;
}

export type UpgradeHandler = (
  request: IncomingMessage,
  socket: Duplex,
  head: Buffer,
  /** Set for a connection to the devices' endpoint. */
  device: DeviceEndpointConnection | undefined,
) => void;

/** Parts that services offer each other. A port is asked for when it is used, never while plugins are made. */
export interface Ports {
  /** Absent where EventBridge does not run: ask with `find`. */
  awsEvents: AwsEvents;
  frontDoor: FrontDoor;
  authorizer: Authorizer;
  /** Absent where CloudWatch does not run: ask with `find`. */
  metrics: Metrics;
  /** Absent where CloudWatch does not run. */
  logObserver: LogObserver;
  credentials: CredentialDirectory;
  devices: DeviceDirectory;
  /** Absent where AWS IoT does not run: ask with `find`. */
  deviceCredentials: DeviceCredentialsProvider;
  /** Absent where nobody watches: ask with `find`. */
  deviceActivity: DeviceActivity;
  /** Absent where AWS IoT does not run: ask with `find`. */
  iotLogs: IotLogs;
  broker: MessageBroker;
  reservedTopics: ReservedTopics;
  clientConnections: ClientConnections;
  retainedMessages: RetainedMessageDirectory;
  rules: RuleIngress;
  ruleTags: ResourceTags;
  shadows: ShadowDirectory;
  /** Absent where nothing is deployed by template: ask with `find`. */
  stacks: StackDirectory;
  violations: ViolationDirectory;
  endpoints: Endpoints;
  serverIdentity: ServerIdentity;
  /** Absent where ACM does not run: ask with `find`. */
  importedCertificates: ImportedCertificates;
}

export class PortRegistry {
  readonly #ports: Partial<Ports> = {};

  provide<K extends keyof Ports>(name: K, port: Ports[K]): void {
    this.#ports[name] = port;
  }

  /** For a part that can do without the other. */
  find<K extends keyof Ports>(name: K): Ports[K] | undefined {
    return this.#ports[name] as Ports[K] | undefined;
  }

  get<K extends keyof Ports>(name: K): Ports[K] {
    const port = this.#ports[name];
    if (port === undefined) throw new CloudError('PORT_UNPROVIDED', `no plugin provides the port '${name}'`);
    return port as Ports[K];
  }
}

/** What every plugin is built on. */
export interface CloudContext {
  readonly account: Account;
  readonly clock: Clock;
  readonly entropy: Entropy;
  readonly store: Store;
  readonly meter: Meter;
  readonly log: Log;
  readonly api: ApiDispatcher;
  readonly ports: PortRegistry;
  /** Absolute path; a plugin writes files only under `<dataDirectory>/<plugin name>/`. */
  readonly dataDirectory: string;
}

export interface ServicePlugin {
  readonly name: string;
  readonly apis?: readonly ServiceApi[];
  readonly resources?: readonly ResourceProvider[];
  /** After all plugins exist and the listeners' endpoints are known, before resources are created. Resumes kept work. */
  start?(): Promise<void>;
  /** Ends work cleanly; state is kept. Called in reverse order of start. */
  stop?(): Promise<void>;
}

export type PluginFactory = (context: CloudContext) => ServicePlugin;
