import type { Client, Established } from '../client.ts';
import { boundSessionExpiry } from '../limits.ts';
import { malformed, protocolError, REASON } from '../reason-codes.ts';
import { readDisconnect } from '../wire/disconnect-packet.ts';
import { PacketReader } from '../wire/packet-reader.ts';

/** DISCONNECT (§3.14). The will goes with a normal one [MQTT-3.14.4-3], and is published on reason code 4. */
export function handleDisconnect(client: Client, state: Established, buffer: Buffer, start: number, end: number): void {
  if (client.protocolVersion === 4) {
    if (end !== start) throw malformed('DISCONNECT with content');
    client.close(REASON.success, 'CLIENT_INITIATED_DISCONNECT', '', false);
    return;
  }
  const { reasonCode, sessionExpiryInterval } = readDisconnect(new PacketReader(buffer, start, end));
  if (sessionExpiryInterval !== undefined) {
    // §3.14.2.2.2 (developer guide, mqtt.html, "Ending a persistent session")
    if (!state.session.persistent && sessionExpiryInterval > 0) {
      throw protocolError('a session that was to end with its connection cannot be kept');
    }
    state.session.expirySeconds = boundSessionExpiry(sessionExpiryInterval, client.core.limits);
  }
  client.close(REASON.success, 'CLIENT_INITIATED_DISCONNECT', '', reasonCode !== REASON.success);
}
