import type { Dice } from '../dice.ts';

/** RFC 6455 §5.2: a frame of a client, with lengths, masks and opcodes that need not be right. */
function frame(dice: Dice): Buffer {
  const opcode = dice.pick([0, 1, 2, 2, 2, 2, 3, 8, 9, 10, 11, 15]);
  const first = (dice.chance(0.8) ? 0x80 : 0) | (dice.chance(0.1) ? dice.pick([0x10, 0x20, 0x40]) : 0) | opcode;
  const body = dice.bytes(dice.pick([0, 2, 20, 125]));
  const masked = dice.chance(0.9) ? 0x80 : 0;
  const length = dice.pick([
    Buffer.from([masked | body.length]),
    Buffer.from([masked | 126, 0, body.length]),
    Buffer.from([masked | 126, 0xff, 0xff]),
    Buffer.from([masked | 127, 0, 0, 0, 0, 0, 0, 0, body.length]),
    Buffer.from([masked | 127, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff]),
  ]);
  return Buffer.concat([Buffer.from([first]), length, masked === 0 ? Buffer.alloc(0) : Buffer.alloc(4), body]);
}

/** An upgrade to MQTT over WebSocket that says too little or too much, followed by frames that are no MQTT. */
export function webSocketRubbish(dice: Dice, host: string): Buffer {
  const signature = `X-Amz-Algorithm=${dice.pick(['AWS4-HMAC-SHA256', 'AWS4-ECDSA-P256-SHA256', ''])}&X-Amz-Credential=${dice.pick(['', 'a', 'AKID/20260101/us-east-1/iotdevicegateway/aws4_request', '%ff%00'])}&X-Amz-Date=${dice.pick(['', '20260101T000000Z', '%'])}&X-Amz-SignedHeaders=host&X-Amz-Signature=${dice.text(64, '0123456789abcdef')}`;
  const query = dice.pick([
    '',
    '',
    '',
    `?${signature}`,
    '?x-amz-customauthorizer-name=verify&token=%zz',
    '?%',
    `?${'a'.repeat(20_000)}`,
  ]);
  const lines = [
    `${dice.chance(0.9) ? 'GET' : dice.pick(['POST', 'CONNECT', 'OPTIONS'])} ${dice.chance(0.9) ? '/mqtt' : dice.pick(['/', '/mqtt/x', '//mqtt', '*'])}${query} HTTP/1.1`,
    `Host: ${host}`,
    'Connection: Upgrade',
    `Upgrade: ${dice.chance(0.9) ? 'websocket' : dice.pick(['h2c', 'mqtt', ''])}`,
    `Sec-WebSocket-Version: ${dice.chance(0.9) ? '13' : dice.pick(['8', '-1', 'x'])}`,
    `Sec-WebSocket-Key: ${dice.chance(0.9) ? 'dGhlIHNhbXBsZSBub25jZQ==' : dice.pick(['', 'x', '='.repeat(24)])}`,
    ...(dice.chance(0.9)
      ? [`Sec-WebSocket-Protocol: ${dice.pick(['mqtt', 'mqtt', 'mqttv3.1', 'mqtt, mqtt', ',,', 'ü'])}`]
      : []),
    ...(dice.chance(0.1) ? ['Sec-WebSocket-Extensions: permessage-deflate; client_max_window_bits=99'] : []),
    ...(dice.chance(0.2) ? [`x-amz-customauthorizer-signature: ${dice.text(20)}`] : []),
  ];
  const frames = Array.from({ length: dice.int(5) }, () => frame(dice));
  return Buffer.concat([Buffer.from(`${lines.join('\r\n')}\r\n\r\n`, 'latin1'), ...frames]);
}
