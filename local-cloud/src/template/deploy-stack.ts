import { isDeepStrictEqual } from 'node:util';
import { uuid } from '../core/entropy.ts';
import { CloudError, messageOf } from '../core/errors.ts';
import type { CloudContext } from '../core/plugin.ts';
import { generatedName, type ResourceProvider, type ResourceScope, type ResourceState } from '../core/resources.ts';
import { dependencyOrder } from './dependency-order.ts';
import { resolveIntrinsics, type Scope } from './intrinsics.ts';
import {
  exportedValue,
  type OutputRecord,
  type ResourceRecord,
  type StackRecord,
  stackRecords,
} from './stack-record.ts';
import { checkRules, stackScope } from './stack-scope.ts';
import type { StackArtifact, TemplateResource } from './template-types.ts';
import { type ProviderLookup, validateStack } from './validate-stack.ts';

export type StepAction = 'create' | 'update' | 'replace' | 'delete' | 'retain' | 'record' | 'unchanged';

export interface DeployStep {
  readonly stackName: string;
  readonly logicalId: string;
  readonly type: string;
  readonly action: StepAction;
}

export interface DeployOptions {
  readonly context: CloudContext;
  readonly artifact: StackArtifact;
  readonly provider: ProviderLookup;
  /** Local path of an asset. */
  assetPath(bucket: string, key: string): string;
  onStep?(step: DeployStep): void;
}

/**
 * Brings one stack to its template: creates, updates in place, replaces and deletes what differs, as a change set would.
 *
 * INVARIANTS
 * - Nothing is created before the whole template has been validated.
 * - The record is written after every step, so that an interrupted deploy goes on where it stopped
 *   (there is no rollback: the behaviour of `cdk deploy --no-rollback`).
 * - Replaced and removed resources go last, dependents first; `Retain` keeps them and their data.
 * @throws CloudError
 */
export async function deployStack(options: DeployOptions): Promise<StackRecord> {
  const { context, artifact } = options;
  const records = stackRecords(context.store);
  let record = records.get(artifact.stackName) ?? newRecord(context, artifact.stackName);
  const save = (change: Partial<StackRecord>): void => {
    record = { ...record, ...change };
    records.put(artifact.stackName, record);
  };
  const scope = stackScope({
    artifact,
    account: context.account,
    stackId: record.stackId,
    resource: (logicalId) => record.resources[logicalId],
    exported: (name) => exportedValue(records, name),
  });
  const resources = artifact.template.Resources;
  const present = (logicalId: string): boolean => {
    const condition = resources[logicalId]?.Condition;
    return condition === undefined || scope.condition(condition);
  };
  refuse(artifact, options.provider, present);
  checkRules(artifact, scope);

  const { order, needs } = dependencyOrder(artifact.template, present);
  const { Description: description } = artifact.template;
  save({
    status: 'CREATE_IN_PROGRESS',
    statusReason: undefined,
    changedAt: context.clock.now(),
    tags: artifact.tags,
    terminationProtection: artifact.terminationProtection === true,
    ...(description !== undefined && { description }),
  });
  for (const logicalId of order) {
    const applied = await applyResource(options, record, scope, logicalId).catch((error: unknown) => {
      save({ status: 'CREATE_FAILED', statusReason: messageOf(error) });
      throw error;
    });
    const { leftover, action } = applied;
    const next = { ...applied.next, dependsOn: [...(needs.get(logicalId) ?? [])], deleteFailure: undefined };
    save({
      resources: { ...record.resources, [logicalId]: next },
      leftovers:
        leftover === undefined
          ? record.leftovers
          : [{ resource: leftover, policy: leftover.updateReplacePolicy }, ...record.leftovers],
    });
    if (action !== 'unchanged') await context.store.durable();
    options.onStep?.({ stackName: record.stackName, logicalId, type: next.type, action });
  }
  const removed = Object.values(record.resources).filter(({ logicalId }) => !order.includes(logicalId));
  save({
    resources: Object.fromEntries(order.map((logicalId) => [logicalId, record.resources[logicalId] as ResourceRecord])),
    leftovers: [
      ...removed.reverse().map((resource) => ({ resource, policy: resource.deletionPolicy })),
      ...record.leftovers,
    ],
    outputs: outputsOf(artifact, scope),
  });
  await clearLeftovers(options, () => record, save);
  save({ status: 'CREATE_COMPLETE', changedAt: context.clock.now() });
  await context.store.durable();
  return record;
}

function newRecord(context: CloudContext, stackName: string): StackRecord {
  const { partition, region, accountId } = context.account;
  const stackId = `arn:${partition}:cloudformation:${region}:${accountId}:stack/${stackName}/${uuid(context.entropy)}`;
  return {
    stackName,
    stackId,
    resources: {},
    retained: [],
    leftovers: [],
    outputs: {},
    createdAt: context.clock.now(),
  };
}

