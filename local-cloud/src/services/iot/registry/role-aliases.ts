import { parseArn } from '../../../core/account.ts';
import { ConstraintViolations } from '../../../core/constraint-violations.ts';
import { invalidRequest, resourceAlreadyExists, resourceNotFound } from '../errors.ts';
import {
  DEFAULT_CREDENTIAL_DURATION,
  MAX_CREDENTIAL_DURATION,
  MIN_CREDENTIAL_DURATION,
  ROLE_ALIAS_PATTERN,
} from '../limits.ts';
import type { RoleAliasRecord } from './records.ts';
import type { RegistryState } from './registry-state.ts';
import { requireName, requireText } from './validation.ts';

export interface RoleAliasInput {
  readonly roleAlias: string | undefined;
  readonly roleArn?: string | undefined;
  readonly credentialDurationSeconds?: number | undefined;
}

/** Names for roles that devices take on with their certificates (developer guide, `authorizing-direct-aws`). */
export class RoleAliases {
  readonly #state: RegistryState;

  constructor(state: RegistryState) {
    this.#state = state;
  }

  get(name: string | undefined): RoleAliasRecord {
    requireName('roleAlias', name, ROLE_ALIAS_PATTERN);
    const alias = this.#state.roleAliases.get(name);
    if (alias === undefined) throw resourceNotFound(`Role alias ${name} not found.`);
    return alias;
  }

  create(input: RoleAliasInput): RoleAliasRecord {
    requireName('roleAlias', input.roleAlias, ROLE_ALIAS_PATTERN);
    const roleArn = requireRole(input.roleArn);
    checkDuration(input.credentialDurationSeconds);
    if (this.#state.roleAliases.has(input.roleAlias)) {
      throw resourceAlreadyExists(
        `Role alias ${input.roleAlias} already exists.`,
        this.#state.arn('rolealias', input.roleAlias),
        input.roleAlias,
      );
    }
    const now = this.#state.now();
    const alias: RoleAliasRecord = {
      name: input.roleAlias,
      roleArn,
      credentialDurationSeconds: input.credentialDurationSeconds ?? DEFAULT_CREDENTIAL_DURATION,
      creationDate: now,
      lastModifiedDate: now,
    };
    this.#state.roleAliases.put(alias.name, alias);
    return alias;
  }

  update(input: RoleAliasInput): RoleAliasRecord {
    const before = this.get(input.roleAlias);
    checkDuration(input.credentialDurationSeconds);
    const alias: RoleAliasRecord = {
      ...before,
      roleArn: input.roleArn === undefined ? before.roleArn : requireRole(input.roleArn),
      credentialDurationSeconds: input.credentialDurationSeconds ?? before.credentialDurationSeconds,
      lastModifiedDate: this.#state.now(),
    };
    this.#state.roleAliases.put(alias.name, alias);
    return alias;
  }

  delete(name: string | undefined): void {
    const alias = this.get(name);
    this.#state.roleAliases.delete(alias.name);
    this.#state.tags.delete(this.#state.arn('rolealias', alias.name));
  }
}

function requireRole(roleArn: string | undefined): string {
  requireText('roleArn', roleArn, 20, 2048);
  const parsed = parseArn(roleArn);
  if (parsed?.service !== 'iam' || !parsed.resource.startsWith('role/')) {
    throw invalidRequest(`roleArn ${roleArn} is not the ARN of a role`);
  }
  return roleArn;
}

function checkDuration(seconds: number | undefined): void {
  new ConstraintViolations()
    .range('credentialDurationSeconds', seconds, MIN_CREDENTIAL_DURATION, MAX_CREDENTIAL_DURATION)
    .throwIfAny('InvalidRequestException');
}
