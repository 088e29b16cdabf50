import type { Client, Established } from '../client.ts';
import { REASON } from '../reason-codes.ts';
import { isTopicFilter, parseSharedFilter } from '../topic.ts';
import { unsuback } from '../wire/control-packets.ts';
import { PacketReader } from '../wire/packet-reader.ts';
import { readUnsubscribe } from '../wire/subscription-packets.ts';
import { subjectOf } from './subscribe.ts';

/** UNSUBSCRIBE (§3.10). */
export function handleUnsubscribe(
  client: Client,
  state: Established,
  buffer: Buffer,
  start: number,
  end: number,
): void {
  const { core, protocolVersion } = client;
  const { session } = state;
  const packet = readUnsubscribe(new PacketReader(buffer, start, end), protocolVersion);
  const removed: string[] = [];
  const codes = packet.filters.map((filter) => {
    if (!isTopicFilter(filter) || parseSharedFilter(filter) === 'malformed') return REASON.topicFilterInvalid;
    // [MQTT-3.10.4-1]: compared character by character
    if (!core.subscriptions.remove(session, filter)) return REASON.noSubscriptionExisted;
    removed.push(filter);
    return REASON.success;
  });
  const answer = (): void => {
    if (!client.closed) client.output.push(unsuback(protocolVersion, packet.packetId, codes));
  };
  core.lifecycle.subscriptions('unsubscribed', subjectOf(state), removed);
  if (removed.length === 0 || !session.persistent) {
    answer();
    return;
  }
  core.sessions.save(session, undefined);
  core.commits.request().then(answer, (error: unknown) => client.ingressFailed(error));
}
