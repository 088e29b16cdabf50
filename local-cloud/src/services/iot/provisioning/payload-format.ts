import { decode, encode } from 'cbor-x';
import { invalidRequest } from './rejection.ts';

/** Formats of the provisioning topics, which end in `/json` or `/cbor` (developer guide, `fleet-provision-api`). */
export interface PayloadFormat {
  readonly name: 'json' | 'cbor';
  /** @throws ProvisioningRejection for bytes that are no object of this format; an empty payload is an empty object */
  read(payload: Buffer): Readonly<Record<string, unknown>>;
  write(value: object): Buffer;
}

const json: PayloadFormat = {
  name: 'json',
  read: (payload) => readObject('JSON', payload, () => JSON.parse(payload.toString('utf8'))),
  write: (value) => Buffer.from(JSON.stringify(value)),
};

const cbor: PayloadFormat = {
  name: 'cbor',
  read: (payload) => readObject('CBOR', payload, () => decode(payload)),
  write: (value) => encode(value),
};

export const PAYLOAD_FORMATS: readonly PayloadFormat[] = [json, cbor];

function readObject(name: string, payload: Buffer, parse: () => unknown): Readonly<Record<string, unknown>> {
  if (payload.length === 0) return {};
  let value: unknown;
  try {
    value = parse();
  } catch {
    throw invalidRequest(`The payload is not valid ${name}`);
  }
  if (typeof value !== 'object' || value === null || Array.isArray(value) || Buffer.isBuffer(value)) {
    throw invalidRequest('The payload must be an object');
  }
  return value as Readonly<Record<string, unknown>>;
}
