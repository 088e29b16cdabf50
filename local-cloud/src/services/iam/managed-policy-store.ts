import { globalArn } from '../../core/account.ts';
import { AwsError } from '../../core/errors.ts';
import { type CompiledPolicy, compilePolicy } from '../../core/iam/compiled-policy.ts';
import type { PolicyDocument } from '../../core/iam/policy-document.ts';
import type { CloudContext } from '../../core/plugin.ts';
import type { Collection } from '../../core/store.ts';
import { AWS_MANAGED_POLICIES } from './aws-managed-policies.ts';
import { limitExceeded, noSuchPolicy } from './errors.ts';
import { checkDescription, checkName, checkPath, checkTags, uniqueId } from './identifiers.ts';
import { MAX_MANAGED_POLICY_SIZE, MAX_POLICY_NAME_LENGTH } from './limits.ts';
import { policySize } from './policy-size.ts';
import type { ManagedPolicyRecord, Tag } from './records.ts';

export interface NewManagedPolicy {
  readonly policyName: string;
  readonly document: PolicyDocument;
  readonly path?: string | undefined;
  readonly description?: string | undefined;
  readonly tags?: readonly Tag[];
}

/** Customer managed policies, and those of AWS that are known here. */
export class ManagedPolicyStore {
  readonly #context: CloudContext;
  readonly #records: Collection<ManagedPolicyRecord>;
  readonly #compiled = new Map<string, CompiledPolicy>();

  constructor(context: CloudContext) {
    this.#context = context;
    this.#records = context.store.collection('iam.managed-policies');
  }

  /** @throws AwsError `NoSuchEntity`; for a policy of AWS that is not known here, by name */
  get(arn: string): ManagedPolicyRecord {
    const record = this.find(arn);
    if (record !== undefined) return record;
    if (arn.startsWith('arn:aws:iam::aws:policy/')) {
      throw new AwsError('NotImplemented', `The AWS managed policy ${arn} is not known to the local cloud`, 501);
    }
    throw noSuchPolicy(arn);
  }

  find(arn: string): ManagedPolicyRecord | undefined {
    return this.#records.get(arn) ?? AWS_MANAGED_POLICIES.get(arn);
  }

  /** Compiled once per version. @throws as {@link get} */
  compiled(arn: string): CompiledPolicy {
    const record = this.get(arn);
    const key = `${arn} ${record.versionId} ${record.policyId}`;
    let policy = this.#compiled.get(key);
    if (policy === undefined) {
      policy = compilePolicy(record.document, 'identity');
      this.#compiled.set(key, policy);
    }
    return policy;
  }

  create(policy: NewManagedPolicy): ManagedPolicyRecord {
    const path = policy.path ?? '/';
    checkName(policy.policyName, 'policyName', MAX_POLICY_NAME_LENGTH);
    checkPath(path);
    checkDescription(policy.description);
    checkTags(policy.tags ?? []);
    checkDocument(policy.document);
    const arn = globalArn(this.#context.account, 'iam', `policy${path}${policy.policyName}`);
    if (this.#records.has(arn)) {
      throw new AwsError(
        'EntityAlreadyExists',
        `A policy called ${policy.policyName} already exists. Duplicate names are not allowed.`,
        409,
      );
    }
    const now = this.#context.clock.now();
    const record: ManagedPolicyRecord = {
      policyName: policy.policyName,
      policyId: uniqueId(this.#context.entropy, 'ANPA'),
      path,
      arn,
      description: policy.description,
      createDate: now,
      updateDate: now,
      versionId: 'v1',
      document: policy.document,
      tags: policy.tags ?? [],
    };
    this.#records.put(arn, record);
    return record;
  }

  /** A new default version. */
  revise(arn: string, document: PolicyDocument, tags?: readonly Tag[]): ManagedPolicyRecord {
    const record = this.#records.get(arn);
    if (record === undefined) throw noSuchPolicy(arn);
    checkDocument(document);
    checkTags(tags ?? []);
    const revised: ManagedPolicyRecord = {
      ...record,
      document,
      tags: tags ?? record.tags,
      versionId: `v${Number(record.versionId.slice(1)) + 1}`,
      updateDate: this.#context.clock.now(),
    };
    this.#records.put(arn, revised);
    return revised;
  }

  delete(arn: string): boolean {
    return this.#records.delete(arn);
  }
}

function checkDocument(document: PolicyDocument): void {
  compilePolicy(document, 'identity');
  if (policySize(document) > MAX_MANAGED_POLICY_SIZE) {
    throw limitExceeded(`Cannot exceed quota for PolicySize: ${MAX_MANAGED_POLICY_SIZE}`);
  }
}
