import type { SendDirectMessageRequest, SendDirectMessageResponse } from '@aws-sdk/client-iot-data-plane';
import type { Operation } from '../../../core/api.ts';
import type { DirectDelivery } from '../../../core/client-connections.ts';
import { ConstraintViolations } from '../../../core/constraint-violations.ts';
import { AwsError } from '../../../core/errors.ts';
import {
  DEFAULT_CONFIRMATION_SECONDS,
  MAX_CONFIRMATION_SECONDS,
  MAX_PUBLISH_BYTES,
  MAX_TOPIC_BYTES,
} from '../limits.ts';
import {
  clientArn,
  type DataPlaneService,
  invalidRequest,
  requireClientId,
  resourceNotFound,
} from './data-plane-service.ts';
import { messageProperties } from './message-properties.ts';

/**
 * A message to one connected client, whether or not it has subscribed (developer guide, `direct-messaging`): not for
 * rules, not queued, not retained.
 */
export function sendDirectMessage({
  context,
}: DataPlaneService): Operation<SendDirectMessageRequest, SendDirectMessageResponse> {
  return {
    name: 'SendDirectMessage',
    // "The target client ID is specified as the resource and the iot:Topic condition key …" (`direct-messaging`).
    authorize: ({ clientId, topic }) => [
      {
        action: 'iot:SendDirectMessage',
        resource: clientArn(context.account, clientId),
        conditions: { 'iot:Topic': topic ?? '' },
      },
    ],
    async handle(input, call) {
      const { clientId, topic, confirmation = false, timeout = DEFAULT_CONFIRMATION_SECONDS } = input;
      requireClientId(clientId);
      checkTopic(topic);
      // "If confirmation is false, this parameter is ignored."
      if (confirmation) {
        new ConstraintViolations()
          .range('timeout', timeout, 1, MAX_CONFIRMATION_SECONDS)
          .throwIfAny('InvalidRequestException');
      }
      const payload = Buffer.from(input.payload ?? []);
      if (payload.length > MAX_PUBLISH_BYTES) {
        throw new AwsError('RequestEntityTooLargeException', 'The payload exceeds the maximum size allowed', 413);
      }
      const properties = messageProperties(input);
      const message = {
        topic,
        payload,
        qos: confirmation ? (1 as const) : (0 as const),
        retain: false,
        receivedAt: context.clock.now(),
        ...(properties === undefined ? {} : { properties }),
      };
      const confirmWithin = confirmation ? timeout * 1000 : undefined;
      const outcome = await context.ports.get('clientConnections').send(clientId, message, confirmWithin);
      const failure = failureOf(outcome, clientId);
      if (failure !== undefined) throw failure;
      return { message: 'OK', traceId: call.requestId };
    },
  };
}

/** @throws AwsError `InvalidRequestException` */
function checkTopic(topic: string | undefined): asserts topic is string {
  if (topic === undefined || topic === '') throw invalidRequest('A topic is required');
  if (/[#+]/.test(topic) || Buffer.byteLength(topic) > MAX_TOPIC_BYTES) {
    throw invalidRequest(`The topic name '${topic}' is not valid`);
  }
  if (topic.startsWith('$')) throw invalidRequest(`The topic '${topic}' is reserved`);
}

function failureOf(outcome: DirectDelivery, clientId: string): AwsError | undefined {
  switch (outcome) {
    case 'delivered':
      return undefined;
    case 'not-connected':
      return resourceNotFound(`No client is connected with client id: ${clientId}`);
    case 'not-authorized':
      return new AwsError('ForbiddenException', 'Forbidden', 403);
    case 'unconfirmed':
      return new AwsError('GatewayTimeoutException', 'The delivery confirmation was not received in time', 504);
  }
}
