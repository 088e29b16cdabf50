import type { X509Certificate } from 'node:crypto';
import type {
  ConnectFeatures,
  ConnectionCredentials,
  DeviceConnection,
  DeviceDirectory,
  IotAction,
  MqttMessage,
  RuleIngress,
} from '../../core/mqtt.ts';
import { certificateIdOf } from './device-identities.ts';

/** One question that the broker asked. */
export interface AskedPermission {
  readonly clientId: string;
  readonly action: IotAction;
  readonly resource: string;
  readonly features: ConnectFeatures | undefined;
}

/** A registry for tests: certificates are active once registered, everything is allowed but what was denied. */
export class TestDeviceDirectory implements DeviceDirectory {
  readonly asked: AskedPermission[] = [];
  /** Credentials other than certificates that were shown. */
  readonly shown: ConnectionCredentials[] = [];
  /** Answers for those; without it they are no good. */
  onShown: ((credentials: ConnectionCredentials) => Partial<DeviceConnection> | undefined) | undefined;
  readonly #active = new Set<string>();
  readonly #denied = new Set<string>();
  readonly #listeners: ((certificateId: string) => void)[] = [];

  register(certificateId: string): void {
    this.#active.add(certificateId);
  }

  /** Revokes a certificate, which ends its live connections. */
  revoke(certificateId: string): void {
    this.#active.delete(certificateId);
    for (const listener of this.#listeners) listener(certificateId);
  }

  deny(action: IotAction, resource: string): void {
    this.#denied.add(`${action} ${resource}`);
  }

  allow(action: IotAction, resource: string): void {
    this.#denied.delete(`${action} ${resource}`);
  }

  admit([certificate]: readonly [X509Certificate, ...X509Certificate[]]): boolean {
    return this.#active.has(certificateIdOf(certificate));
  }

  authenticate(credentials: ConnectionCredentials, clientId: string, sourceIp: string): DeviceConnection | undefined {
    if (credentials.kind !== 'certificate') {
      this.shown.push(credentials);
      const answer = this.onShown?.(credentials);
      return answer === undefined ? undefined : { clientId, principalId: 'someone', sourceIp, ...answer };
    }
    const certificateId = certificateIdOf(credentials.certificate);
    if (!this.#active.has(certificateId)) return undefined;
    return { clientId, principalId: certificateId, certificateId, sourceIp };
  }

  mayCall(_connection: DeviceConnection, action: string, resourceArn: string): boolean {
    return !this.#denied.has(`${action} ${resourceArn}`);
  }

  isAllowed(connection: DeviceConnection, action: IotAction, resource: string, features?: ConnectFeatures): boolean {
    this.asked.push({ clientId: connection.clientId, action, resource, features });
    return !this.#denied.has(`${action} ${resource}`);
  }

  onIdentityChange(listener: (certificateId: string) => void): void {
    this.#listeners.push(listener);
  }
}

/** A rules engine for tests: keeps what it accepted, and takes as long as the test wants. */
export class TestRuleIngress implements RuleIngress {
  readonly accepted: MqttMessage[] = [];
  /** Answers instead of accepting at once. */
  onAccept: ((message: MqttMessage) => Promise<void>) | undefined;

  accept(message: MqttMessage): Promise<void> {
    this.accepted.push(message);
    return this.onAccept === undefined ? Promise.resolve() : this.onAccept(message);
  }

  /** Messages that devices published: without the broker's own events. */
  get published(): MqttMessage[] {
    return this.accepted.filter((message) => !message.topic.startsWith('$aws/events/'));
  }

  /** Parsed payloads of the lifecycle events of one kind, such as `presence/connected`. */
  events(kind: string): Record<string, unknown>[] {
    return this.accepted
      .filter((message) => message.topic.startsWith(`$aws/events/${kind}/`))
      .map((message) => JSON.parse(message.payload.toString()) as Record<string, unknown>);
  }
}
