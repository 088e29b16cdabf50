import type {
  ConfirmTopicRuleDestinationRequest,
  CreateTopicRuleDestinationRequest,
  CreateTopicRuleDestinationResponse,
  DeleteTopicRuleDestinationRequest,
  GetTopicRuleDestinationRequest,
  GetTopicRuleDestinationResponse,
  ListTopicRuleDestinationsRequest,
  ListTopicRuleDestinationsResponse,
  TopicRuleDestination,
  UpdateTopicRuleDestinationRequest,
} from '@aws-sdk/client-iot';
import { type Account, arn } from '../../core/account.ts';
import type { Operation } from '../../core/api.ts';
import { type Destination, type RuleDestinations, requireHttpOnly } from '../destinations/rule-destinations.ts';
import { MAX_LIST_DESTINATIONS } from '../limits.ts';
import { invalidRequest } from '../rule-payload.ts';

/** Operations of HTTP topic rule destinations (developer guide, `rule-destination`). */
export function topicRuleDestinationOperations(destinations: RuleDestinations, account: Account): readonly Operation[] {
  const any = arn(account, 'iot', 'ruledestination/*');

  const create: Operation<CreateTopicRuleDestinationRequest, CreateTopicRuleDestinationResponse> = {
    name: 'CreateTopicRuleDestination',
    authorize: () => [{ action: 'iot:CreateTopicRuleDestination', resource: any }],
    async handle({ destinationConfiguration }) {
      if (destinationConfiguration === undefined) throw invalidRequest('destinationConfiguration must not be null');
      requireHttpOnly(destinationConfiguration);
      const confirmationUrl = destinationConfiguration.httpUrlConfiguration?.confirmationUrl;
      if (confirmationUrl === undefined) {
        throw invalidRequest('destinationConfiguration.httpUrlConfiguration.confirmationUrl must not be null');
      }
      return { topicRuleDestination: show(await destinations.create(confirmationUrl)) };
    },
  };

  const confirm: Operation<ConfirmTopicRuleDestinationRequest, object> = {
    name: 'ConfirmTopicRuleDestination',
    authorize: () => [{ action: 'iot:ConfirmTopicRuleDestination', resource: any }],
    async handle({ confirmationToken }) {
      await destinations.confirm(confirmationToken, 'ENABLED');
      return {};
    },
  };

  const get: Operation<GetTopicRuleDestinationRequest, GetTopicRuleDestinationResponse> = {
    name: 'GetTopicRuleDestination',
    authorize: (input) => [{ action: 'iot:GetTopicRuleDestination', resource: input.arn ?? any }],
    handle: (input) => ({ topicRuleDestination: show(destinations.get(input.arn)) }),
  };

  const update: Operation<UpdateTopicRuleDestinationRequest, object> = {
    name: 'UpdateTopicRuleDestination',
    authorize: (input) => [{ action: 'iot:UpdateTopicRuleDestination', resource: input.arn ?? any }],
    async handle(input) {
      await destinations.setStatus(input.arn, input.status);
      return {};
    },
  };

  const remove: Operation<DeleteTopicRuleDestinationRequest, object> = {
    name: 'DeleteTopicRuleDestination',
    authorize: (input) => [{ action: 'iot:DeleteTopicRuleDestination', resource: input.arn ?? any }],
    async handle(input) {
      await destinations.delete(input.arn);
      return {};
    },
  };

  const list: Operation<ListTopicRuleDestinationsRequest, ListTopicRuleDestinationsResponse> = {
    name: 'ListTopicRuleDestinations',
    authorize: () => [{ action: 'iot:ListTopicRuleDestinations', resource: '*' }],
    handle({ maxResults = MAX_LIST_DESTINATIONS, nextToken }) {
      if (maxResults < 1 || maxResults > MAX_LIST_DESTINATIONS) {
        throw invalidRequest(`maxResults must be from 1 to ${MAX_LIST_DESTINATIONS}`);
      }
      const after = nextToken === undefined ? '' : Buffer.from(nextToken, 'base64url').toString();
      const rest = destinations.all().filter((destination) => destination.arn > after);
      const page = rest.slice(0, maxResults);
      const last = page.at(-1);
      return {
        destinationSummaries: page.map((destination) => {
          const { httpUrlProperties, ...summary } = show(destination);
          return { ...summary, httpUrlSummary: { ...httpUrlProperties } };
        }),
        ...(rest.length > page.length && last !== undefined
          ? { nextToken: Buffer.from(last.arn).toString('base64url') }
          : {}),
      };
    },
  };

  return [create, confirm, get, update, remove, list];
}

function show(destination: Destination): TopicRuleDestination {
  const { arn: destinationArn, status, statusReason, createdAt, updatedAt, confirmationUrl } = destination;
  return {
    arn: destinationArn,
    status,
    createdAt: new Date(createdAt),
    lastUpdatedAt: new Date(updatedAt),
    ...(statusReason === undefined ? {} : { statusReason }),
    httpUrlProperties: { confirmationUrl },
  };
}
