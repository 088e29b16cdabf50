import type { X509Certificate } from 'node:crypto';
import type { Meter } from '../../../core/meter.ts';
import type {
  ConnectFeatures,
  ConnectionCredentials,
  DeviceConnection,
  DeviceDirectory,
  IotAction,
} from '../../../core/mqtt.ts';
import type { IdentityChanges } from '../identity-changes.ts';
import type { JustInTimeRegistration } from '../provisioning/just-in-time.ts';
import { type DomainConfigurations, refusesClients } from '../registry/domain-configurations.ts';
import type { CertificateIdentities } from './certificate-identities.ts';
import type { ConnectionPermissions, IdentityKind } from './identity-kind.ts';

export interface DirectoryParts {
  readonly meter: Meter;
  readonly changes: IdentityChanges;
  readonly certificates: CertificateIdentities;
  readonly aws: IdentityKind<'aws'>;
  readonly custom: IdentityKind<'custom'>;
  readonly domains: DomainConfigurations;
  readonly justInTime: JustInTimeRegistration;
}

/** Who may connect, and what a connection may do, for each kind of identity (developer guide, `client-authentication`). */
export class PolicyDirectory implements DeviceDirectory {
  readonly #parts: DirectoryParts;
  /** Of connections without a certificate. */
  readonly #permissions = new WeakMap<DeviceConnection, ConnectionPermissions>();

  constructor(parts: DirectoryParts) {
    this.#parts = parts;
  }

  admit(
    chain: readonly [X509Certificate, ...X509Certificate[]],
    serverName: string | undefined,
  ): boolean | Promise<boolean> {
    if (refusesClients(this.#parts.domains.ofServerName(serverName))) return false;
    if (this.#parts.certificates.admits(chain[0], serverName)) return true;
    // Whatever comes of it, the connection that brought the certificate ends.
    return this.#parts.justInTime.register(chain, serverName)?.then(() => false) ?? false;
  }

  authenticate(
    credentials: ConnectionCredentials,
    clientId: string,
    sourceIp: string,
  ): DeviceConnection | undefined | Promise<DeviceConnection | undefined> {
    const { aws, certificates, custom } = this.#parts;
    switch (credentials.kind) {
      case 'certificate':
        return certificates.authenticate(credentials, clientId, sourceIp);
      case 'aws':
        return this.#own(aws, aws.authenticate(credentials, clientId, sourceIp));
      case 'custom':
        return this.#own(custom, custom.authenticate(credentials, clientId, sourceIp));
    }
  }

  isAllowed(connection: DeviceConnection, action: IotAction, resource: string, features?: ConnectFeatures): boolean {
    const { meter } = this.#parts;
    meter.count('iot.policyEvaluations');
    const allowed = this.#permissionsOf(connection)?.isAllowed(connection, action, resource, features) === true;
    if (!allowed) meter.count('iot.policyDenied');
    return allowed;
  }

  mayCall(connection: DeviceConnection, action: string, resourceArn: string): boolean {
    const { meter } = this.#parts;
    meter.count('iot.policyEvaluations');
    const allowed = this.#permissionsOf(connection)?.mayCall(connection, action, resourceArn) === true;
    if (!allowed) meter.count('iot.policyDenied');
    return allowed;
  }

  thingOf(connection: DeviceConnection): string | undefined {
    return this.#parts.certificates.thingOf(connection);
  }

  onIdentityChange(listener: (principalId: string) => void): void {
    this.#parts.changes.onIdentityChange(listener);
  }

  #permissionsOf(connection: DeviceConnection): ConnectionPermissions | undefined {
    return connection.certificateId === undefined ? this.#permissions.get(connection) : this.#parts.certificates;
  }

  #own(
    permissions: ConnectionPermissions,
    made: DeviceConnection | undefined | Promise<DeviceConnection | undefined>,
  ): DeviceConnection | undefined | Promise<DeviceConnection | undefined> {
    if (made instanceof Promise) return made.then((connection) => this.#own(permissions, connection));
    if (made !== undefined) this.#permissions.set(made, permissions);
    return made;
  }
}
