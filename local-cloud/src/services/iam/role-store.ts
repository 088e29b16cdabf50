import { globalArn } from '../../core/account.ts';
import { AwsError } from '../../core/errors.ts';
import { compilePolicy } from '../../core/iam/compiled-policy.ts';
import type { RoleDirectory, RolePolicies } from '../../core/iam/policy-authorizer.ts';
import type { PolicyDocument } from '../../core/iam/policy-document.ts';
import type { CloudContext } from '../../core/plugin.ts';
import type { Collection } from '../../core/store.ts';
import { deleteConflict, limitExceeded, noSuchInlinePolicy, noSuchRole, validationError } from './errors.ts';
import { checkDescription, checkName, checkPath, checkTags, uniqueId } from './identifiers.ts';
import {
  MAX_MANAGED_POLICIES_PER_ROLE,
  MAX_POLICY_NAME_LENGTH,
  MAX_ROLE_INLINE_POLICIES_SIZE,
  MAX_ROLE_NAME_LENGTH,
  MAX_SESSION_DURATION,
  MAX_TRUST_POLICY_SIZE,
  MIN_SESSION_DURATION,
} from './limits.ts';
import type { ManagedPolicyStore } from './managed-policy-store.ts';
import { policySize } from './policy-size.ts';
import type { RoleRecord, Tag } from './records.ts';

export interface NewRole {
  readonly roleName: string;
  readonly trust: PolicyDocument;
  readonly path?: string | undefined;
  readonly description?: string | undefined;
  readonly maxSessionDuration?: number | undefined;
  readonly boundary?: string | undefined;
  readonly tags?: readonly Tag[] | undefined;
}

/**
 * The roles of the account. Whatever changes one raises `generation`, which voids decisions cached by the authorizer.
 */
export class RoleStore implements RoleDirectory {
  generation = 0;
  readonly #context: CloudContext;
  readonly #managed: ManagedPolicyStore;
  readonly #records: Collection<RoleRecord>;

  constructor(context: CloudContext, managed: ManagedPolicyStore) {
    this.#context = context;
    this.#managed = managed;
    this.#records = context.store.collection('iam.roles');
  }

  /** @throws AwsError `NoSuchEntity` */
  get(roleName: string): RoleRecord {
    const record = this.#records.get(roleName.toLowerCase());
    if (record === undefined) throw noSuchRole(roleName);
    return record;
  }

  has(roleName: string): boolean {
    return this.#records.has(roleName.toLowerCase());
  }

  list(): RoleRecord[] {
    return [...this.#records.values()].sort((a, b) => (a.roleName < b.roleName ? -1 : 1));
  }

  byArn(arn: string): RoleRecord | undefined {
    const record = this.#records.get(arn.slice(arn.lastIndexOf('/') + 1).toLowerCase());
    return record?.arn === arn ? record : undefined;
  }

  find(roleArn: string): RolePolicies | undefined {
    const record = this.byArn(roleArn);
    if (record === undefined) return undefined;
    return {
      arn: record.arn,
      roleName: record.roleName,
      roleId: record.roleId,
      identity: [
        ...Object.values(record.inline).map((document) => compilePolicy(document, 'identity')),
        ...record.attached.map((arn) => this.#managed.compiled(arn)),
      ],
      boundary: record.boundary === undefined ? undefined : this.#managed.compiled(record.boundary),
      trust: compilePolicy(record.trust, 'trust'),
    };
  }

  create(role: NewRole): RoleRecord {
    const path = role.path ?? '/';
    const maxSessionDuration = role.maxSessionDuration ?? MIN_SESSION_DURATION;
    checkName(role.roleName, 'roleName', MAX_ROLE_NAME_LENGTH);
    checkPath(path);
    checkDetails(role.description, maxSessionDuration, role.tags ?? []);
    checkTrust(role.trust);
    if (role.boundary !== undefined) this.#managed.get(role.boundary);
    if (this.has(role.roleName)) {
      throw new AwsError('EntityAlreadyExists', `Role with name ${role.roleName} already exists.`, 409);
    }
    return this.#save({
      roleName: role.roleName,
      roleId: uniqueId(this.#context.entropy, 'AROA'),
      path,
      arn: globalArn(this.#context.account, 'iam', `role${path}${role.roleName}`),
      createDate: this.#context.clock.now(),
      trust: role.trust,
      description: role.description,
      maxSessionDuration,
      inline: {},
      attached: [],
      boundary: role.boundary,
      tags: role.tags ?? [],
    });
  }

  /** Everything but name, path and policies. A field that is absent becomes absent. */
  revise(roleName: string, role: Omit<NewRole, 'roleName' | 'path'>): RoleRecord {
    const maxSessionDuration = role.maxSessionDuration ?? MIN_SESSION_DURATION;
    checkDetails(role.description, maxSessionDuration, role.tags ?? []);
    checkTrust(role.trust);
    if (role.boundary !== undefined) this.#managed.get(role.boundary);
    return this.#save({
      ...this.get(roleName),
      trust: role.trust,
      description: role.description,
      maxSessionDuration,
      boundary: role.boundary,
      tags: role.tags ?? [],
    });
  }

