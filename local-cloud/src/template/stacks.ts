import { AwsError, messageOf } from '../core/errors.ts';
import type { CloudContext } from '../core/plugin.ts';
import type { ResourceProvider } from '../core/resources.ts';
import type { StackDirectory, StackView } from '../core/stacks.ts';
import { CustomResources } from './custom-resource.ts';
import { deleteStack } from './delete-stack.ts';
import { deployAssembly } from './deploy-assembly.ts';
import type { DeployStep } from './deploy-stack.ts';
import { type DeletedStackRecord, deletedStackRecords, type StackRecord, stackRecords } from './stack-record.ts';
import type { ProviderLookup } from './validate-stack.ts';

/** The stacks of one cloud: deployed from an assembly, shown and deleted through the API. */
export class Stacks implements StackDirectory {
  readonly #context: CloudContext;
  readonly #provider: ProviderLookup;
  readonly #changed: () => void;
  readonly #deletions = new Map<string, Promise<void>>();
  #deploying = false;

  /** `changed` is called when a deletion has ended. Make it once the front door exists. */
  constructor(context: CloudContext, resources: readonly ResourceProvider[], changed: () => void) {
    this.#context = context;
    this.#changed = changed;
    const custom = new CustomResources(context);
    custom.listen();
    const providers = new Map(resources.map((provider) => [provider.type, provider]));
    this.#provider = (type) =>
      type.startsWith('Custom::') || type === 'AWS::CloudFormation::CustomResource'
        ? custom.provider(type)
        : providers.get(type);
  }

  /** Waits for deletions under way first. @throws CloudError */
  async deploy(assembly: string, onStep?: (step: DeployStep) => void): Promise<StackRecord[]> {
    await Promise.all(this.#deletions.values());
    this.#deploying = true;
    try {
      return await deployAssembly({
        context: this.#context,
        assembly,
        provider: this.#provider,
        ...(onStep !== undefined && { onStep }),
      });
    } finally {
      this.#deploying = false;
    }
  }

  list(): readonly StackView[] {
    const { store } = this.#context;
    return [
      ...[...stackRecords(store).values()].map((record) => viewOf(record, this.#statusOf(record))),
      ...[...deletedStackRecords(store).values()].map(viewOfDeleted),
    ];
  }

  delete(stackName: string, retain: readonly string[]): void {
    const record = stackRecords(this.#context.store).get(stackName);
    if (record === undefined || this.#deletions.has(stackName)) return;
    if (record.terminationProtection === true) {
      throw validationError(`Stack [${stackName}] cannot be deleted while TerminationProtection is enabled`);
    }
    if (this.#deploying) {
      throw validationError(`Stack:${record.stackId} is in CREATE_IN_PROGRESS state and can not be deleted.`);
    }
    if (retain.length > 0 && record.status !== 'DELETE_FAILED') {
      throw validationError(
        `Invalid operation on stack [${stackName}]. Specify which resources to retain only when the stack is in the DELETE_FAILED state.`,
      );
    }
    const deletion = this.#delete(stackName, retain).finally(() => this.#deletions.delete(stackName));
    this.#deletions.set(stackName, deletion);
  }

  protect(stackName: string, protection: boolean): void {
    const records = stackRecords(this.#context.store);
    const record = records.get(stackName);
    if (record === undefined) throw validationError(`Stack [${stackName}] does not exist`);
    records.put(stackName, { ...record, terminationProtection: protection });
  }

  /** Ends when no deletion is under way any more. */
  async settled(): Promise<void> {
    await Promise.all(this.#deletions.values());
  }

  async #delete(stackName: string, retain: readonly string[]): Promise<void> {
    const { log } = this.#context;
    try {
      const failed = await deleteStack({ context: this.#context, stackName, provider: this.#provider, retain });
      const reasons = Object.values(failed?.resources ?? {}).flatMap(({ deleteFailure, logicalId }) =>
        deleteFailure === undefined ? [] : [`${logicalId}: ${deleteFailure}`],
      );
      if (failed === undefined) log('info', 'a stack is deleted', { stackName });
      else log('warn', 'a stack could not be deleted', { stackName, reasons });
    } catch (error) {
      log('error', 'the deletion of a stack ended', { stackName, reason: messageOf(error) });
    }
    this.#changed();
  }

  /** A process that ended in the middle of a change leaves the stack as failed: nothing works on it. */
  #statusOf({ stackName, status = 'CREATE_COMPLETE' }: StackRecord): StackView['status'] {
    if (this.#deletions.has(stackName)) return 'DELETE_IN_PROGRESS';
    if (status === 'DELETE_IN_PROGRESS') return 'DELETE_FAILED';
    return status === 'CREATE_IN_PROGRESS' && !this.#deploying ? 'CREATE_FAILED' : status;
  }
}

function viewOf(record: StackRecord, status: StackView['status']): StackView {
  const { changedAt = 0, createdAt = 0, description, statusReason } = record;
  return {
    stackName: record.stackName,
    stackId: record.stackId,
    status,
    createdAt,
    terminationProtection: record.terminationProtection === true,
    tags: record.tags ?? {},
    ...(statusReason !== undefined && { statusReason }),
    ...(description !== undefined && { description }),
    outputs: Object.entries(record.outputs).map(([name, output]) => ({ name, ...output })),
    resources: Object.values(record.resources).map(({ deleteFailure, logicalId, physicalId, type }) => ({
      logicalId,
      physicalId,
      type,
      changedAt,
      status: deleteFailure === undefined ? 'CREATE_COMPLETE' : 'DELETE_FAILED',
      ...(deleteFailure !== undefined && { statusReason: deleteFailure }),
    })),
  };
}

function viewOfDeleted(record: DeletedStackRecord): StackView {
  return { ...record, status: 'DELETE_COMPLETE', terminationProtection: false, tags: {}, outputs: [], resources: [] };
}

function validationError(message: string): AwsError {
  return new AwsError('ValidationError', message, 400);
}
