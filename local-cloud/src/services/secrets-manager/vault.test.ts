import { mkdtempSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { systemEntropy } from '../../core/entropy.ts';
import { Vault } from './vault.ts';

const directory = () => mkdtempSync(join(tmpdir(), 'fleetwright-vault-'));

test('what is sealed opens again after a restart, and only in its own place', () => {
  const path = directory();
  const sealed = Vault.open(path, systemEntropy, false).seal(Buffer.from('hunter2'), 'secret/1');
  const reopened = Vault.open(path, systemEntropy, true);
  expect(reopened.open(sealed, 'secret/1').toString()).toBe('hunter2');
  expect(() => reopened.open(sealed, 'secret/2')).toThrow(expect.objectContaining({ code: 'DecryptionFailure' }));
});

test('a changed byte is noticed', () => {
  const vault = Vault.open(directory(), systemEntropy, false);
  const bytes = Buffer.from(vault.seal(Buffer.from('hunter2'), 'p'), 'base64');
  bytes[bytes.length - 1] = (bytes.at(-1) as number) ^ 1;
  expect(() => vault.open(bytes.toString('base64'), 'p')).toThrow(
    expect.objectContaining({ code: 'DecryptionFailure' }),
  );
});

test('the key is readable by its owner only', () => {
  const path = directory();
  Vault.open(path, systemEntropy, false);
  expect(statSync(join(path, 'values.key')).mode & 0o777).toBe(0o600);
});

test('a missing key is not replaced while secrets are kept', () => {
  const path = directory();
  Vault.open(path, systemEntropy, false);
  rmSync(join(path, 'values.key'));
  expect(() => Vault.open(path, systemEntropy, true)).toThrow(
    expect.objectContaining({ code: 'DATA_DIRECTORY_UNUSABLE' }),
  );
});
