import { createHash, sign, verify } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { request } from 'node:https';
import {
  firmwareManifestSchema,
  jobDocumentSchema,
  type TrustedKeySet,
  trustedKeySetSchema,
  type UpdateDocument,
  type UpdateFailure,
  updateProofText,
} from '@fleetwright/contracts';
import type { MqttClient } from 'mqtt';
import type { Device } from '../../device-client/src/index.ts';
import type { CloudDescription } from '../../local-cloud/src/index.ts';
import { connectRaw } from './raw-device.ts';

/** Beginning of an image whose self-test fails. */
export const BROKEN = 'BROKEN';

/**
 * A device reduced to what a campaign sees of it, over real mTLS: it reports its firmware, takes update jobs, checks
 * signature and digest of what it downloads, tests itself, and proves what it runs.
 */
export class UpdateDevice {
  readonly thingName: string;
  readonly updates: UpdateDocument[] = [];
  firmware: string;
  /** What it waits for before it says how an update ended. */
  held: Promise<void> = Promise.resolve();
  /** Set: signs its proofs for another nonce. */
  forgesProofs = false;
  readonly #device: Device;
  readonly #cloud: CloudDescription;
  readonly #hardwareRevision: string;
  #client: MqttClient | undefined;
  #work: Promise<void> = Promise.resolve();

  constructor(device: Device, cloud: CloudDescription, state: { firmware: string; hardwareRevision: string }) {
    this.#device = device;
    this.#cloud = cloud;
    this.thingName = device.identity.thingName;
    this.firmware = state.firmware;
    this.#hardwareRevision = state.hardwareRevision;
  }

  async connect(): Promise<void> {
    const client = await connectRaw(this.#cloud, this.#device.identity, this.thingName);
    this.#client = client;
    client.on('message', (topic, payload) => {
      if (!topic.endsWith('/notify-next') && !topic.endsWith('/$next/get/accepted')) return;
      const { execution } = JSON.parse(payload.toString()) as { execution?: { jobId?: string; jobDocument?: unknown } };
      const { jobDocument, jobId } = execution ?? {};
      if (jobId === undefined || jobDocument === undefined) return;
      this.#work = this.#work.then(() => this.#take(jobId, jobDocument));
    });
    const jobs = `$aws/things/${this.thingName}/jobs`;
    await client.subscribeAsync([`${jobs}/notify-next`, `${jobs}/$next/get/accepted`], { qos: 1 });
    await this.#report();
    await client.publishAsync(`${jobs}/$next/get`, '{}', { qos: 1 });
  }

  end(): void {
    this.#client?.end(true);
  }

  async #report(): Promise<void> {
    const reported = { version: this.firmware, hardwareRevision: this.#hardwareRevision, state: 'running' };
    await this.#publish(`shadow/name/firmware/update`, { state: { reported } });
  }

  async #publish(path: string, message: object): Promise<void> {
    await this.#client?.publishAsync(`$aws/things/${this.thingName}/${path}`, JSON.stringify(message), { qos: 1 });
  }

  async #take(jobId: string, jobDocument: unknown): Promise<void> {
    const document = jobDocumentSchema.parse(jobDocument);
    if (document.operation !== 'update' || this.updates.some(({ nonce }) => nonce === document.nonce)) return;
    this.updates.push(document);
    await this.#publish(`jobs/${jobId}/update`, { status: 'IN_PROGRESS', statusDetails: { stage: 'checking' } });
    const { failure, image } = await this.#install(document);
    await this.held;
    const imageSha256 = createHash('sha256').update(image).digest('hex');
    if (failure === undefined) this.firmware = document.firmwareVersion;
    await this.#report();
    const shown = { firmware: this.firmware, slot: 'b', imageSha256 };
    const { nonce } = document;
    const proven = { thingName: this.thingName, jobId, nonce: this.forgesProofs ? '0'.repeat(32) : nonce, ...shown };
    const proof = sign('sha256', Buffer.from(updateProofText(proven)), this.#device.identity.privateKeyPem);
    await this.#publish(`jobs/${jobId}/update`, {
      status: failure === undefined ? 'SUCCEEDED' : 'FAILED',
      statusDetails: {
        stage: failure === undefined ? 'confirmed' : 'rolled-back',
        ...(failure !== undefined && { reason: failure }),
        ...shown,
        proof: proof.toString('base64'),
      },
    });
  }

  async #install(document: UpdateDocument): Promise<{ failure?: UpdateFailure; image: Buffer }> {
    const none = Buffer.alloc(0);
    const bytes = await this.#download(document.manifest.url);
    const keys = keySetOf(document);
    const trusted = document.signatures.some(({ keyId, signature }) => {
      const key = keys.keys.find((one) => one.keyId === keyId && one.use === 'firmware');
      return key !== undefined && verify('sha256', bytes, key.publicKeyPem, Buffer.from(signature, 'base64'));
    });
    if (!trusted) return { failure: 'SIGNATURE_INVALID', image: none };
    const manifest = firmwareManifestSchema.parse(JSON.parse(bytes.toString('utf8')));
    const image = await this.#download(document.image.url);
    const sha256 = createHash('sha256').update(image).digest('hex');
    if (sha256 !== manifest.image.sha256) return { failure: 'DIGEST_MISMATCH', image: none };
    if (image.subarray(0, BROKEN.length).toString() === BROKEN) return { failure: 'SELF_TEST_FAILED', image: none };
    return { image };
  }

  #download(url: string): Promise<Buffer> {
    const ca = readFileSync(this.#cloud.caFile);
    return new Promise((resolve, reject) => {
      request(url, { ca }, (answer) => {
        const parts: Buffer[] = [];
        answer.on('data', (part: Buffer) => parts.push(part));
        answer.on('error', reject);
        answer.on('end', () => {
          const body = Buffer.concat(parts);
          if (answer.statusCode === 200) resolve(body);
          else reject(new Error(`${url} answered ${answer.statusCode}: ${body}`));
        });
      })
        .on('error', reject)
        .end();
    });
  }
}

/** The key set that came along, which a device of its own would compare with the one before. */
function keySetOf(document: UpdateDocument): TrustedKeySet {
  if (document.keySet === undefined) throw new Error('the job document carries no key set');
  return trustedKeySetSchema.parse(JSON.parse(Buffer.from(document.keySet.keySet, 'base64').toString('utf8')));
}