function refuse(artifact: StackArtifact, provider: ProviderLookup, present: (logicalId: string) => boolean): void {
  const problems = validateStack(artifact, provider, present);
  const [first] = problems;
  if (first === undefined) return;
  throw new CloudError(first.code, problems.map((problem) => problem.message).join('\n'));
}

interface Applied {
  readonly next: ResourceRecord;
  readonly leftover?: ResourceRecord;
  readonly action: StepAction;
}

async function applyResource(
  options: DeployOptions,
  record: StackRecord,
  scope: Scope,
  logicalId: string,
): Promise<Applied> {
  const { artifact } = options;
  const resource = artifact.template.Resources[logicalId] as TemplateResource;
  const place = `${artifact.stackName}.${logicalId} (${resource.Type})`;
  try {
    const properties = resolveIntrinsics(resource.Properties ?? {}, scope, 'Properties') as Record<string, unknown>;
    const provider = options.provider(resource.Type);
    const known = record.resources[logicalId];
    const base = {
      logicalId,
      type: resource.Type,
      properties,
      deletionPolicy: resource.DeletionPolicy ?? 'Delete',
      updateReplacePolicy: resource.UpdateReplacePolicy ?? 'Delete',
      recordedOnly: provider === undefined,
    } as const;
    if (provider === undefined) {
      const unchanged = known !== undefined && isDeepStrictEqual(known.properties, properties);
      const physicalId = known?.physicalId ?? logicalId;
      return { next: { ...base, physicalId, attributes: {} }, action: unchanged ? 'unchanged' : 'record' };
    }
    const resourceScope = scopeOf(options, record, logicalId);
    if (known === undefined || known.recordedOnly || known.type !== resource.Type) {
      const state = await provider.create(properties, resourceScope);
      const replaced = known !== undefined && !known.recordedOnly;
      return { next: { ...base, ...state }, action: 'create', ...(replaced && { leftover: known }) };
    }
    if (isDeepStrictEqual(known.properties, properties)) {
      return { next: { ...known, ...base }, action: 'unchanged' };
    }
    if (mustReplace(provider, known, properties)) {
      const state = await provider.create(properties, resourceScope);
      return { next: { ...base, ...state }, action: 'replace', leftover: known };
    }
    const state = await provider.update(properties, known.properties, stateOf(known), resourceScope);
    const replaced = state.physicalId !== known.physicalId;
    return {
      next: { ...base, ...state },
      action: replaced ? 'replace' : 'update',
      ...(replaced && { leftover: known }),
    };
  } catch (error) {
    throw new CloudError('RESOURCE_FAILED', `${place}: ${messageOf(error)}`, { cause: error });
  }
}

function mustReplace(provider: ResourceProvider, known: ResourceRecord, properties: Record<string, unknown>): boolean {
  return provider.replaceOn.some((name) => !isDeepStrictEqual(known.properties[name], properties[name]));
}

export function stateOf(record: ResourceRecord): ResourceState {
  return { physicalId: record.physicalId, attributes: record.attributes };
}

function scopeOf(options: DeployOptions, record: StackRecord, logicalId: string): ResourceScope {
  return {
    stackName: record.stackName,
    stackId: record.stackId,
    logicalId,
    assetPath: options.assetPath,
    generateName: (maxLength, { lowercase = false } = {}) =>
      generatedName(options.context.entropy, record.stackName, logicalId, maxLength, lowercase),
  };
}

async function clearLeftovers(
  options: DeployOptions,
  current: () => StackRecord,
  save: (change: Partial<StackRecord>) => void,
): Promise<void> {
  for (const leftover of current().leftovers) {
    const { resource, policy } = leftover;
    const { logicalId, type } = resource;
    const keep = policy === 'Retain' || policy === 'RetainExceptOnCreate';
    if (!keep && !resource.recordedOnly) {
      try {
        const scope = scopeOf(options, current(), logicalId);
        await options.provider(type)?.delete(stateOf(resource), resource.properties, scope);
      } catch (error) {
        throw new CloudError('RESOURCE_FAILED', `deleting ${logicalId} (${type}): ${messageOf(error)}`, {
          cause: error,
        });
      }
    }
    save({
      leftovers: current().leftovers.filter((other) => other !== leftover),
      retained: keep ? [...current().retained, resource] : current().retained,
    });
    options.onStep?.({ stackName: current().stackName, logicalId, type, action: keep ? 'retain' : 'delete' });
  }
}

function outputsOf(artifact: StackArtifact, scope: Scope): Record<string, OutputRecord> {
  const outputs: Record<string, OutputRecord> = {};
  for (const [name, output] of Object.entries(artifact.template.Outputs ?? {})) {
    if (output.Condition !== undefined && !scope.condition(output.Condition)) continue;
    const place = `Outputs.${name}`;
    outputs[name] = {
      value: String(resolveIntrinsics(output.Value, scope, `${place}.Value`)),
      ...(output.Description !== undefined && { description: output.Description }),
      ...(output.Export !== undefined && {
        exportName: String(resolveIntrinsics(output.Export.Name, scope, `${place}.Export.Name`)),
      }),
    };
  }
  return outputs;
}
