import { PacketCutter } from './packet-cutter.ts';

test('packets are cut out of a stream wherever its chunks end', () => {
  const stream = Buffer.from([0xc0, 0, 0x30, 0x83, 0x01, ...Buffer.alloc(131, 7), 0xe0, 0]);
  for (const size of [1, 2, 3, 50, stream.length]) {
    const packets: Buffer[] = [];
    const cutter = new PacketCutter((packet) => packets.push(packet));
    for (let at = 0; at < stream.length; at += size) cutter.push(stream.subarray(at, at + size));
    expect(packets.map(({ length }) => length)).toEqual([2, 134, 2]);
    expect(Buffer.concat(packets)).toEqual(stream);
  }
});

test('a length of five bytes is passed on for the server to refuse', () => {
  const packets: Buffer[] = [];
  new PacketCutter((packet) => packets.push(packet)).push(Buffer.from([0x30, 0xff, 0xff, 0xff, 0xff, 0x01]));
  expect(packets).toHaveLength(1);
});
