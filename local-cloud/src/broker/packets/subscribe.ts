import type { Client, Established } from '../client.ts';
import { ProtocolViolation, protocolError, REASON, SUBSCRIPTION_FAILURE } from '../reason-codes.ts';
import { hasWildcard, isSubscribable, isTopicFilter, parseSharedFilter, withinTopicLimits } from '../topic.ts';
import { suback } from '../wire/control-packets.ts';
import { PacketReader } from '../wire/packet-reader.ts';
import { readSubscribe, type SubscriptionRequest } from '../wire/subscription-packets.ts';

/** Filters whose retained message is to be sent after the SUBACK. */
interface RetainedRequest {
  readonly topic: string;
  readonly qos: 0 | 1;
}

/** SUBSCRIBE (§3.8). */
export function handleSubscribe(client: Client, state: Established, buffer: Buffer, start: number, end: number): void {
  const { core, protocolVersion } = client;
  const { session } = state;
  const packet = readSubscribe(new PacketReader(buffer, start, end), protocolVersion);
  if (packet.subscriptions.length > core.limits.filtersPerSubscribe) {
    throw new ProtocolViolation(REASON.quotaExceeded, 'too many topic filters in one SUBSCRIBE');
  }
  // "When QoS level 2 is requested, the message broker doesn't send a PUBACK or SUBACK."
  if (packet.subscriptions.some(({ qos }) => qos === 2)) {
    throw new ProtocolViolation(REASON.qosNotSupported, 'QoS 2 is not supported');
  }
  const codes: number[] = [];
  const granted: string[] = [];
  const retained: RetainedRequest[] = [];
  let exceeded = false;
  for (const request of packet.subscriptions) {
    const isNew = !session.subscriptions.has(request.filter);
    const refusal = refusalOf(client, state, request, isNew);
    if (refusal !== undefined) {
      codes.push(protocolVersion === 5 ? refusal : SUBSCRIPTION_FAILURE);
      exceeded ||= refusal === REASON.quotaExceeded;
      if (refusal === REASON.notAuthorized) state.activity?.denied(request.filter, 'subscribe');
      continue;
    }
    const qos = request.qos === 0 ? 0 : 1;
    const { noLocal, retainAsPublished, filter } = request;
    core.subscriptions.add(session, filter, { qos, noLocal, retainAsPublished });
    codes.push(qos);
    granted.push(filter);
    state.activity?.subscribed?.(filter);
    if (wantsRetained(request, isNew)) retained.push({ topic: filter, qos });
  }
  const answer = (): void => {
    if (client.closed) return;
    client.output.push(suback(protocolVersion, packet.packetId, codes));
    sendRetained(client, state, retained);
    // "AWS IoT Core might reject subscription requests … in excess of this amount and the connection is closed."
    if (exceeded) client.close(REASON.quotaExceeded, 'CLIENT_ERROR', 'too many subscriptions');
  };
  if (granted.length > 0) core.lifecycle.subscriptions('subscribed', subjectOf(state), granted);
  if (granted.length === 0 || !session.persistent) {
    answer();
    return;
  }
  // A persistent session's subscription outlives the process once it is acknowledged.
  core.sessions.save(session, undefined);
  core.commits.request().then(answer, (error: unknown) => client.ingressFailed(error));
}

function refusalOf(
  client: Client,
  state: Established,
  request: SubscriptionRequest,
  isNew: boolean,
): number | undefined {
  const { limits, devices } = client.core;
  const shared = parseSharedFilter(request.filter);
  if (shared === 'malformed') return REASON.topicFilterInvalid;
  // [MQTT-3.8.3-4]
  if (shared !== undefined && request.noLocal) throw protocolError('no local on a shared subscription');
  const filter = shared?.filter ?? request.filter;
  if (!isTopicFilter(filter) || !withinTopicLimits(filter, limits) || !isSubscribable(filter)) {
    return REASON.topicFilterInvalid;
  }
  if (!devices.isAllowed(state.connection, 'iot:Subscribe', request.filter)) return REASON.notAuthorized;
  const full = isNew && state.session.subscriptions.size >= limits.subscriptionsPerConnection;
  return full ? REASON.quotaExceeded : undefined;
}

/**
 * Only a filter that is the retained message's own topic receives it, and no shared subscription does (developer guide,
 * mqtt.html, "Subscribing to a retained message topic" and "Shared subscriptions").
 */
function wantsRetained(request: SubscriptionRequest, isNew: boolean): boolean {
  if (hasWildcard(request.filter) || request.filter.startsWith('$share/')) return false;
  return request.retainHandling === 0 || (request.retainHandling === 1 && isNew);
}

function sendRetained(client: Client, { session }: Established, requests: readonly RetainedRequest[]): void {
  for (const { topic, qos } of requests) {
    const message = client.core.retained.get(topic);
    // [MQTT-3.3.1-8]
    if (message !== undefined) session.queue.offer(message, message.qos === 0 ? 0 : qos, true);
  }
}

/** The connection, as lifecycle events name it. */
export function subjectOf(state: Established): {
  clientId: string;
  principalIdentifier: string;
  sessionIdentifier: string;
} {
  return {
    clientId: state.connection.clientId,
    principalIdentifier: state.connection.principalId,
    sessionIdentifier: state.session.identifier,
  };
}
