import type { Client } from './client.ts';
import { handleConnect } from './packets/connect.ts';
import { handleDisconnect } from './packets/disconnect.ts';
import { handlePuback } from './packets/puback.ts';
import { handlePublish } from './packets/publish.ts';
import { handleSubscribe } from './packets/subscribe.ts';
import { handleUnsubscribe } from './packets/unsubscribe.ts';
import { malformed, protocolError } from './reason-codes.ts';
import { PINGRESP } from './wire/control-packets.ts';

/** First byte of the packets whose flags are fixed (§2.1.3); PUBLISH carries its own. */
const CONNECT = 0x10;
const PUBACK = 0x40;
const SUBSCRIBE = 0x82;
const UNSUBSCRIBE = 0xa2;
const PINGREQ = 0xc0;
const DISCONNECT = 0xe0;

/** One packet to its handler. @throws ProtocolViolation */
export function handlePacket(client: Client, header: number, buffer: Buffer, start: number, end: number): void {
  const { state } = client;
  if (state === undefined) {
    // [MQTT-3.1.0-1]
    if (header !== CONNECT) throw protocolError('the first packet is not a CONNECT');
    handleConnect(client, buffer, start, end);
    return;
  }
  if ((header & 0xf0) === 0x30) {
    handlePublish(client, state, header, buffer, start, end);
    return;
  }
  switch (header) {
    case PUBACK:
      handlePuback(state, buffer, start, end);
      break;
    case PINGREQ:
      // [MQTT-3.12.4-1]
      if (end !== start) throw malformed('PINGREQ with content');
      client.output.push(PINGRESP);
      break;
    case SUBSCRIBE:
      handleSubscribe(client, state, buffer, start, end);
      break;
    case UNSUBSCRIBE:
      handleUnsubscribe(client, state, buffer, start, end);
      break;
    case DISCONNECT:
      handleDisconnect(client, state, buffer, start, end);
      break;
    case CONNECT:
      handleConnect(client, buffer, start, end);
      break;
    default:
      // Server-to-client packets, wrong flags [MQTT-2.1.3-1], and "AWS IoT doesn't support … PUBREC, PUBREL, PUBCOMP,
      // and AUTH" (developer guide, mqtt.html, "AWS IoT differences from MQTT specifications").
      throw protocolError(`packet type ${header >> 4} is not accepted here`);
  }
}
