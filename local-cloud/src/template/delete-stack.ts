import { messageOf } from '../core/errors.ts';
import type { CloudContext } from '../core/plugin.ts';
import { generatedName, type ResourceScope } from '../core/resources.ts';
import { type DeployStep, stateOf } from './deploy-stack.ts';
import { deletedStackRecords, type ResourceRecord, type StackRecord, stackRecords } from './stack-record.ts';
import type { ProviderLookup } from './validate-stack.ts';

export interface DeleteOptions {
  readonly context: CloudContext;
  readonly stackName: string;
  readonly provider: ProviderLookup;
  /** Logical ids to leave behind, of those that could not be deleted before. */
  readonly retain?: readonly string[];
  onStep?(step: DeployStep): void;
}

/**
 * Deletes a stack as CloudFormation does (user guide, "Delete a stack"): what nothing else depends on first, one after
 * the other. A resource that cannot be deleted keeps what it depends on; everything else goes, and the stack stays as
 * `DELETE_FAILED` with the reasons. Deleting it again goes on from there.
 *
 * INVARIANTS
 * - The record is written after every resource, so that an interrupted deletion can be taken up again.
 * - Resources whose policy keeps them leave the stack and live on.
 * @returns the record of a stack that could not be deleted; undefined when it is gone
 */
export async function deleteStack(options: DeleteOptions): Promise<StackRecord | undefined> {
  const { context, stackName } = options;
  const { clock, store } = context;
  const records = stackRecords(store);
  const found = records.get(stackName);
  if (found === undefined) return undefined;
  let record: StackRecord = {
    ...found,
    status: 'DELETE_IN_PROGRESS',
    statusReason: undefined,
    resources: withoutFailures(found.resources),
  };
  const save = (change: Partial<StackRecord>): void => {
    record = { ...record, ...change, changedAt: clock.now() };
    records.put(stackName, record);
  };
  save({});
  for (const leftover of record.leftovers) {
    const failure = await remove(options, record, leftover.resource, keeps(leftover.policy));
    if (failure === undefined) save({ leftovers: record.leftovers.filter((other) => other !== leftover) });
  }
  for (;;) {
    const resource = nextToDelete(record.resources);
    if (resource === undefined) break;
    const { logicalId } = resource;
    const keep = keeps(resource.deletionPolicy) || options.retain?.includes(logicalId) === true;
    const failure = await remove(options, record, resource, keep);
    if (failure === undefined) {
      const { [logicalId]: _gone, ...resources } = record.resources;
      save({ resources });
    } else save({ resources: { ...record.resources, [logicalId]: { ...resource, deleteFailure: failure } } });
    await store.durable();
  }
  const failed = Object.values(record.resources).filter(({ deleteFailure }) => deleteFailure !== undefined);
  if (failed.length > 0 || record.leftovers.length > 0) {
    const names = [...failed, ...record.leftovers.map(({ resource }) => resource)].map(({ logicalId }) => logicalId);
    save({
      status: 'DELETE_FAILED',
      statusReason: `The following resource(s) failed to delete: [${names.join(', ')}]. `,
    });
    await store.durable();
    return record;
  }
  const { createdAt = clock.now(), stackId } = record;
  deletedStackRecords(store).put(stackId, { stackName, stackId, createdAt, deletedAt: clock.now() });
  records.delete(stackName);
  await store.durable();
  return undefined;
}

const keeps = (policy: string): boolean => policy === 'Retain' || policy === 'RetainExceptOnCreate';

function withoutFailures(resources: StackRecord['resources']): StackRecord['resources'] {
  return Object.fromEntries(Object.entries(resources).map(([id, own]) => [id, { ...own, deleteFailure: undefined }]));
}

/** The last made one that nothing left depends on and that has not failed. */
function nextToDelete(resources: StackRecord['resources']): ResourceRecord | undefined {
  const needed = new Set(Object.values(resources).flatMap(({ dependsOn }) => dependsOn ?? []));
  return Object.values(resources)
    .reverse()
    .find(({ deleteFailure, logicalId }) => deleteFailure === undefined && !needed.has(logicalId));
}

/** @returns why it could not be deleted; undefined when it is gone or kept */
async function remove(
  options: DeleteOptions,
  record: StackRecord,
  resource: ResourceRecord,
  keep: boolean,
): Promise<string | undefined> {
  const { logicalId, type } = resource;
  const step = (action: DeployStep['action']): void =>
    options.onStep?.({ stackName: record.stackName, logicalId, type, action });
  if (keep) {
    step('retain');
    return undefined;
  }
  const provider = options.provider(type);
  if (resource.recordedOnly) {
    step('delete');
    return undefined;
  }
  if (provider === undefined) return `resource type ${type} is not known to the local cloud`;
  try {
    await provider.delete(stateOf(resource), { ...resource.properties }, scopeOf(options, record, logicalId));
    step('delete');
    return undefined;
  } catch (error) {
    return messageOf(error);
  }
}

function scopeOf({ context }: DeleteOptions, record: StackRecord, logicalId: string): ResourceScope {
  return {
    stackName: record.stackName,
    stackId: record.stackId,
    logicalId,
    assetPath: () => {
      throw new Error('a deletion needs no asset');
    },
    generateName: (maxLength, { lowercase = false } = {}) =>
      generatedName(context.entropy, record.stackName, logicalId, maxLength, lowercase),
  };
}
