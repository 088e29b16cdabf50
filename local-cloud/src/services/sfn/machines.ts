import { arn } from '../../core/account.ts';
import { uuid } from '../../core/entropy.ts';
import { AwsError } from '../../core/errors.ts';
import type { CloudContext } from '../../core/plugin.ts';
import type { Collection } from '../../core/store.ts';
import { readDefinition } from './asl/validate.ts';
import { MAX_TAGS } from './limits.ts';

/** A state machine as it is kept on disk. */
export interface MachineRecord {
  readonly arn: string;
  readonly name: string;
  readonly type: 'STANDARD' | 'EXPRESS';
  readonly definition: string;
  readonly roleArn: string;
  /** ms since the epoch */
  readonly createdAt: number;
  readonly revision: string;
  readonly tags: Readonly<Record<string, string>>;
}

export interface MachineSettings {
  readonly name: string;
  readonly type?: string | undefined;
  readonly definition: string | undefined;
  readonly roleArn: string | undefined;
  readonly tags?: readonly { readonly key?: string | undefined; readonly value?: string | undefined }[] | undefined;
}

/** All state machines of the account. */
export class Machines {
  readonly context: CloudContext;
  readonly #records: Collection<MachineRecord>;

  constructor(context: CloudContext) {
    this.context = context;
    this.#records = context.store.collection('sfn/machines');
  }

  arnOf(name: string): string {
    return arn(this.context.account, 'states', `stateMachine:${name}`);
  }

  /** @throws AwsError `InvalidName`, `InvalidArn`, `InvalidDefinition`, `StateMachineAlreadyExists`, … */
  async create(settings: MachineSettings): Promise<MachineRecord> {
    const { name, type = 'STANDARD' } = settings;
    checkName(name);
    if (type !== 'STANDARD' && type !== 'EXPRESS') {
      throw new AwsError('StateMachineTypeNotSupported', `State machine type ${type} is not supported`, 400);
    }
    const definition = settings.definition ?? '';
    readDefinition(definition);
    const roleArn = checkRole(settings.roleArn);
    const machineArn = this.arnOf(name);
    const known = this.#records.get(machineArn);
    if (known !== undefined) {
      // CreateStateMachine is idempotent in its definition, role and type.
      if (known.definition === definition && known.roleArn === roleArn && known.type === type) return known;
      throw new AwsError('StateMachineAlreadyExists', `State Machine Already Exists: '${machineArn}'`, 400);
    }
    return this.put({
      arn: machineArn,
      name,
      type,
      definition,
      roleArn,
      createdAt: this.context.clock.now(),
      revision: uuid(this.context.entropy),
      tags: withTags({}, settings.tags ?? []),
    });
  }

  /** Executions that run go on with the definition that they began with. */
  async update(
    machine: MachineRecord,
    change: Pick<Partial<MachineSettings>, 'definition' | 'roleArn'>,
  ): Promise<MachineRecord> {
    if (change.definition !== undefined) readDefinition(change.definition);
    return this.put({
      ...machine,
      definition: change.definition ?? machine.definition,
      roleArn: change.roleArn === undefined ? machine.roleArn : checkRole(change.roleArn),
      revision: uuid(this.context.entropy),
    });
  }

  async put(record: MachineRecord): Promise<MachineRecord> {
    this.#records.put(record.arn, record);
    await this.context.store.durable();
    return record;
  }

  async delete(machineArn: string): Promise<void> {
    this.#records.delete(machineArn);
    await this.context.store.durable();
  }

  find(machineArn: string | undefined): MachineRecord | undefined {
    return this.#records.get(machineArn ?? '');
  }

  /** @throws AwsError `InvalidArn`, `StateMachineDoesNotExist` */
  require(machineArn: string | undefined): MachineRecord {
    const machine = this.find(machineArn);
    if (machine !== undefined) return machine;
    if (!/^arn:aws:states:[a-z0-9-]+:\d{12}:stateMachine:[^:/]+$/.test(machineArn ?? '')) {
      throw new AwsError('InvalidArn', `Invalid Arn: 'Resource type not valid in this context: ${machineArn}'`, 400);
    }
    throw new AwsError('StateMachineDoesNotExist', `State Machine Does Not Exist: '${machineArn}'`, 400);
  }

  /** In order of name. */
  all(): MachineRecord[] {
    return [...this.#records.values()].sort((a, b) => (a.name < b.name ? -1 : 1));
  }
}

/** @throws AwsError `InvalidName` */
export function checkName(name: string | undefined): void {
  if (name === undefined || !/^[\w-]{1,80}$/.test(name))
    throw new AwsError('InvalidName', `Invalid Name: '${name}'`, 400);
}

export function withTags(
  current: Readonly<Record<string, string>>,
  added: NonNullable<MachineSettings['tags']>,
): Record<string, string> {
  const tags = { ...current };
  for (const { key = '', value = '' } of added) {
    if (key.length < 1 || key.length > 128 || value.length > 256)
      throw new AwsError('ValidationException', `Tag '${key}' is invalid`, 400);
    tags[key] = value;
  }
  if (Object.keys(tags).length > MAX_TAGS)
    throw new AwsError('TooManyTags', `At most ${MAX_TAGS} tags are allowed`, 400);
  return tags;
}

function checkRole(roleArn: string | undefined): string {
  if (!/^arn:aws:iam::\d{12}:role\/.+$/.test(roleArn ?? ''))
    throw new AwsError('InvalidArn', `Invalid Role Arn: '${roleArn}'`, 400);
  return roleArn as string;
}
