import { execFile } from 'node:child_process';
import { createHash, createPublicKey, verify } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import type { TokenKey } from '../connection/connection-options.ts';
import { DeviceError, reasonOf } from '../errors.ts';
import { type DeviceKey, FIRST_KEY, type KeyReference, type KeyStore } from './device-key.ts';
import { signingRequest } from './signing-request.ts';
import { toolEnvironment } from './tool-environment.ts';

/** A PKCS#11 token. */
export interface TokenOptions extends Omit<TokenKey, 'keyLabel'> {
  /** OpenSC's tool. @default 'pkcs11-tool' */
  readonly tool?: string | undefined;
  /** Before the names of keys, where several devices share a token. @default '' */
  readonly keyPrefix?: string | undefined;
}

const run = promisify(execFile);
/** The PIN travels in the environment of the tool, where arguments would show it to everybody. */
const PIN_VARIABLE = 'FLEETWRIGHT_TOKEN_PIN';
/** ms; a smart card takes a second for a signature, a network HSM longer */
const TOOL_TIMEOUT = 30_000;
const SPKI_LENGTH = 91;

/**
 * Keys on a PKCS#11 token, made there, sensitive and not extractable. `pkcs11-tool` of OpenSC makes them and signs; the
 * device SDK connects with them. A process of its own for each use: a token's library belongs to a whole process, and
 * the SDK has it loaded.
 */
export class TokenKeyStore implements KeyStore {
  readonly #token: TokenOptions;

  constructor(token: TokenOptions) {
    this.#token = token;
  }

  async create(name: string): Promise<DeviceKey> {
    const label = `${this.#token.keyPrefix ?? ''}${name}`;
    if (!(await this.#keys()).has(label)) {
      const id = createHash('sha256').update(label).digest('hex').slice(0, 16);
      await this.#tool([
        '--keypairgen',
        '--key-type',
        'EC:prime256v1',
        '--label',
        label,
        '--id',
        id,
        '--sensitive',
        '--usage-sign',
      ]);
    }
    return this.#key(label);
  }

  async open(reference: KeyReference): Promise<DeviceKey> {
    if (reference.kind !== 'token') {
      throw new DeviceError('KEY_UNUSABLE', `the key is in the file ${reference.file}, but a token is configured`);
    }
    return this.#key(reference.label);
  }

  async remove(reference: KeyReference): Promise<void> {
    const id = reference.kind === 'token' ? (await this.#keys()).get(reference.label) : undefined;
    if (id === undefined) return;
    for (const type of ['privkey', 'pubkey']) await this.#tool(['--delete-object', '--type', type, '--id', id]);
  }

  async list(): Promise<KeyReference[]> {
    const prefix = `${this.#token.keyPrefix ?? ''}${FIRST_KEY}`;
    const labels = [...(await this.#keys()).keys()].filter((label) => label.startsWith(prefix));
    return labels.map((label) => ({ kind: 'token', label }));
  }

  #key(label: string): DeviceKey {
    const { library, pin, tokenLabel } = this.#token;
    const sign = (bytes: Uint8Array): Promise<Buffer> => this.#sign(label, bytes);
    return {
      reference: { kind: 'token', label },
      connection: { token: { library, tokenLabel, pin, keyLabel: label } },
      sign,
      signingRequest: async (commonName) =>
        signingRequest({ commonName, publicKey: await this.#publicKey(await this.#id(label)), sign }),
    };
  }

  /**
   * Ids of the private keys, which only a logged-in user sees, by label. Everything else goes by id: the tool takes a label
   * for signing and signs with whichever key comes first (OpenSC 0.23).
   */
  async #keys(): Promise<Map<string, string>> {
    const text = (await this.#tool(['--list-objects', '--type', 'privkey'])).toString();
    const keys = new Map<string, string>();
    for (const object of text.split(/^(?=\S)/m)) {
      const label = /^\s+label:\s+(.*?)\s*$/m.exec(object)?.[1];
      const id = /^\s+ID:\s+([0-9a-f]+)\s*$/m.exec(object)?.[1];
      if (label !== undefined && id !== undefined) keys.set(label, id);
    }
    return keys;
  }

  async #id(label: string): Promise<string> {
    const id = (await this.#keys()).get(label);
    if (id !== undefined) return id;
    throw new DeviceError('KEY_UNUSABLE', `token '${this.#token.tokenLabel}' has no key '${label}'`);
  }

  async #publicKey(id: string): Promise<Buffer> {
    const key = await this.#withFile(Buffer.alloc(0), (_input, output) =>
      this.#tool(['--read-object', '--type', 'pubkey', '--id', id, '--output-file', output]),
    );
    if (key.length === SPKI_LENGTH) return key;
    throw new DeviceError('KEY_UNUSABLE', `key ${id} on token '${this.#token.tokenLabel}' is not on P-256`);
  }

  /** The digest is made here: tokens that hash themselves are the exception. */
  async #sign(label: string, bytes: Uint8Array): Promise<Buffer> {
    const id = await this.#id(label);
    const digest = createHash('sha256').update(bytes).digest();
    const how = ['--sign', '--mechanism', 'ECDSA', '--signature-format', 'openssl', '--id', id];
    const signature = await this.#withFile(digest, (input, output) =>
      this.#tool([...how, '--input-file', input, '--output-file', output]),
    );
    const key = createPublicKey({ key: await this.#publicKey(id), format: 'der', type: 'spki' });
    if (verify('sha256', bytes, key, signature)) return signature;
    throw new DeviceError('KEY_UNUSABLE', `token '${this.#token.tokenLabel}' signed with another key than '${label}'`);
  }

  async #withFile(input: Uint8Array, use: (input: string, output: string) => Promise<unknown>): Promise<Buffer> {
    const directory = mkdtempSync(join(tmpdir(), 'fleetwright-token-'));
    try {
      const [from, to] = [join(directory, 'in'), join(directory, 'out')];
      writeFileSync(from, input, { mode: 0o600 });
      await use(from, to);
      return readFileSync(to);
    } finally {
      rmSync(directory, { recursive: true, force: true });
    }
  }

  async #tool(args: readonly string[]): Promise<Buffer> {
    const { library, pin, tokenLabel, tool = 'pkcs11-tool' } = this.#token;
    const place = ['--module', library, '--token-label', tokenLabel];
    const who = ['--login', '--pin', `env:${PIN_VARIABLE}`];
    try {
      const { stdout } = await run(tool, [...place, ...who, ...args], {
        encoding: 'buffer',
        env: toolEnvironment({ [PIN_VARIABLE]: pin }),
        timeout: TOOL_TIMEOUT,
      });
      return stdout;
    } catch (error) {
      const { code, stderr } = error as { code?: unknown; stderr?: Buffer };
      const missing = code === 'ENOENT' ? `${tool} is not installed (Debian package opensc)` : undefined;
      const said = stderr?.toString().trim().split('\n').slice(-3).join(' ');
      throw new DeviceError('KEY_UNUSABLE', `token '${tokenLabel}': ${missing ?? (said || reasonOf(error))}`);
    }
  }
}
