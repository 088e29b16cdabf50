import type { Clock } from '../../core/clock.ts';
import { type Entropy, randomText } from '../../core/entropy.ts';
import type { AssumedRole, ServicePrincipal } from '../../core/iam/principal.ts';
import type { PortRegistry } from '../../core/plugin.ts';

/** How long a session is used before the trust policy is asked again. */
const SESSION_LIFETIME = 5 * 60_000;
const SESSION_NAME_ALPHABET = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789';

/** Sessions of one rule's roles. Permissions are evaluated at each call by its target, not here. */
export class RoleSessions {
  readonly #service: ServicePrincipal;
  readonly #ports: PortRegistry;
  readonly #clock: Clock;
  readonly #entropy: Entropy;
  readonly #sessions = new Map<string, { role: AssumedRole; expires: number }>();

  constructor(service: ServicePrincipal, ports: PortRegistry, clock: Clock, entropy: Entropy) {
    this.#service = service;
    this.#ports = ports;
    this.#clock = clock;
    this.#entropy = entropy;
  }

  /** @throws AwsError when the role is missing or does not trust AWS IoT */
  get(roleArn: string): AssumedRole {
    const now = this.#clock.now();
    const known = this.#sessions.get(roleArn);
    if (known !== undefined && known.expires > now) return known.role;
    const name = randomText(this.#entropy, 8, SESSION_NAME_ALPHABET);
    const role = this.#ports.get('authorizer').assumeRole(this.#service, roleArn, name);
    this.#sessions.set(roleArn, { role, expires: now + SESSION_LIFETIME });
    return role;
  }
}
