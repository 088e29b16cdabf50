import { connect as connectTcp, type Socket } from 'node:net';
import { connect as connectTls } from 'node:tls';
import type { Dice } from '../dice.ts';
import { rawHttp } from './raw-http.ts';
import { webSocketRubbish } from './websocket-rubbish.ts';

export interface RubbishTarget {
  readonly host: string;
  readonly apiPort: number;
  readonly mqttPort: number;
  readonly ca: Buffer;
}

/** ms that a server gets to answer or to close */
const PATIENCE = 25;

/** One connection of plain rubbish: bare bytes on either port, half a TLS handshake, odd HTTP or WebSocket inside TLS. */
export async function throwRubbish(dice: Dice, target: RubbishTarget): Promise<void> {
  const port = dice.chance(0.5) ? target.apiPort : target.mqttPort;
  switch (dice.weighted({ bare: 30, hello: 20, silent: 5, http: 30, webSocket: 15, mqttInTls: 10 })) {
    case 'bare':
      return speak(connectTcp({ host: target.host, port }), 'connect', bareBytes(dice), PATIENCE);
    case 'hello':
      return speak(connectTcp({ host: target.host, port }), 'connect', tlsHello(dice), PATIENCE);
    case 'silent':
      return speak(connectTcp({ host: target.host, port }), 'connect', Buffer.alloc(0), PATIENCE);
    case 'http': {
      const { bytes, open } = rawHttp(dice, `${target.host}:${target.apiPort}`);
      return speak(tls(target, target.apiPort), 'secureConnect', bytes, open ? PATIENCE : 10 * PATIENCE);
    }
    case 'webSocket': {
      const bytes = webSocketRubbish(dice, `${target.host}:${target.mqttPort}`);
      return speak(tls(target, target.mqttPort), 'secureConnect', bytes, 4 * PATIENCE);
    }
    case 'mqttInTls':
      // Without a client certificate: the first byte tells HTTP, and anything else is cut off.
      return speak(tls(target, target.mqttPort), 'secureConnect', dice.bytes(dice.between(1, 300)), 4 * PATIENCE);
  }
}

function tls({ ca, host }: RubbishTarget, port: number): Socket {
  return connectTls({ host, port, servername: host, ca });
}

/** Writes, waits a little, and goes away without a word. */
function speak(socket: Socket, ready: 'connect' | 'secureConnect', bytes: Buffer, patience: number): Promise<void> {
  return new Promise((resolve) => {
    const timer = setTimeout(() => socket.destroy(), 30_000);
    socket.on('error', () => {});
    socket.on('close', () => {
      clearTimeout(timer);
      resolve();
    });
    socket.on('data', () => {});
    socket.once(ready, () => {
      socket.write(bytes);
      setTimeout(() => socket.destroy(), patience);
    });
  });
}

function bareBytes(dice: Dice): Buffer {
  return dice.pick([
    () => dice.bytes(dice.between(1, 3_000)),
    () => Buffer.from('GET / HTTP/1.1\r\nHost: localhost\r\n\r\n'),
    () => Buffer.from([0x10, 0x0c, 0x00, 0x04, 0x4d, 0x51, 0x54, 0x54, 0x04, 0x02, 0x00, 0x3c, 0x00, 0x00]),
    () => Buffer.from('SSH-2.0-OpenSSH_9.6\r\n'),
    () => Buffer.alloc(dice.between(1, 70_000), dice.int(256)),
  ])();
}

/** The beginning of a TLS record, with lengths and versions that may be anything. */
function tlsHello(dice: Dice): Buffer {
  const body = dice.bytes(dice.between(0, 400));
  const record = Buffer.from([dice.pick([0x16, 0x15, 0x17, 0x80]), 0x03, dice.int(5), 0, 0]);
  record.writeUInt16BE(dice.pick([body.length, 0, 1, 0xffff]), 3);
  const hello = Buffer.from([0x01, 0x00, dice.int(256), dice.int(256), 0x03, 0x03]);
  return Buffer.concat([record, hello, body]);
}
