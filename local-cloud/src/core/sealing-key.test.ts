import { mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { systemEntropy } from './entropy.ts';
import { SealingKey } from './sealing-key.ts';

let directory: string;
let path: string;
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'fleetwright-sealing-'));
  path = join(directory, 'own', 'root.key');
});
afterEach(() => rmSync(directory, { recursive: true, force: true }));

test('what is sealed opens after a restart for its own place, and for no other', () => {
  const sealed = SealingKey.open(path, systemEntropy, false).seal(Buffer.from('secret'), 'here');
  expect(Buffer.from(sealed, 'base64').includes('secret')).toBe(false);
  const again = SealingKey.open(path, systemEntropy, true);
  expect(again.open(sealed, 'here').toString()).toBe('secret');
  expect(() => again.open(sealed, 'there')).toThrow();
  const bytes = Buffer.from(sealed, 'base64');
  bytes[bytes.length - 1] = (bytes.at(-1) as number) ^ 1;
  expect(() => again.open(bytes.toString('base64'), 'here')).toThrow();
  expect(() => again.open('AAAA', 'here')).toThrow();
});

test('the key is the owner’s alone, and neither a missing nor a broken one is replaced', () => {
  SealingKey.open(path, systemEntropy, false);
  expect(statSync(path).mode & 0o777).toBe(0o600);
  writeFileSync(path, 'short');
  expect(() => SealingKey.open(path, systemEntropy, false)).toThrow(
    expect.objectContaining({ code: 'DATA_DIRECTORY_UNUSABLE' }),
  );
  rmSync(path);
  expect(() => SealingKey.open(path, systemEntropy, true)).toThrow(
    expect.objectContaining({ code: 'DATA_DIRECTORY_UNUSABLE' }),
  );
});
