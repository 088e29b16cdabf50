import { deflateRawSync } from 'node:zlib';
import { readZip } from './zip.ts';

/** Writes an archive by the letter of PKWARE APPNOTE 6.3: local headers, central directory, end record. */
function zip(files: Record<string, string>, deflate: boolean): Buffer {
  const locals: Buffer[] = [];
  const centrals: Buffer[] = [];
  let offset = 0;
  for (const [name, text] of Object.entries(files)) {
    const data = deflate ? deflateRawSync(Buffer.from(text)) : Buffer.from(text);
    const local = Buffer.alloc(30);
    local.writeUInt32LE(0x04034b50, 0);
    local.writeUInt16LE(name.length, 26);
    const central = Buffer.alloc(46);
    central.writeUInt32LE(0x02014b50, 0);
    central.writeUInt16LE(deflate ? 8 : 0, 10);
    central.writeUInt32LE(data.length, 20);
    central.writeUInt32LE(Buffer.byteLength(text), 24);
    central.writeUInt16LE(name.length, 28);
    central.writeUInt32LE(offset, 42);
    locals.push(local, Buffer.from(name), data);
    centrals.push(central, Buffer.from(name));
    offset += 30 + name.length + data.length;
  }
  const end = Buffer.alloc(22);
  end.writeUInt32LE(0x06054b50, 0);
  end.writeUInt16LE(Object.keys(files).length, 10);
  end.writeUInt32LE(offset, 16);
  return Buffer.concat([...locals, ...centrals, end]);
}

test.each([true, false])('reads files of an archive (deflated: %s)', (deflate) => {
  const files = { 'index.js': 'exports.handler = 1;', 'lib/deep/a.txt': 'a'.repeat(10_000) };
  const read = readZip(zip(files, deflate), 1_000_000);
  expect(Object.fromEntries(read.map((entry) => [entry.path, entry.content.toString()]))).toEqual(files);
});

test('refuses what is no archive, leaves the directory, or grows beyond the bound', () => {
  expect(() => readZip(Buffer.from('hello'), 100)).toThrow('not a ZIP archive');
  expect(() => readZip(zip({ '../evil.js': 'x' }, false), 100)).toThrow('leaves the archive');
  expect(() => readZip(zip({ '/etc/passwd': 'x' }, false), 100)).toThrow('leaves the archive');
  expect(() => readZip(zip({ 'a.txt': 'a'.repeat(101) }, true), 100)).toThrow('must be smaller than 100 bytes');
});
