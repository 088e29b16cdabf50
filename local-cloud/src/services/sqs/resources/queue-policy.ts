import type { ResourceProvider } from '../../../core/resources.ts';
import type { QueueDirectory } from '../queue-directory.ts';

export interface QueuePolicyProperties {
  PolicyDocument: object;
  /** Queue URLs. */
  Queues: string[];
}

/** AWS::SQS::QueuePolicy: one policy on each of its queues. */
export function queuePolicyResource(queues: QueueDirectory): ResourceProvider<QueuePolicyProperties> {
  async function apply(policy: string, urls: readonly string[]): Promise<void> {
    for (const url of urls) await queues.configure(queues.byUrl(url), { Policy: policy });
  }
  return {
    type: 'AWS::SQS::QueuePolicy',
    replaceOn: [],
    properties: ['PolicyDocument', 'Queues'],
    async create(properties, scope) {
      await apply(JSON.stringify(properties.PolicyDocument), properties.Queues);
      const id = scope.generateName(80);
      return { physicalId: id, attributes: { Id: id } };
    },
    async update(properties, previous, state) {
      await apply(JSON.stringify(properties.PolicyDocument), properties.Queues);
      await remove(previous.Queues.filter((url) => !properties.Queues.includes(url)));
      return state;
    },
    async delete(_state, properties) {
      await remove(properties.Queues);
    },
  };

  /** A queue that went before its policy has taken the policy along. */
  async function remove(urls: readonly string[]): Promise<void> {
    const present = urls.filter((url) => queues.findByName(url.slice(url.lastIndexOf('/') + 1)) !== undefined);
    await apply('', present);
  }
}
