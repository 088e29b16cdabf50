import { createPrivateKey, createSign, type KeyObject, webcrypto, X509Certificate } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { CloudContext } from '../../core/plugin.ts';
import { x509 } from '../../core/x509.ts';

const KEY_ALGORITHM = {
  name: 'RSASSA-PKCS1-v1_5',
  hash: 'SHA-256',
  modulusLength: 2048,
  publicExponent: Uint8Array.of(1, 0, 1),
} as const;

const DAY = 86_400_000;
const LIFETIME = 3650 * DAY;

interface Identity {
  readonly key: KeyObject;
  readonly certificatePem: string;
  /** `SimpleNotificationService-<fingerprint>.pem` */
  readonly fileName: string;
}

/** What is signed of a message, in AWS's order of names (developer guide, "Verifying the signatures of Amazon SNS messages"). */
export type SignedFields = Readonly<Partial<Record<(typeof SIGNED_NAMES)[number], string>>>;

const SIGNED_NAMES = [
  'Message',
  'MessageId',
  'Subject',
  'SubscribeURL',
  'Timestamp',
  'Token',
  'TopicArn',
  'Type',
] as const;

/** Signs messages with a key of this cloud, whose certificate subscribers fetch at `SigningCertURL`. */
export class Signer {
  readonly #context: CloudContext;
  readonly #directory: string;
  #identity: Promise<Identity> | undefined;

  constructor(context: CloudContext) {
    this.#context = context;
    this.#directory = join(context.dataDirectory, 'sns');
  }

  /** Version 1 signs with SHA-1, version 2 with SHA-256. */
  async sign(fields: SignedFields, version: '1' | '2'): Promise<{ Signature: string; SigningCertURL: string }> {
    const { key, fileName } = await this.#load();
    const text = SIGNED_NAMES.map((name) => {
      const value = fields[name];
      return value === undefined ? '' : `${name}\n${value}\n`;
    }).join('');
    return {
      Signature: createSign(version === '1' ? 'sha1' : 'sha256')
        .update(text)
        .sign(key, 'base64'),
      SigningCertURL: `${this.#context.ports.get('endpoints').apiUrl}/_sns/${fileName}`,
    };
  }

  /** The certificate of that name; undefined for another one. */
  async certificate(fileName: string): Promise<string | undefined> {
    const identity = await this.#load();
    return identity.fileName === fileName ? identity.certificatePem : undefined;
  }

  #load(): Promise<Identity> {
    this.#identity ??= this.#read() ?? this.#create();
    return this.#identity;
  }

  #read(): Promise<Identity> | undefined {
    const [certificate, key] = [this.#file('signing.pem'), this.#file('signing-key.pem')];
    if (!existsSync(certificate) || !existsSync(key)) return undefined;
    const certificatePem = readFileSync(certificate, 'utf8');
    const identity = identityOf(certificatePem, createPrivateKey(readFileSync(key)));
    // A crash between the two writes leaves a key without its certificate.
    const pair = new X509Certificate(certificatePem).checkPrivateKey(identity.key);
    return pair ? Promise.resolve(identity) : undefined;
  }

  async #create(): Promise<Identity> {
    const keys = await webcrypto.subtle.generateKey(KEY_ALGORITHM, true, ['sign', 'verify']);
    const now = this.#context.clock.now();
    const certificate = await x509.X509CertificateGenerator.createSelfSigned({
      name: 'CN=sns.amazonaws.com, O=Fleetwright',
      keys,
      serialNumber: `40${this.#context.entropy.bytes(15).toString('hex')}`,
      notBefore: new Date(now - DAY),
      notAfter: new Date(now - DAY + LIFETIME),
      signingAlgorithm: KEY_ALGORITHM,
      extensions: [
        new x509.BasicConstraintsExtension(false, undefined, true),
        new x509.KeyUsagesExtension(x509.KeyUsageFlags.digitalSignature, true),
      ],
    });
    const der = Buffer.from(await webcrypto.subtle.exportKey('pkcs8', keys.privateKey));
    const key = createPrivateKey({ key: der, format: 'der', type: 'pkcs8' });
    const certificatePem = certificate.toString('pem');
    mkdirSync(this.#directory, { recursive: true, mode: 0o700 });
    this.#replace('signing-key.pem', key.export({ format: 'pem', type: 'pkcs8' }) as string, 0o600);
    this.#replace('signing.pem', certificatePem, 0o644);
    return identityOf(certificatePem, key);
  }

  #replace(name: string, text: string, mode: number): void {
    writeFileSync(this.#file(`${name}.new`), text, { mode });
    renameSync(this.#file(`${name}.new`), this.#file(name));
  }

  #file(name: string): string {
    return join(this.#directory, name);
  }
}

function identityOf(certificatePem: string, key: KeyObject): Identity {
  const fingerprint = new X509Certificate(certificatePem).fingerprint256.replaceAll(':', '').slice(0, 32).toLowerCase();
  return { key, certificatePem, fileName: `SimpleNotificationService-${fingerprint}.pem` };
}
