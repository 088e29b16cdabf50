import type { Established } from '../client.ts';
import { malformed } from '../reason-codes.ts';

/**
 * PUBACK (§3.4). Its reason code does not matter: with any, the message is not sent again [MQTT-4.3.2-3] and frees its
 * place in the window (§4.9).
 */
export function handlePuback(state: Established, buffer: Buffer, start: number, end: number): void {
  if (end - start < 2) throw malformed('PUBACK without a packet identifier');
  state.session.queue.acknowledge(((buffer[start] as number) << 8) | (buffer[start + 1] as number));
}
