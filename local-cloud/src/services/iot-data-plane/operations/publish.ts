import type { PublishRequest } from '@aws-sdk/client-iot-data-plane';
import type { ApiCall, Operation } from '../../../core/api.ts';
import { ConstraintViolations } from '../../../core/constraint-violations.ts';
import { AwsError, NotImplementedError } from '../../../core/errors.ts';
import type { Permission } from '../../../core/iam/authorizer.ts';
import type { Principal } from '../../../core/iam/principal.ts';
import type { MqttMessage } from '../../../core/mqtt.ts';
import { MAX_PUBLISH_BYTES } from '../limits.ts';
import { type DataPlaneService, invalidRequest, topicArn } from './data-plane-service.ts';
import { messageProperties } from './message-properties.ts';

/** What rules see as the client id of a message that did not come over MQTT (`iot-sql-functions`, "clientid()"). */
const NO_CLIENT_ID = 'n/a';
const BASIC_INGEST = '$aws/rules/';

/** Publishes an MQTT message over HTTPS (developer guide, `http`). */
export function publish({ context }: DataPlaneService): Operation<PublishRequest, object> {
  return {
    name: 'Publish',
    authorize(input) {
      const resource = topicArn(context.account, input.topic);
      const permissions: Permission[] = [{ action: 'iot:Publish', resource }];
      if (input.retain === true) permissions.push({ action: 'iot:RetainPublish', resource });
      return permissions;
    },
    async handle(input, call) {
      const message = messageOf(input, call, context.clock.now());
      refuseReserved(message, context.ports.get('reservedTopics').find(message.topic) !== undefined);
      await context.ports.get('broker').publish(message);
      return {};
    },
  };
}

function messageOf(input: PublishRequest, call: ApiCall, now: number): MqttMessage {
  const { topic, qos = 0, retain = false } = input;
  new ConstraintViolations().required('topic', topic).range('qos', qos, 0, 1).throwIfAny('InvalidRequestException');
  const payload = Buffer.from(input.payload ?? []);
  if (payload.length > MAX_PUBLISH_BYTES) {
    throw new AwsError('RequestEntityTooLargeException', 'The payload exceeds the maximum size allowed', 413);
  }
  const properties = messageProperties(input);
  return {
    topic: topic as string,
    payload,
    qos: qos === 1 ? 1 : 0,
    retain,
    receivedAt: now,
    publisher: { clientId: NO_CLIENT_ID, principalId: principalIdOf(call.principal), sourceIp: call.sourceIp },
    ...(properties === undefined ? {} : { properties }),
  };
}

/** Reserved topics are AWS's own to publish to, but for requests to its services (developer guide, `reserved-topics`). */
function refuseReserved({ topic, retain }: MqttMessage, handled: boolean): void {
  if (!topic.startsWith('$')) return;
  // "You can't publish to a reserved topic with the RETAIN flag set." (`mqtt`, "Creating a retained message")
  if (retain) throw invalidRequest(`The reserved topic '${topic}' takes no retained messages`);
  if (topic.startsWith(BASIC_INGEST) || handled) return;
  if (topic.startsWith('$aws/things/')) throw new NotImplementedError(`publishing to ${topic} over HTTP`);
  throw invalidRequest(`Nothing can be published to the reserved topic '${topic}'`);
}

/** What rules see as `principal()`: of AWS credentials the user id, of a device that of its connection. */
function principalIdOf(principal: Principal): string {
  switch (principal.kind) {
    case 'account':
    case 'assumed-role':
      return principal.userId;
    case 'device':
      return principal.principalId;
    case 'service':
      return principal.service;
    case 'anonymous':
      return 'anonymous';
  }
}
