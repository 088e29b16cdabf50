import type {
  CreateStateMachineInput,
  CreateStateMachineOutput,
  DeleteStateMachineInput,
  DescribeStateMachineInput,
  DescribeStateMachineOutput,
  ListStateMachinesInput,
  ListStateMachinesOutput,
  ListTagsForResourceInput,
  ListTagsForResourceOutput,
  TagResourceInput,
  UntagResourceInput,
  UpdateStateMachineInput,
  UpdateStateMachineOutput,
} from '@aws-sdk/client-sfn';
import type { Operation } from '../../../core/api.ts';
import { AwsError, NotImplementedError } from '../../../core/errors.ts';
import type { Permission } from '../../../core/iam/authorizer.ts';
import { type MachineRecord, type Machines, withTags } from '../machines.ts';
import { page } from '../page.ts';

const NOT_BUILT = ['publish', 'versionDescription', 'encryptionConfiguration'] as const;

/** Logging and tracing that are off ask for nothing. */
function refuseUnbuilt(input: CreateStateMachineInput | UpdateStateMachineInput): void {
  for (const name of NOT_BUILT) {
    if (input[name] !== undefined && input[name] !== false) throw new NotImplementedError(`Step Functions ${name}`);
  }
  if ((input.loggingConfiguration?.level ?? 'OFF') !== 'OFF')
    throw new NotImplementedError('Step Functions loggingConfiguration');
  if (input.tracingConfiguration?.enabled === true)
    throw new NotImplementedError('Step Functions tracingConfiguration');
}

/** Who gives a machine a role must be allowed to pass it on. */
function passing(roleArn: string | undefined): Permission[] {
  if (roleArn === undefined) return [];
  const conditions = { 'iam:PassedToService': 'states.amazonaws.com' };
  return [{ action: 'iam:PassRole', resource: roleArn, conditions }];
}

export function machineOperations(machines: Machines): readonly Operation[] {
  const on = (action: string, resource: string | undefined) => [
    { action: `states:${action}`, resource: resource ?? '*' },
  ];
  const create: Operation<CreateStateMachineInput, CreateStateMachineOutput> = {
    name: 'CreateStateMachine',
    authorize: (input) => [...on('CreateStateMachine', machines.arnOf(input.name ?? '')), ...passing(input.roleArn)],
    async handle(input) {
      refuseUnbuilt(input);
      const { arn, createdAt } = await machines.create({ ...input, name: input.name ?? '' });
      return { stateMachineArn: arn, creationDate: new Date(createdAt) };
    },
  };
  const describe: Operation<DescribeStateMachineInput, DescribeStateMachineOutput> = {
    name: 'DescribeStateMachine',
    authorize: (input) => on('DescribeStateMachine', input.stateMachineArn),
    handle(input) {
      const machine = machines.require(input.stateMachineArn);
      return {
        stateMachineArn: machine.arn,
        name: machine.name,
        status: 'ACTIVE',
        definition: machine.definition,
        roleArn: machine.roleArn,
        type: machine.type,
        creationDate: new Date(machine.createdAt),
        loggingConfiguration: { level: 'OFF', includeExecutionData: false },
        tracingConfiguration: { enabled: false },
        revisionId: machine.revision,
      };
    },
  };
  const update: Operation<UpdateStateMachineInput, UpdateStateMachineOutput> = {
    name: 'UpdateStateMachine',
    authorize: (input) => [...on('UpdateStateMachine', input.stateMachineArn), ...passing(input.roleArn)],
    async handle(input) {
      refuseUnbuilt(input);
      const { revision } = await machines.update(machines.require(input.stateMachineArn), input);
      return { updateDate: new Date(machines.context.clock.now()), revisionId: revision };
    },
  };
  const remove: Operation<DeleteStateMachineInput, object> = {
    name: 'DeleteStateMachine',
    authorize: (input) => on('DeleteStateMachine', input.stateMachineArn),
    async handle(input) {
      await machines.delete(input.stateMachineArn as string);
      return {};
    },
  };
  const list: Operation<ListStateMachinesInput, ListStateMachinesOutput> = {
    name: 'ListStateMachines',
    authorize: () => on('ListStateMachines', '*'),
    handle(input) {
      const { members, nextToken } = page(machines.all(), input);
      const stateMachines = members.map(({ arn, name, type, createdAt }) => ({
        stateMachineArn: arn,
        name,
        type,
        creationDate: new Date(createdAt),
      }));
      return { stateMachines, nextToken };
    },
  };
  const tagged = (resourceArn: string | undefined): MachineRecord => {
    const machine = machines.find(resourceArn);
    if (machine === undefined) throw new AwsError('ResourceNotFound', `Resource not found: '${resourceArn}'`, 400);
    return machine;
  };
  const listTags: Operation<ListTagsForResourceInput, ListTagsForResourceOutput> = {
    name: 'ListTagsForResource',
    authorize: (input) => on('ListTagsForResource', input.resourceArn),
    handle: (input) => ({
      tags: Object.entries(tagged(input.resourceArn).tags).map(([key, value]) => ({ key, value })),
    }),
  };
  const tag: Operation<TagResourceInput, object> = {
    name: 'TagResource',
    authorize: (input) => on('TagResource', input.resourceArn),
    async handle(input) {
      const machine = tagged(input.resourceArn);
      await machines.put({ ...machine, tags: withTags(machine.tags, input.tags ?? []) });
      return {};
    },
  };
  const untag: Operation<UntagResourceInput, object> = {
    name: 'UntagResource',
    authorize: (input) => on('UntagResource', input.resourceArn),
    async handle(input) {
      const machine = tagged(input.resourceArn);
      const tags = Object.fromEntries(Object.entries(machine.tags).filter(([key]) => !input.tagKeys?.includes(key)));
      await machines.put({ ...machine, tags });
      return {};
    },
  };
  return [create, describe, update, remove, list, listTags, tag, untag];
}
