import type { Account } from '../../../core/account.ts';
import { AwsError } from '../../../core/errors.ts';
import { nameOf } from '../../../core/iam/access-denied.ts';
import type { CallOrigin } from '../../../core/iam/authorizer.ts';
import type { Principal } from '../../../core/iam/principal.ts';
import type { ConnectFeatures, DeviceConnection, IotAction } from '../../../core/mqtt.ts';
import type { PortRegistry } from '../../../core/plugin.ts';
import { type ArnPrefixes, arnPrefixes } from './evaluated-policies.ts';
import type { CredentialsOf, IdentityKind } from './identity-kind.ts';

interface AwsConnection {
  readonly principal: Principal;
  readonly origin: CallOrigin;
}

/**
 * IAM identities, whose WebSocket upgrade or request was signed (developer guide, `iam-users-groups-roles`). Their IAM
 * policies decide, through the authorizer, which keeps its verdicts until a role or policy changes.
 */
export class AwsIdentities implements IdentityKind<'aws'> {
  readonly #ports: PortRegistry;
  readonly #prefixes: ArnPrefixes;
  readonly #connections = new WeakMap<DeviceConnection, AwsConnection>();

  constructor(account: Account, ports: PortRegistry) {
    this.#ports = ports;
    this.#prefixes = arnPrefixes(account);
  }

  authenticate(
    { principal, expiresAt }: CredentialsOf<'aws'>,
    clientId: string,
    sourceIp: string,
  ): DeviceConnection | undefined {
    if (principal.kind !== 'account' && principal.kind !== 'assumed-role') return undefined;
    const connection: DeviceConnection = {
      clientId,
      principalId: principal.userId,
      sourceIp,
      ...(expiresAt === undefined ? {} : { endsAt: expiresAt }),
    };
    this.#connections.set(connection, { principal, origin: { sourceIp, secure: true } });
    return connection;
  }

  isAllowed(
    connection: DeviceConnection,
    action: IotAction,
    resource: string,
    _features: ConnectFeatures | undefined,
  ): boolean {
    return this.mayCall(connection, action, this.#prefixes[action] + resource);
  }

  mayCall(connection: DeviceConnection, action: string, resource: string): boolean {
    const known = this.#connections.get(connection);
    if (known === undefined) return false;
    try {
      this.#ports.get('authorizer').authorize(known.principal, { action, resource }, known.origin);
      return true;
    } catch (error) {
      if (error instanceof AwsError && error.statusCode === 403) return false;
      throw new Error(`the permissions of ${nameOf(known.principal)} could not be evaluated`, { cause: error });
    }
  }
}
