import { uuid } from '../../../core/entropy.ts';
import {
  deleteConflict,
  invalidRequest,
  limitExceeded,
  resourceAlreadyExists,
  resourceNotFound,
  versionsLimitExceeded,
} from '../errors.ts';
import {
  MAX_POLICIES_PER_CERTIFICATE,
  MAX_POLICIES_PER_GROUP,
  MAX_POLICY_VERSIONS,
  POLICY_NAME_PATTERN,
} from '../limits.ts';
import { validateIotPolicy } from '../policy-evaluation/compile-iot-policy.ts';
import { type PolicyTarget, readTarget } from './policy-target.ts';
import type { PolicyRecord, PolicyVersionRecord } from './records.ts';
import type { RegistryState } from './registry-state.ts';
import { requireName, requireText } from './validation.ts';

/** API CreatePolicy: what a document may measure before its own limit is looked at. */
const MAX_DOCUMENT_TEXT = 404_600;

/** Policies, their versions, and what they are attached to (developer guide, `iot-policies`). */
export class Policies {
  readonly #state: RegistryState;

  constructor(state: RegistryState) {
    this.#state = state;
  }

  get(name: string | undefined): PolicyRecord {
    requireName('policyName', name, POLICY_NAME_PATTERN);
    const policy = this.#state.policies.get(name);
    if (policy === undefined) throw resourceNotFound(`Policy not found: ${name}`);
    return policy;
  }

  getVersion(name: string | undefined, versionId: string | undefined): PolicyVersionRecord {
    return versionOf(this.get(name), versionId);
  }

  create(name: string | undefined, document: string | undefined): PolicyRecord {
    requireName('policyName', name, POLICY_NAME_PATTERN);
    requireText('policyDocument', document, 1, MAX_DOCUMENT_TEXT);
    validateIotPolicy(document);
    const existing = this.#state.policies.get(name);
    if (existing !== undefined) {
      throw resourceAlreadyExists(
        `Policy cannot be created - name already exists (name=${name})`,
        this.#state.arn('policy', name),
        name,
      );
    }
    const now = this.#state.now();
    const policy: PolicyRecord = {
      name,
      generationId: uuid(this.#state.environment.entropy),
      creationDate: now,
      lastModifiedDate: now,
      defaultVersionId: '1',
      nextVersion: 2,
      versions: [{ id: '1', document, creationDate: now }],
    };
    this.#state.policies.put(name, policy);
    return policy;
  }

  createVersion(name: string | undefined, document: string | undefined, setAsDefault: boolean): PolicyVersionRecord {
    const policy = this.get(name);
    requireText('policyDocument', document, 1, MAX_DOCUMENT_TEXT);
    validateIotPolicy(document);
    if (policy.versions.length >= MAX_POLICY_VERSIONS) {
      throw versionsLimitExceeded(
        `The policy ${policy.name} already has the maximum number of versions (${MAX_POLICY_VERSIONS})`,
      );
    }
    const version = { id: String(policy.nextVersion), document, creationDate: this.#state.now() };
    this.#put({
      ...policy,
      nextVersion: policy.nextVersion + 1,
      versions: [...policy.versions, version],
      ...(setAsDefault ? { defaultVersionId: version.id } : {}),
    });
    return version;
  }

  setDefaultVersion(name: string | undefined, versionId: string | undefined): void {
    const policy = this.get(name);
    this.#put({ ...policy, defaultVersionId: versionOf(policy, versionId).id });
  }

  deleteVersion(name: string | undefined, versionId: string | undefined): void {
    const policy = this.get(name);
    const version = versionOf(policy, versionId);
    if (version.id === policy.defaultVersionId) {
      throw deleteConflict(`Cannot delete the default version of a policy (name=${policy.name})`);
    }
    this.#put({ ...policy, versions: policy.versions.filter(({ id }) => id !== version.id) });
  }

  delete(name: string | undefined): void {
    const policy = this.get(name);
    if (this.#state.policyTargets.rightsOf(policy.name).size > 0) {
      throw deleteConflict(
        `The policy cannot be deleted as the policy is attached to one or more principals (name=${policy.name})`,
      );
    }
    if (policy.versions.length > 1) {
      throw deleteConflict(
        `Cannot delete the policy because it has one or more policy versions attached to it (name=${policy.name})`,
      );
    }
    this.#state.policies.delete(policy.name);
    this.#state.tags.delete(this.#state.arn('policy', policy.name));
  }

  attach(name: string | undefined, targetArn: string | undefined): void {
    const policy = this.get(name);
    const target = readTarget(this.#state, targetArn);
    // "You can't apply policies to dynamic thing groups" (developer guide, `dynamic-thing-groups`).
    if (target.type === 'thinggroup' && this.#state.thingGroups.get(target.name)?.query !== undefined) {
      throw invalidRequest(`Policies cannot be attached to the dynamic thing group ${target.name}`);
    }
    const attached = this.#state.policyTargets.leftsOf(target.arn);
    if (attached.has(policy.name)) return;
    const most = target.type === 'cert' ? MAX_POLICIES_PER_CERTIFICATE : MAX_POLICIES_PER_GROUP;
    if (attached.size >= most) {
      throw limitExceeded(`Target ${target.arn} already has the maximum of ${most} policies attached`);
    }
    this.#state.policyTargets.add(policy.name, target.arn, true);
    this.#changed(target);
  }

  /** Detaching what is not attached is no error. */
  detach(name: string | undefined, targetArn: string | undefined): void {
    const policy = this.get(name);
    const target = readTarget(this.#state, targetArn);
    if (this.#state.policyTargets.remove(policy.name, target.arn)) this.#changed(target);
  }

  /** Names of the policies of a target; `recursive` adds those that a group inherits, the group's own first. */
  attachedTo(targetArn: string | undefined, recursive: boolean): string[] {
    const target = readTarget(this.#state, targetArn);
    const own = [...this.#state.policyTargets.leftsOf(target.arn).keys()].sort();
    if (!recursive || target.type !== 'thinggroup') return own;
    const names = new Set(own);
    for (const group of this.#state.groupAndAncestors(target.name)) {
      for (const policy of this.#state.policyTargets.leftsOf(this.#state.arn('thinggroup', group.name)).keys()) {
        names.add(policy);
      }
    }
    return [...names];
  }

  #put(policy: PolicyRecord): void {
    const before = this.#state.policies.get(policy.name)?.defaultVersionId;
    this.#state.policies.put(policy.name, { ...policy, lastModifiedDate: this.#state.now() });
    if (before === policy.defaultVersionId) return;
    for (const arn of this.#state.policyTargets.rightsOf(policy.name).keys())
      this.#changed(readTarget(this.#state, arn));
  }

  #changed(target: PolicyTarget): void {
    const { changes } = this.#state.environment;
    if (target.type === 'cert') changes.certificateChanged(target.name);
    else changes.allChanged();
  }
}

function versionOf(policy: PolicyRecord, versionId: string | undefined): PolicyVersionRecord {
  if (versionId === undefined || !/^[0-9]+$/.test(versionId)) {
    throw invalidRequest(`Invalid policy version id: ${versionId}`);
  }
  const version = policy.versions.find(({ id }) => id === versionId);
  if (version === undefined) throw resourceNotFound(`Policy version not found: ${policy.name} version ${versionId}`);
  return version;
}
