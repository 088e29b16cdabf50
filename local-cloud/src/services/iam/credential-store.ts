import { administratorOf } from '../../core/iam/administrator.ts';
import type { CredentialDirectory, Credentials } from '../../core/iam/authorizer.ts';
import type { AssumedRole, Principal } from '../../core/iam/principal.ts';
import type { CloudContext } from '../../core/plugin.ts';
import type { Collection } from '../../core/store.ts';
import { secretText, uniqueId } from './identifiers.ts';
import type { RoleStore } from './role-store.ts';

interface Session {
  readonly credentials: Credentials;
  readonly principal: AssumedRole;
}

/** Ended sessions are remembered this long, so that their holder hears `ExpiredToken` and not "unknown". ms */
const KEPT_AFTER_EXPIRY = 86_400_000;

/**
 * The administrator's key and the sessions of roles, both kept: a worker or a command line that outlives a restart of
 * the cloud keeps its credentials, as it would on AWS. Sessions end by the clock, and with their role.
 */
export class CredentialStore implements CredentialDirectory {
  readonly #context: CloudContext;
  readonly #roles: RoleStore;
  readonly #keys: Collection<Credentials>;
  readonly #sessions: Collection<Session>;

  constructor(context: CloudContext, roles: RoleStore) {
    this.#context = context;
    this.#roles = roles;
    this.#keys = context.store.collection('iam.access-keys');
    this.#sessions = context.store.collection('iam.sessions');
  }

  issue(principal: AssumedRole, lifetime: number): Credentials {
    const { clock, entropy } = this.#context;
    const credentials: Credentials = {
      accessKeyId: uniqueId(entropy, 'ASIA'),
      secretAccessKey: secretText(entropy, 40),
      sessionToken: secretText(entropy, 256),
      expiration: clock.now() + lifetime,
    };
    this.#sessions.put(credentials.accessKeyId, { credentials, principal });
    return credentials;
  }

  administrator(): Credentials {
    let credentials = this.#keys.get('administrator');
    if (credentials === undefined) {
      const { entropy } = this.#context;
      credentials = { accessKeyId: uniqueId(entropy, 'AKIA'), secretAccessKey: secretText(entropy, 40) };
      this.#keys.put('administrator', credentials);
    }
    return credentials;
  }

  find(accessKeyId: string): { credentials: Credentials; principal: Principal } | undefined {
    const session = this.#sessions.get(accessKeyId);
    if (session !== undefined) return this.#isOfLivingRole(session.principal) ? session : undefined;
    const administrator = this.administrator();
    if (accessKeyId !== administrator.accessKeyId) return undefined;
    return { credentials: administrator, principal: administratorOf(this.#context.account) };
  }

  /** Forgets sessions that ended long ago. */
  forgetEnded(): void {
    const horizon = this.#context.clock.now() - KEPT_AFTER_EXPIRY;
    for (const [key, { credentials }] of [...this.#sessions.entries()]) {
      if ((credentials.expiration ?? 0) < horizon) this.#sessions.delete(key);
    }
  }

  /** A role deleted, even when made again under its name, takes its sessions with it ("Unique identifiers"). */
  #isOfLivingRole(principal: AssumedRole): boolean {
    return this.#roles.byArn(principal.roleArn)?.roleId === principal.userId.split(':')[0];
  }
}
