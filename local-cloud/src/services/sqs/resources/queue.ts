import type { ResourceProvider, ResourceScope, ResourceState } from '../../../core/resources.ts';
import { INTEGER_ATTRIBUTES, type IntegerAttribute } from '../limits.ts';
import type { Queue } from '../queue.ts';
import type { QueueDirectory } from '../queue-directory.ts';
import { checkTags } from '../tags.ts';

interface Tag {
  Key: string;
  Value: string;
}

export interface QueueProperties extends Partial<Record<IntegerAttribute, number | string>> {
  QueueName?: string;
  RedrivePolicy?: object;
  RedriveAllowPolicy?: object;
  SqsManagedSseEnabled?: boolean | string;
  Tags?: Tag[];
}

/** AWS::SQS::Queue. FIFO and KMS properties are left out, and so refuse to start. */
export function queueResource(queues: QueueDirectory): ResourceProvider<QueueProperties> {
  return {
    type: 'AWS::SQS::Queue',
    replaceOn: ['QueueName'],
    properties: [
      ...Object.keys(INTEGER_ATTRIBUTES),
      'QueueName',
      'RedrivePolicy',
      'RedriveAllowPolicy',
      'SqsManagedSseEnabled',
      'Tags',
    ],
    async create(properties, scope) {
      const name = properties.QueueName ?? scope.generateName(80);
      return stateOf(queues, await queues.create(name, attributesOf(properties), tagsOf(properties)));
    },
    async update(properties, _previous, state) {
      const queue = queues.byUrl(state.physicalId);
      await queues.configure(queue, attributesOf(properties));
      await queues.tag(queue, tagsOf(properties));
      return stateOf(queues, queue);
    },
    async delete(state: ResourceState, _properties: QueueProperties, _scope: ResourceScope) {
      const queue = queues.findByName(String(state.attributes.QueueName));
      if (queue !== undefined) await queues.delete(queue);
    },
  };
}

function stateOf(queues: QueueDirectory, queue: Queue): ResourceState {
  const url = queues.url(queue);
  return { physicalId: url, attributes: { Arn: queue.arn, QueueName: queue.configuration.name, QueueUrl: url } };
}

/** Every attribute of a template: a property that is absent stands at its default. */
function attributesOf(properties: QueueProperties): Record<string, string> {
  const json = (value: object | undefined): string => (value === undefined ? '' : JSON.stringify(value));
  const attributes: Record<string, string> = {
    RedrivePolicy: json(properties.RedrivePolicy),
    RedriveAllowPolicy: json(properties.RedriveAllowPolicy),
    SqsManagedSseEnabled: String(properties.SqsManagedSseEnabled ?? true),
  };
  for (const [name, [, , value]] of Object.entries(INTEGER_ATTRIBUTES)) {
    attributes[name] = String(properties[name as IntegerAttribute] ?? value);
  }
  return attributes;
}

function tagsOf(properties: QueueProperties): Readonly<Record<string, string>> {
  return checkTags(Object.fromEntries((properties.Tags ?? []).map(({ Key, Value }) => [Key, Value])));
}
