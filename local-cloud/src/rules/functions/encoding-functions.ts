import { createHash } from 'node:crypto';
import { withJson } from '../sql/json-form.ts';
import { toText } from '../values/convert.ts';
import { parseJson } from '../values/json.ts';
import { RawPayload } from '../values/value.ts';
import { md2 } from './md2.ts';
import { argument, type CallSite, type Evaluate, type SqlFunction } from './sql-function.ts';

export const ENCODING_FUNCTIONS: readonly SqlFunction[] = [
  hash('md2', md2),
  ...['md5', 'sha1', 'sha224', 'sha256', 'sha384', 'sha512'].map((name) =>
    hash(name, (bytes) => createHash(name).update(bytes).digest('hex')),
  ),
  { name: 'encode', since: '2016-03-23', arity: [2, 2], compile: compileEncode },
  // Protobuf decoding takes six arguments ("Decoding protobuf message payloads"); it is refused by its scheme.
  { name: 'decode', since: '2016-03-23', arity: [2, 6], compile: compileDecode },
];

/** Hexadecimal digest of the string in UTF-8. */
function hash(name: string, digest: (bytes: Buffer) => string): SqlFunction {
  return {
    name,
    since: '2015-10-08',
    arity: [1, 1],
    compile(call) {
      const evaluate = argument(call, 0);
      return (evaluation) => {
        const text = toText(evaluate(evaluation));
        return text === undefined ? undefined : digest(Buffer.from(text));
      };
    },
  };
}

/** "Currently, only 'base64' is supported." */
function requireBase64(call: CallSite): void {
  const scheme = call.constant(1);
  if (scheme === 'proto') throw call.refuse('the local cloud does not decode Protobuf', 1);
  if (scheme !== 'base64') throw call.refuse("the scheme must be the literal string 'base64'", 1);
}

/** `encode(*, 'base64')` takes the bytes as they came, JSON or not, and never parses them. */
function compileEncode(call: CallSite): Evaluate {
  requireBase64(call);
  if (call.nodes[0]?.kind === 'star' && !call.nested) {
    // base64 has nothing to escape
    return withJson(
      (evaluation) => evaluation.input.payload.toString('base64'),
      (evaluation) => `"${evaluation.input.payload.toString('base64')}"`,
    );
  }
  const evaluate = argument(call, 0);
  return (evaluation) => {
    const value = evaluate(evaluation);
    if (value instanceof RawPayload) return value.bytes.toString('base64');
    const text = toText(value);
    return text === undefined ? undefined : Buffer.from(text).toString('base64');
  };
}

const BASE64 = /^[A-Za-z0-9+/]*={0,2}$/;

/** A JSON document becomes its value, other text a string; what is no base64 becomes Null. */
function compileDecode(call: CallSite): Evaluate {
  requireBase64(call);
  if (call.args.length > 2) return () => undefined;
  const evaluate = argument(call, 0);
  return (evaluation) => {
    const encoded = toText(evaluate(evaluation));
    if (encoded === undefined) return undefined;
    if (encoded.length % 4 !== 0 || !BASE64.test(encoded)) return null;
    const text = Buffer.from(encoded, 'base64').toString('utf8');
    try {
      return parseJson(text, call.numbers);
    } catch {
      return text;
    }
  };
}