  putTrust(roleName: string, trust: PolicyDocument): void {
    checkTrust(trust);
    this.#save({ ...this.get(roleName), trust });
  }

  putInline(roleName: string, policyName: string, document: PolicyDocument): void {
    const record = this.get(roleName);
    checkName(policyName, 'policyName', MAX_POLICY_NAME_LENGTH);
    compilePolicy(document, 'identity');
    const inline = { ...record.inline, [policyName]: document };
    const size = Object.values(inline).reduce((sum, policy) => sum + policySize(policy), 0);
    if (size > MAX_ROLE_INLINE_POLICIES_SIZE) {
      throw limitExceeded(
        `Maximum policy size of ${MAX_ROLE_INLINE_POLICIES_SIZE} bytes exceeded for role ${record.roleName}`,
      );
    }
    this.#save({ ...record, inline });
  }

  deleteInline(roleName: string, policyName: string): void {
    const record = this.get(roleName);
    if (!Object.hasOwn(record.inline, policyName)) throw noSuchInlinePolicy(policyName);
    const { [policyName]: _deleted, ...inline } = record.inline;
    this.#save({ ...record, inline });
  }

  attach(roleName: string, policyArn: string): void {
    const record = this.get(roleName);
    this.#managed.get(policyArn);
    if (record.attached.includes(policyArn)) return;
    if (record.attached.length >= MAX_MANAGED_POLICIES_PER_ROLE) {
      throw limitExceeded(`Cannot exceed quota for PoliciesPerRole: ${MAX_MANAGED_POLICIES_PER_ROLE}`);
    }
    this.#save({ ...record, attached: [...record.attached, policyArn] });
  }

  detach(roleName: string, policyArn: string): void {
    const record = this.get(roleName);
    if (!record.attached.includes(policyArn)) {
      throw new AwsError('NoSuchEntity', `Policy ${policyArn} was not found.`, 404);
    }
    this.#save({ ...record, attached: record.attached.filter((arn) => arn !== policyArn) });
  }

  /** @throws AwsError `DeleteConflict` while policies are attached */
  delete(roleName: string): void {
    const record = this.get(roleName);
    if (record.attached.length > 0) throw deleteConflict('Cannot delete entity, must detach all policies first.');
    if (Object.keys(record.inline).length > 0)
      throw deleteConflict('Cannot delete entity, must delete policies first.');
    this.#records.delete(record.roleName.toLowerCase());
    this.generation++;
  }

  /** Roles that a managed policy is attached to, or bounds. */
  usersOf(policyArn: string): RoleRecord[] {
    return this.list().filter((role) => role.attached.includes(policyArn) || role.boundary === policyArn);
  }

  /** A managed policy changed. */
  policyChanged(): void {
    this.generation++;
  }

  #save(record: RoleRecord): RoleRecord {
    this.#records.put(record.roleName.toLowerCase(), record);
    this.generation++;
    return record;
  }
}

function checkTrust(document: PolicyDocument): void {
  compilePolicy(document, 'trust');
  if (policySize(document) > MAX_TRUST_POLICY_SIZE) {
    throw limitExceeded(`Cannot exceed quota for ACLSizePerRole: ${MAX_TRUST_POLICY_SIZE}`);
  }
}

function checkDetails(description: string | undefined, duration: number, tags: readonly Tag[]): void {
  checkDescription(description);
  checkTags(tags);
  if (!Number.isInteger(duration) || duration < MIN_SESSION_DURATION || duration > MAX_SESSION_DURATION) {
    throw validationError(
      `1 validation error detected: Value '${duration}' at 'maxSessionDuration' failed to satisfy constraint: Member must have value between ${MIN_SESSION_DURATION} and ${MAX_SESSION_DURATION}`,
    );
  }
}
