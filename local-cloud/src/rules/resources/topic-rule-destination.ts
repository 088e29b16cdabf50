import type { ResourceProvider, ResourceState } from '../../core/resources.ts';
import type { Destination, RuleDestinations } from '../destinations/rule-destinations.ts';
import { invalidRequest } from '../rule-payload.ts';

interface TopicRuleDestinationProperties {
  readonly HttpUrlProperties?: { readonly ConfirmationUrl?: string };
  readonly Status?: string;
}

/**
 * AWS::IoT::TopicRuleDestination. `Ref` is the ARN. A new destination awaits its confirmation: `Status` is what an update
 * sets it to, and at creation may only be IN_PROGRESS.
 */
export function topicRuleDestinationResource(
  destinations: RuleDestinations,
): ResourceProvider<TopicRuleDestinationProperties> {
  return {
    type: 'AWS::IoT::TopicRuleDestination',
    replaceOn: ['HttpUrlProperties'],
    properties: ['HttpUrlProperties', 'Status'],
    async create({ HttpUrlProperties, Status = 'IN_PROGRESS' }) {
      const url = HttpUrlProperties?.ConfirmationUrl;
      if (url === undefined) throw invalidRequest('HttpUrlProperties.ConfirmationUrl must be given');
      if (Status !== 'IN_PROGRESS') throw invalidRequest(`Status of a new destination cannot be '${Status}'`);
      return state(await destinations.create(url));
    },
    async update({ Status }, previous, { physicalId }) {
      if (Status !== undefined && Status !== previous.Status) await destinations.setStatus(physicalId, Status);
      return state(destinations.get(physicalId));
    },
    async delete({ physicalId }) {
      if (destinations.has(physicalId)) await destinations.delete(physicalId);
    },
  };
}

function state({ arn, statusReason }: Destination): ResourceState {
  return { physicalId: arn, attributes: { Arn: arn, StatusReason: statusReason ?? '' } };
}
