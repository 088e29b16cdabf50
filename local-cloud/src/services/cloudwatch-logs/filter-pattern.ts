import { AwsError, NotImplementedError } from '../../core/errors.ts';

export type MessageFilter = (message: string) => boolean;

interface Term {
  readonly kind: 'required' | 'optional' | 'excluded';
  readonly text: string;
}

/**
 * Compiles a filter pattern for unstructured log events ("Filter pattern syntax for metric filters, subscription
 * filters, filter log events, and Live Tail"): terms that must all occur, `?terms` of which one must occur, `-terms`
 * that must not; case-sensitive; anything beyond letters, digits and `_` in double quotes.
 * JSON, space-delimited and regular-expression patterns are refused.
 * @throws AwsError `InvalidParameterException` for text that is no pattern, `NotImplemented` for patterns not built
 */
export function compileFilterPattern(pattern: string | undefined): MessageFilter {
  const source = pattern?.trim() ?? '';
  if (source === '' || source === '""') return () => true;
  if (source.startsWith('{')) throw new NotImplementedError(`filterPattern '${source}': a JSON pattern`);
  if (source.startsWith('[')) throw new NotImplementedError(`filterPattern '${source}': a space-delimited pattern`);
  const terms = readTerms(source);
  const texts = (kind: Term['kind']) => terms.filter((term) => term.kind === kind).map((term) => term.text);
  const required = texts('required');
  const optional = texts('optional');
  const excluded = texts('excluded');
  if (optional.length > 0 && optional.length < terms.length) {
    throw new NotImplementedError(`filterPattern '${source}': '?' terms along with other terms`);
  }
  return (message) =>
    required.every((text) => message.includes(text)) &&
    (optional.length === 0 || optional.some((text) => message.includes(text))) &&
    !excluded.some((text) => message.includes(text));
}

function readTerms(source: string): Term[] {
  const terms: Term[] = [];
  const token = /\s*([?-]?)(?:"((?:[^"\\]|\\.)*)"|([A-Za-z0-9_]+))(?=\s|$)/y;
  while (token.lastIndex < source.length) {
    const at = token.lastIndex;
    const match = token.exec(source);
    if (match === null) {
      const rest = source.slice(at).trim();
      if (rest.startsWith('%')) throw new NotImplementedError(`filterPattern '${source}': a regular expression`);
      throw new AwsError(
        'InvalidParameterException',
        `Invalid filter pattern: unexpected '${rest}'; enclose terms with other than alphanumeric characters in double quotes`,
      );
    }
    const [, sign, quoted, plain] = match;
    terms.push({
      kind: sign === '?' ? 'optional' : sign === '-' ? 'excluded' : 'required',
      text: plain ?? (quoted as string).replace(/\\(.)/g, '$1'),
    });
  }
  return terms;
}
