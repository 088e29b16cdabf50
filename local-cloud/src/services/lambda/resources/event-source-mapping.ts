import type { CreateEventSourceMappingRequest } from '@aws-sdk/client-lambda';
import type { ResourceProvider, ResourceState } from '../../../core/resources.ts';
import type { EventSourceMappings } from '../event-source-mappings.ts';
import type { EventSourceRecord } from '../event-source-record.ts';
import { DEFAULT_EVENT_SOURCE_SETTINGS, eventSourceSettings } from '../event-source-settings.ts';
import type { FunctionDirectory } from '../function-directory.ts';
import { requireQueueArn } from '../operations/event-source-mappings.ts';

export interface EventSourceMappingProperties extends Omit<CreateEventSourceMappingRequest, 'Tags' | 'Enabled'> {
  FunctionName: string;
  EventSourceArn: string;
  Enabled?: boolean | string;
  Tags?: { Key: string; Value: string }[];
}

/** AWS::Lambda::EventSourceMapping of a queue. */
export function eventSourceMappingResource(
  functions: FunctionDirectory,
  mappings: EventSourceMappings,
): ResourceProvider<EventSourceMappingProperties> {
  return {
    type: 'AWS::Lambda::EventSourceMapping',
    replaceOn: ['EventSourceArn'],
    properties: [
      'BatchSize',
      'Enabled',
      'EventSourceArn',
      'FilterCriteria',
      'FunctionName',
      'FunctionResponseTypes',
      'MaximumBatchingWindowInSeconds',
      'ScalingConfig',
      'Tags',
    ],
    async create(properties) {
      const { record } = functions.require(properties.FunctionName);
      const source = requireQueueArn(properties.EventSourceArn);
      return stateOf(await mappings.create(record, source, settingsOf(properties), tagsOf(properties)));
    },
    async update(properties, _previous, state) {
      const mapping = mappings.require(state.physicalId);
      const { record } = functions.require(properties.FunctionName);
      return stateOf(await mappings.update(mapping, record, { ...settingsOf(properties), tags: tagsOf(properties) }));
    },
    async delete(state) {
      const mapping = mappings.find(state.physicalId);
      if (mapping !== undefined) await mappings.delete(mapping);
    },
  };

  function stateOf(mapping: EventSourceRecord): ResourceState {
    const attributes = { Id: mapping.uuid, EventSourceMappingArn: mappings.arnOf(mapping) };
    return { physicalId: mapping.uuid, attributes };
  }
}

function settingsOf(properties: EventSourceMappingProperties) {
  const { Tags, Enabled, BatchSize, MaximumBatchingWindowInSeconds: window, ...rest } = properties;
  return eventSourceSettings(DEFAULT_EVENT_SOURCE_SETTINGS, {
    ...rest,
    BatchSize: BatchSize === undefined ? undefined : Number(BatchSize),
    MaximumBatchingWindowInSeconds: window === undefined ? undefined : Number(window),
    Enabled: Enabled === undefined ? undefined : String(Enabled) === 'true',
  });
}

function tagsOf(properties: EventSourceMappingProperties): Record<string, string> {
  return Object.fromEntries((properties.Tags ?? []).map(({ Key, Value }) => [Key, Value]));
}
