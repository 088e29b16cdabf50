import { X509Certificate } from 'node:crypto';
import { serialNumberSchema, topicLevelSchema } from '@fleetwright/contracts';
import { type CsvRecord, readCsv } from './csv.ts';

/** One device of a manufacturing list, ready to be registered. */
export interface ListedDevice {
  /** Of its record in the file. */
  readonly line: number;
  readonly serialNumber: string;
  readonly site: string;
  readonly deviceType: string;
  readonly credential: Credential;
  /** Columns `attribute.<name>`. */
  readonly attributes: Readonly<Record<string, string>>;
}

export type Credential =
  | { readonly kind: 'certificate'; readonly pem: string }
  | { readonly kind: 'csr'; readonly pem: string };

export interface BadLine {
  readonly line: number;
  readonly serialNumber?: string;
  readonly reason: string;
}

export interface ManufacturingList {
  readonly devices: readonly ListedDevice[];
  readonly bad: readonly BadLine[];
}

export interface ListSettings {
  readonly sites: readonly string[];
  readonly deviceTypes: readonly string[];
  /** ms since the epoch */
  readonly now: number;
  /** Text of a file that a cell names. Throws when it cannot be read. */
  readFile(path: string): string;
}

const COLUMNS = ['serialNumber', 'site', 'deviceType', 'certificate', 'csr'] as const;
const ATTRIBUTE = 'attribute.';
/** Attribute names and values (IoT API reference, `AttributePayload`). */
const ATTRIBUTE_NAME = /^[a-zA-Z0-9_.,@/:#-]{1,128}$/;
const ATTRIBUTE_VALUE = /^[a-zA-Z0-9_.,@/:#=[\]-]{1,800}$/;
const OWN_ATTRIBUTES = ['serialNumber', 'site', 'deviceType', 'state'];

export class ListError extends Error {
  override readonly name = 'ListError';
}

/**
 * Reads a manufacturing CSV: a header with `serialNumber`, `site`, `deviceType`, one or both of `certificate` and `csr`
 * (PEM text in quotes, or the path of a PEM file) and any number of `attribute.<name>`. A line that cannot be registered
 * is told of with its reason, and the others stand.
 * @throws ListError for a header that cannot be understood
 */
export function readManufacturingList(text: string, settings: ListSettings): ManufacturingList {
  const [header, ...records] = readCsv(text);
  if (header === undefined) throw new ListError('the file is empty');
  const columns = header.cells.map((cell) => cell.trim());
  checkHeader(columns);
  const devices: ListedDevice[] = [];
  const bad: BadLine[] = [];
  const seen = new Map<string, number>();
  for (const record of records) {
    const cells = cellsOf(columns, record);
    const serialNumber = cells.get('serialNumber') ?? '';
    const complain = (reason: string): void => {
      bad.push({ line: record.line, reason, ...(serialNumber !== '' && { serialNumber }) });
    };
    if (record.cells.length !== columns.length) {
      complain(`it has ${record.cells.length} cells, and the header ${columns.length}`);
      continue;
    }
    const problem = problemOf(cells, settings) ?? repeated(seen.get(serialNumber));
    if (problem !== undefined) {
      complain(problem);
      continue;
    }
    try {
      const credential = credentialOf(cells, settings);
      seen.set(serialNumber, record.line);
      devices.push({
        line: record.line,
        serialNumber,
        site: cells.get('site') as string,
        deviceType: cells.get('deviceType') as string,
        credential,
        attributes: attributesOf(cells),
      });
    } catch (error) {
      complain(error instanceof Error ? error.message : String(error));
    }
  }
  return { devices, bad };
}

function checkHeader(columns: readonly string[]): void {
  for (const needed of ['serialNumber', 'site', 'deviceType']) {
    if (!columns.includes(needed))
      throw new ListError(`the header has no column ${needed}: it is ${columns.join(',')}`);
  }
  if (!columns.includes('certificate') && !columns.includes('csr')) {
    throw new ListError('the header has neither a column certificate nor a column csr');
  }
  for (const column of columns) {
    if ((COLUMNS as readonly string[]).includes(column)) continue;
    const name = column.startsWith(ATTRIBUTE) ? column.slice(ATTRIBUTE.length) : '';
    if (!ATTRIBUTE_NAME.test(name) || OWN_ATTRIBUTES.includes(name)) {
      throw new ListError(`the column ${column} is not known; further columns are attribute.<name>`);
    }
  }
  if (new Set(columns).size !== columns.length) throw new ListError('the header names a column twice');
}

function cellsOf(columns: readonly string[], record: CsvRecord): ReadonlyMap<string, string> {
  return new Map(columns.map((column, at) => [column, (record.cells[at] ?? '').trim()]));
}

function repeated(line: number | undefined): string | undefined {
  return line === undefined ? undefined : `its serial number stands on line ${line} already`;
}

function problemOf(cells: ReadonlyMap<string, string>, settings: ListSettings): string | undefined {
  const serialNumber = serialNumberSchema.safeParse(cells.get('serialNumber'));
  if (!serialNumber.success) return `serialNumber ${serialNumber.error.issues[0]?.message}`;
  for (const [column, allowed] of [
    ['site', settings.sites],
    ['deviceType', settings.deviceTypes],
  ] as const) {
    const value = cells.get(column) ?? '';
    const level = topicLevelSchema.safeParse(value);
    if (!level.success) return `${column} ${level.error.issues[0]?.message}`;
    if (!allowed.includes(value)) return `${column} ${value} is not one of the stage: ${allowed.join(', ')}`;
  }
  for (const [column, value] of cells) {
    if (column.startsWith(ATTRIBUTE) && value !== '' && !ATTRIBUTE_VALUE.test(value)) {
      return `${column} holds what an attribute of a thing cannot`;
    }
  }
  return undefined;
}

function attributesOf(cells: ReadonlyMap<string, string>): Record<string, string> {
  const own = [...cells].filter(([column, value]) => column.startsWith(ATTRIBUTE) && value !== '');
  return Object.fromEntries(own.map(([column, value]) => [column.slice(ATTRIBUTE.length), value]));
}

function credentialOf(cells: ReadonlyMap<string, string>, settings: ListSettings): Credential {
  const certificate = cells.get('certificate') ?? '';
  const csr = cells.get('csr') ?? '';
  if ((certificate === '') === (csr === '')) {
    throw new Error(
      certificate === '' ? 'it has neither a certificate nor a CSR' : 'it has both a certificate and a CSR',
    );
  }
  if (csr !== '') {
    const pem = pemOf(csr, settings);
    if (!/-----BEGIN (NEW )?CERTIFICATE REQUEST-----/.test(pem))
      throw new Error('its CSR is not a PEM signing request');
    return { kind: 'csr', pem };
  }
  const pem = pemOf(certificate, settings);
  checkCertificate(pem, settings.now);
  return { kind: 'certificate', pem };
}

function pemOf(cell: string, settings: ListSettings): string {
  if (cell.startsWith('-----BEGIN')) return cell.endsWith('\n') ? cell : `${cell}\n`;
  try {
    return settings.readFile(cell);
  } catch {
    throw new Error(`the file ${cell} cannot be read`);
  }
}

/** AWS IoT takes RSA keys of at least 2,048 bits and the NIST curves (developer guide, "X.509 client certificates"). */
function checkCertificate(pem: string, now: number): void {
  let certificate: X509Certificate;
  try {
    certificate = new X509Certificate(pem);
  } catch {
    throw new Error('its certificate is not a PEM certificate');
  }
  if (Date.parse(certificate.validTo) <= now) throw new Error(`its certificate ended on ${certificate.validTo}`);
  const { asymmetricKeyDetails: details, asymmetricKeyType: type } = certificate.publicKey;
  const curves = ['prime256v1', 'secp384r1', 'secp521r1'];
  const fits =
    (type === 'rsa' && (details?.modulusLength ?? 0) >= 2048) ||
    (type === 'ec' && curves.includes(details?.namedCurve ?? ''));
  if (!fits) throw new Error('its certificate has a key that AWS IoT does not take');
}
