import type {
  CreateEventBusRequest,
  CreateEventBusResponse,
  DeleteEventBusRequest,
  DescribeEventBusRequest,
  DescribeEventBusResponse,
  ListEventBusesRequest,
  ListEventBusesResponse,
} from '@aws-sdk/client-eventbridge';
import type { Operation } from '../../../core/api.ts';
import { AwsError, NotImplementedError } from '../../../core/errors.ts';
import { validation } from '../errors.ts';
import { DEFAULT_BUS, type EventBridge } from '../event-bridge.ts';
import { page } from '../page.ts';
import type { BusRecord } from '../records.ts';

export function busOperations(bridge: EventBridge): Operation[] {
  const on = (action: string, name: string | undefined) => [
    { action: `events:${action}`, resource: bridge.busArn(name) },
  ];

  const create: Operation<CreateEventBusRequest, CreateEventBusResponse> = {
    name: 'CreateEventBus',
    authorize: ({ Name }) => on('CreateEventBus', Name),
    async handle(input) {
      const { name } = await createBus(bridge, input);
      return { EventBusArn: bridge.busArn(name), Description: input.Description };
    },
  };

  const describe: Operation<DescribeEventBusRequest, DescribeEventBusResponse> = {
    name: 'DescribeEventBus',
    authorize: ({ Name }) => on('DescribeEventBus', Name),
    handle: ({ Name }) => wireBus(bridge, bridge.bus(Name)),
  };

  const list: Operation<ListEventBusesRequest, ListEventBusesResponse> = {
    name: 'ListEventBuses',
    authorize: () => [{ action: 'events:ListEventBuses', resource: '*' }],
    handle(input) {
      const found = bridge.buses().filter(({ name }) => name.startsWith(input.NamePrefix ?? ''));
      const { members, NextToken } = page(found, input);
      return { EventBuses: members.map((bus) => wireBus(bridge, bus)), NextToken };
    },
  };

  const remove: Operation<DeleteEventBusRequest, object> = {
    name: 'DeleteEventBus',
    authorize: ({ Name }) => on('DeleteEventBus', Name),
    async handle({ Name = '' }) {
      await deleteBus(bridge, Name);
      return {};
    },
  };

  return [create, describe, list, remove];
}

/** @throws AwsError `ResourceAlreadyExistsException`, `ValidationException`, `NotImplemented` */
export async function createBus(bridge: EventBridge, input: CreateEventBusRequest): Promise<BusRecord> {
  const { Name: name = '' } = input;
  for (const member of ['EventSourceName', 'KmsKeyIdentifier', 'DeadLetterConfig', 'LogConfig'] as const) {
    if (input[member] !== undefined) throw new NotImplementedError(`EventBridge: ${member} of an event bus`);
  }
  if (!/^[.\-_A-Za-z0-9]{1,256}$/.test(name)) throw validation(`Parameter Name '${name}' is not valid.`);
  if (bridge.findBus(name) !== undefined) {
    throw new AwsError('ResourceAlreadyExistsException', `Event bus ${name} already exists.`);
  }
  const now = bridge.context.clock.now();
  const tags = (input.Tags ?? []).map(({ Key = '', Value = '' }) => ({ Key, Value }));
  const record: BusRecord = { name, description: input.Description, tags, createdAt: now, updatedAt: now };
  await bridge.putBus(record);
  return record;
}

/** @throws AwsError `ValidationException` for the default bus, and one with rules */
export async function deleteBus(bridge: EventBridge, name: string): Promise<void> {
  if (name === DEFAULT_BUS) throw validation('Cannot delete event bus default.');
  if (bridge.rules(name).length > 0) throw validation(`Event bus ${name} cannot be deleted since it has rules.`);
  await bridge.deleteBus(name);
}

function wireBus(bridge: EventBridge, bus: BusRecord): DescribeEventBusResponse {
  return { Name: bus.name, Arn: bridge.busArn(bus.name), Description: bus.description };
}
