import { type Entropy, randomText } from '../../core/entropy.ts';
import { AwsError, NotImplementedError } from '../../core/errors.ts';
import { compileDatePattern, type DateFormat } from './date-pattern.ts';
import { MAX_EVALUATED_PREFIX } from './limits.ts';

type Piece =
  | { readonly kind: 'text'; readonly text: string }
  | { readonly kind: 'timestamp'; readonly format: DateFormat }
  | { readonly kind: 'random' }
  | { readonly kind: 'error-type' }
  | { readonly kind: 'key'; readonly key: string };

export interface PrefixMoment {
  /** Approximate arrival of the oldest record in the object. */
  readonly at: number;
  readonly timeZone: string;
  readonly entropy: Entropy;
  /** Partitioning keys of the object's records. */
  readonly keys?: Readonly<Record<string, string>>;
  /** Of an object with records that could not be processed. */
  readonly errorType?: ErrorType;
}

export type ErrorType = 'processing-failed' | 'format-conversion-failed';

/** Characters and length of `!{firehose:random-string}`. */
const RANDOM_ALPHABET = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789';
const RANDOM_LENGTH = 11;

/** Developer guide, "Understand custom prefixes for Amazon S3 objects": what a prefix without a timestamp gets behind it. */
const DEFAULT_TIME = compileDatePattern('yyyy/MM/dd/HH/');

/**
 * Compiles the prefix of delivered objects ("Semantic rules" of that page).
 * @throws AwsError `InvalidArgumentException`, `NotImplemented` for the namespaces of dynamic partitioning
 */
export function compilePrefix(prefix: string): (moment: PrefixMoment) => string {
  const pieces = parse(prefix, 'Prefix');
  if (pieces.some((piece) => piece.kind === 'error-type')) {
    throw invalid('Prefix cannot contain !{firehose:error-output-type}');
  }
  const timed = pieces.some((piece) => piece.kind === 'timestamp');
  const all: Piece[] = timed ? pieces : [...pieces, { kind: 'timestamp', format: DEFAULT_TIME }];
  return (moment) => evaluate(all, moment);
}

/**
 * Compiles the prefix of objects with records that failed. Without one, they stand below the prefix of the others where
 * that is plain text, in a folder that says the type of error.
 */
export function compileErrorPrefix(errorPrefix: string | undefined, prefix: string): (moment: PrefixMoment) => string {
  const pieces: Piece[] =
    errorPrefix === undefined || errorPrefix === ''
      ? [...parse(prefix, 'Prefix'), { kind: 'error-type' }, { kind: 'text', text: '/' }]
      : parse(errorPrefix, 'ErrorOutputPrefix');
  if (!pieces.some((piece) => piece.kind === 'timestamp')) pieces.push({ kind: 'timestamp', format: DEFAULT_TIME });
  return (moment) => evaluate(pieces, moment);
}

/**
 * Checks both prefixes of a destination together; `keys` with dynamic partitioning.
 * @throws as {@link compilePrefix}
 */
export function checkPrefixes(prefix: string, errorPrefix: string | undefined, keys?: readonly string[]): void {
  const named = parse(prefix, 'Prefix').flatMap((piece) => (piece.kind === 'key' ? [piece.key] : []));
  if (keys === undefined && named.length > 0) {
    throw invalid(`Prefix cannot contain !{partitionKeyFromQuery:${named[0]}} without dynamic partitioning`);
  }
  if (keys !== undefined && named.length === 0) {
    throw invalid('Prefix must contain partitionKeyFromQuery expressions when dynamic partitioning is enabled');
  }
  const unknown = named.find((key) => keys?.includes(key) === false);
  if (unknown !== undefined) throw invalid(`Prefix names the key '${unknown}' that MetadataExtractionQuery does not`);
  const compiled = compilePrefix(prefix);
  const hasExpressions = parse(prefix, 'Prefix').some((piece) => piece.kind !== 'text');
  if (errorPrefix === undefined || errorPrefix === '') {
    if (hasExpressions) throw invalid('ErrorOutputPrefix cannot be null or empty when Prefix contains expressions');
  } else {
    const pieces = parse(errorPrefix, 'ErrorOutputPrefix');
    if (pieces.some((piece) => piece.kind === 'key')) {
      throw invalid('ErrorOutputPrefix cannot contain partitionKeyFromQuery expressions');
    }
    const expressions = pieces.filter((piece) => piece.kind !== 'text');
    if (expressions.length > 0 && !pieces.some((piece) => piece.kind === 'error-type')) {
      throw invalid('ErrorOutputPrefix must contain at least one instance of !{firehose:error-output-type}');
    }
  }
  const sample = compiled({
    at: Date.UTC(2026, 11, 31),
    timeZone: 'UTC',
    entropy: { bytes: (length) => Buffer.alloc(length) },
  });
  if (sample.length > MAX_EVALUATED_PREFIX) {
    throw invalid(`Prefix cannot be longer than ${MAX_EVALUATED_PREFIX} characters after it is evaluated`);
  }
}

function parse(source: string, name: string): Piece[] {
  const pieces: Piece[] = [];
  let rest = source;
  while (rest !== '') {
    const start = rest.indexOf('!{');
    if (start === -1) {
      pieces.push({ kind: 'text', text: rest });
      break;
    }
    if (start > 0) pieces.push({ kind: 'text', text: rest.slice(0, start) });
    const end = rest.indexOf('}', start);
    const match = /^!\{([^:}]+):([^}]*)\}$/.exec(rest.slice(start, end + 1));
    if (end === -1 || match === null)
      throw invalid(`${name} '${source}' contains an expression that is not !{namespace:value}`);
    pieces.push(expression(match[1] as string, match[2] as string, `${name} '${source}'`));
    rest = rest.slice(end + 1);
  }
  return pieces;
}

function expression(namespace: string, value: string, where: string): Piece {
  if (namespace === 'timestamp') return { kind: 'timestamp', format: compileDatePattern(value) };
  if (namespace === 'firehose' && value === 'random-string') return { kind: 'random' };
  if (namespace === 'firehose' && value === 'error-output-type') return { kind: 'error-type' };
  if (namespace === 'partitionKeyFromQuery') return { kind: 'key', key: value };
  if (namespace === 'partitionKeyFromLambda') {
    throw new NotImplementedError(`!{${namespace}:${value}} (dynamic partitioning)`);
  }
  throw invalid(`${where} contains the unknown expression !{${namespace}:${value}}`);
}

function evaluate(pieces: readonly Piece[], moment: PrefixMoment): string {
  const { at, entropy, errorType = '', keys = {}, timeZone } = moment;
  return pieces
    .map((piece) => {
      if (piece.kind === 'text') return piece.text;
      if (piece.kind === 'timestamp') return piece.format(at, timeZone);
      if (piece.kind === 'key') return keys[piece.key] ?? '';
      return piece.kind === 'random' ? randomText(entropy, RANDOM_LENGTH, RANDOM_ALPHABET) : errorType;
    })
    .join('');
}

function invalid(message: string): AwsError {
  return new AwsError('InvalidArgumentException', message);
}
