import { AwsError, NotImplementedError } from '../../core/errors.ts';

/** The value of one partitioning key of a record. */
export interface KeyQuery {
  readonly key: string;
  extract(document: unknown): string | undefined;
}

const MAX_KEYS = 50;

/**
 * Compiles the query of the MetadataExtraction processor (developer guide, "Understand partitioning keys"). Of JQ 1.6 an
 * object of paths is built, each path also with `| strftime("…")`: `{site: .site, year: .at | strftime("%Y")}`.
 *
 * @throws AwsError `InvalidArgumentException`, `NotImplemented` for other expressions of JQ
 */
export function compileKeyQueries(query: string): readonly KeyQuery[] {
  const body = /^\s*\{(.*)\}\s*$/s.exec(query)?.[1];
  if (body === undefined) throw unsupported(query);
  const queries = members(body).map((member) => {
    const match = /^\s*(?:"([^"\\]+)"|([A-Za-z_]\w*))\s*:(.+)$/s.exec(member);
    if (match === null) throw unsupported(member);
    return { key: (match[1] ?? match[2]) as string, extract: compileValue((match[3] as string).trim()) };
  });
  if (queries.length === 0 || queries.length > MAX_KEYS) {
    throw new AwsError('InvalidArgumentException', `MetadataExtractionQuery must name from 1 to ${MAX_KEYS} keys`);
  }
  return queries;
}

/** At the commas outside of text and parentheses. */
function members(body: string): string[] {
  const found: string[] = [];
  let depth = 0;
  let text = '';
  for (const [token] of body.matchAll(/"(?:[^"\\]|\\.)*"|[\s\S]/g)) {
    if (token === '(' || token === '[') depth++;
    if (token === ')' || token === ']') depth--;
    if (token === ',' && depth === 0) {
      found.push(text);
      text = '';
    } else text += token;
  }
  return [...found, text].filter((member) => member.trim() !== '');
}

function compileValue(source: string): (document: unknown) => string | undefined {
  const unwrapped = /^\((.*)\)$/s.exec(source)?.[1]?.trim() ?? source;
  const match = /^(\.[^|]+?)\s*(?:\|\s*strftime\(\s*"([^"\\]*)"\s*\))?$/.exec(unwrapped);
  if (match === null) throw unsupported(source);
  const path = compilePath(match[1] as string);
  const format = match[2];
  if (format === undefined) return (document) => textOf(path(document));
  if (/%(?![YmdHMSj])/.test(format)) throw unsupported(source);
  return (document) => {
    const at = path(document);
    return typeof at === 'number' && Number.isFinite(at) ? formatTime(at, format) : undefined;
  };
}

function compilePath(source: string): (document: unknown) => unknown {
  const names: string[] = [];
  const step = /\.([A-Za-z_]\w*)|\."([^"\\]+)"|\.?\["([^"\\]+)"\]/gy;
  while (step.lastIndex < source.length) {
    const match = step.exec(source);
    if (match === null) throw unsupported(source);
    names.push((match[1] ?? match[2] ?? match[3]) as string);
  }
  return (document) =>
    names.reduce<unknown>(
      (value, name) =>
        typeof value === 'object' && value !== null && Object.hasOwn(value, name)
          ? (value as Record<string, unknown>)[name]
          : undefined,
      document,
    );
}

/** `partitionKeys values must not be null or empty`, and objects are no part of a key. */
function textOf(value: unknown): string | undefined {
  if (typeof value === 'string') return value === '' ? undefined : value;
  return typeof value === 'number' || typeof value === 'boolean' ? String(value) : undefined;
}

function formatTime(seconds: number, format: string): string | undefined {
  const date = new Date(Math.floor(seconds) * 1000);
  if (Number.isNaN(date.getTime())) return undefined;
  const [day = '', time = ''] = date.toISOString().split('T');
  const [year = '', month = '', dayOfMonth = ''] = day.split('-');
  const dayOfYear = (Date.parse(`${day}T00:00:00Z`) - Date.UTC(date.getUTCFullYear(), 0, 1)) / 86_400_000 + 1;
  const fields: Record<string, string> = {
    Y: year,
    m: month,
    d: dayOfMonth,
    H: time.slice(0, 2),
    M: time.slice(3, 5),
    S: time.slice(6, 8),
    j: String(dayOfYear).padStart(3, '0'),
  };
  return format.replace(/%([YmdHMSj])/g, (_, letter: string) => fields[letter] as string);
}

function unsupported(expression: string): AwsError {
  return new NotImplementedError(`Firehose MetadataExtractionQuery: the JQ expression '${expression.trim()}'`);
}
