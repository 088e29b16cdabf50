import type {
  CreateEventSourceMappingRequest,
  DeleteEventSourceMappingRequest,
  EventSourceMappingConfiguration,
  GetEventSourceMappingRequest,
  ListEventSourceMappingsRequest,
  ListEventSourceMappingsResponse,
  UpdateEventSourceMappingRequest,
} from '@aws-sdk/client-lambda';
import { parseArn } from '../../../core/account.ts';
import type { Operation } from '../../../core/api.ts';
import { NotImplementedError } from '../../../core/errors.ts';
import type { Permission } from '../../../core/iam/authorizer.ts';
import { invalidParameter } from '../errors.ts';
import type { EventSourceMappings } from '../event-source-mappings.ts';
import { DEFAULT_EVENT_SOURCE_SETTINGS, eventSourceSettings } from '../event-source-settings.ts';
import type { FunctionDirectory } from '../function-directory.ts';
import { functionArn, parseFunctionName } from '../function-name.ts';
import { page } from '../page.ts';

export function eventSourceMappingOperations(functions: FunctionDirectory, mappings: EventSourceMappings): Operation[] {
  const { account } = functions.context;
  /** Service authorization reference: these act on the mapping, or on any, under the condition of the function. */
  const permission = (action: string, id: string | undefined, name?: string): Permission[] => {
    const record = id === undefined ? undefined : mappings.find(id);
    const target =
      name === undefined ? record?.functionArn : functionArn(account, parseFunctionName(name, account).name);
    return [
      {
        action: `lambda:${action}`,
        resource: record === undefined ? '*' : mappings.arnOf(record),
        conditions: { 'lambda:FunctionArn': target },
      },
    ];
  };
  const create: Operation<CreateEventSourceMappingRequest, EventSourceMappingConfiguration> = {
    name: 'CreateEventSourceMapping',
    authorize: (input) => permission('CreateEventSourceMapping', undefined, input.FunctionName),
    async handle(input) {
      const { record } = functions.require(input.FunctionName);
      const source = requireQueueArn(input.EventSourceArn);
      const settings = eventSourceSettings(DEFAULT_EVENT_SOURCE_SETTINGS, input);
      const mapping = await mappings.create(record, source, settings, { ...input.Tags });
      return mappings.configurationOf(mapping, 'Creating');
    },
  };
  const update: Operation<UpdateEventSourceMappingRequest, EventSourceMappingConfiguration> = {
    name: 'UpdateEventSourceMapping',
    authorize: (input) => permission('UpdateEventSourceMapping', input.UUID, input.FunctionName),
    async handle(input) {
      const mapping = mappings.require(input.UUID);
      const { record } = functions.require(input.FunctionName ?? mapping.functionName);
      const next = await mappings.update(mapping, record, eventSourceSettings(mapping, input));
      return mappings.configurationOf(next, 'Updating');
    },
  };
  const get: Operation<GetEventSourceMappingRequest, EventSourceMappingConfiguration> = {
    name: 'GetEventSourceMapping',
    authorize: (input) => permission('GetEventSourceMapping', input.UUID),
    handle: (input) => mappings.configurationOf(mappings.require(input.UUID)),
  };
  const list: Operation<ListEventSourceMappingsRequest, ListEventSourceMappingsResponse> = {
    name: 'ListEventSourceMappings',
    authorize: () => [{ action: 'lambda:ListEventSourceMappings', resource: '*' }],
    handle(input) {
      const name = input.FunctionName === undefined ? undefined : parseFunctionName(input.FunctionName, account).name;
      const matching = mappings
        .all()
        .filter((mapping) => name === undefined || mapping.functionName === name)
        .filter((mapping) => input.EventSourceArn === undefined || mapping.queueArn === input.EventSourceArn);
      const { items, next } = page(matching, (mapping) => mapping.uuid, input, 100);
      return { EventSourceMappings: items.map((mapping) => mappings.configurationOf(mapping)), NextMarker: next };
    },
  };
  const remove: Operation<DeleteEventSourceMappingRequest, EventSourceMappingConfiguration> = {
    name: 'DeleteEventSourceMapping',
    authorize: (input) => permission('DeleteEventSourceMapping', input.UUID),
    async handle(input) {
      const mapping = mappings.require(input.UUID);
      await mappings.delete(mapping);
      return mappings.configurationOf(mapping, 'Deleting');
    },
  };
  return [create, update, get, list, remove];
}

/** @throws AwsError `NotImplemented` for sources other than SQS */
export function requireQueueArn(arn: string | undefined): string {
  const source = arn === undefined ? undefined : parseArn(arn);
  if (source === undefined) throw invalidParameter('Unrecognized event source.');
  if (source.service !== 'sqs') throw new NotImplementedError(`Lambda event source ${source.service}`);
  return arn as string;
}
