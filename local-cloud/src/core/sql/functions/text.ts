import { quoteText } from '../analysis/compiled.ts';
import { notBuilt } from '../syntax/query-error.ts';
import { type Builder, type CallSite, type Overload, scalar } from './function-table.ts';

/** Developer guide, "String functions" and "Regular expression functions". */

/** What Presto takes for whitespace; the engine's own trim removes spaces only. */
const WHITESPACE =
  "'\t\n\u000b\f\r \u1680\u2000\u2001\u2002\u2003\u2004\u2005\u2006\u2008\u2009\u200a\u2028\u2029\u205f\u3000'";

function trim(name: 'trim' | 'ltrim' | 'rtrim'): Overload {
  return scalar(`${name}(varchar) varchar`, ([x]) => `${name}(${x}, ${WHITESPACE})`);
}

/** Position 0 and positions before the beginning give empty text; the engine would give text from the beginning. */
const substring: Builder = ([x, start, length]) => {
  const rest = length === undefined ? `substr(${x}, ${start})` : `substr(${x}, ${start}, ${length})`;
  const inside = `((${start} > 0 AND ${start} <= length(${x})) OR (${start} < 0 AND -${start} <= length(${x})))`;
  const wanted = length === undefined ? inside : `(${inside} AND ${length} > 0)`;
  return `(CASE WHEN ${x} IS NULL OR ${start} IS NULL${length === undefined ? '' : ` OR ${length} IS NULL`} THEN NULL WHEN ${wanted} THEN ${rest} ELSE '' END)`;
};

function pad(name: 'lpad' | 'rpad'): Overload {
  return scalar(`${name}(varchar, bigint, varchar) varchar`, ([x, size, fill], call) => {
    const message = "'Target length must be in the range [0..2147483647] and the padding string must not be empty'";
    return `(CASE WHEN ${size} < 0 OR ${size} > 2147483647 OR ${fill} = '' THEN ${call.fail(message)} ELSE ${name}(${x}, CAST(${size} AS INTEGER), ${fill}) END)`;
  });
}

const splitPart: Builder = ([x, delimiter, index], call) =>
  `(CASE WHEN ${index} <= 0 THEN ${call.fail("'Index must be greater than zero'")} ELSE list_extract(string_split(${x}, ${delimiter}), ${index}) END)`;

const replace: Builder = ([x, search, replacement = "''"], call) =>
  `(CASE WHEN ${search} = '' THEN ${call.fail("'replace with empty text to search for is not implemented by the local cloud'")} ELSE replace(${x}, ${search}, ${replacement}) END)`;

const codepoint: Builder = ([x], call) =>
  `(CASE WHEN ${x} IS NULL THEN NULL WHEN length(${x}) = 1 THEN unicode(${x}) ELSE ${call.fail("'Input string must be a single character string'")} END)`;

/**
 * Patterns are Java's on AWS, RE2's here. What RE2 does not have it refuses by itself (look-around, back references,
 * possessive quantifiers); what it has with another meaning is refused here.
 */
function pattern(call: CallSite): string {
  const text = call.constantText(1);
  const unescaped = text.replace(/\\[^Cv]/g, '');
  const otherMeaning = /\\[Cv]|\(\?P|\(\?[a-zA-Z-]*U|&&|\[[^\]]*\[|\$(?!$)/;
  if (otherMeaning.test(unescaped)) throw notBuilt(call.at, `function '${call.name}' with the pattern '${text}'`);
  return quoteText(text);
}

/** Whether a group took part in a match cannot be told from the engine's answer when it is empty. */
function group(call: CallSite, value: string, matched: string): string {
  const message = quoteText(`${call.name} with an empty group is not implemented by the local cloud`);
  return `(CASE WHEN NOT ${matched} THEN NULL WHEN ${value} = '' THEN ${call.fail(message)} ELSE ${value} END)`;
}

const regexpExtract: Builder = ([x], call) => {
  const regexp = pattern(call);
  const index = call.args.length > 2 ? call.constantNumber(2) : 0;
  if (!(index >= 0 && index <= 9)) throw notBuilt(call.at, `function 'regexp_extract' with group ${index}`);
  const matched = `regexp_matches(${x}, ${regexp})`;
  const value = `regexp_extract(${x}, ${regexp}, ${index})`;
  return index === 0 ? `(CASE WHEN ${matched} THEN ${value} END)` : group(call, value, matched);
};

/** `$1` of Java is `\1` of RE2. */
const regexpReplace: Builder = ([x], call) => {
  const text = call.args.length > 2 ? call.constantText(2) : '';
  if (/\$\{|\$(?!\d)|\\(?!\$)/.test(text.replaceAll('\\$', ''))) {
    throw notBuilt(call.at, `function 'regexp_replace' with the replacement '${text}'`);
  }
  const replacement = text.replace(/\\\$|\$(\d)/g, (_, digit?: string) => (digit === undefined ? '$' : `\\${digit}`));
  return `regexp_replace(${x}, ${pattern(call)}, ${quoteText(replacement)}, 'g')`;
};

export const TEXT_FUNCTIONS: readonly Overload[] = [
  scalar('chr(bigint) varchar', ([n]) => `chr(CAST(${n} AS INTEGER))`),
  scalar('codepoint(varchar) integer', codepoint),
  scalar('concat(varchar...) varchar', (args) => `(${args.join(' || ')})`),
  scalar('length(varchar) bigint', ([x]) => `length(${x})`),
  scalar('lower(varchar) varchar', ([x]) => `lower(${x})`),
  scalar('upper(varchar) varchar', ([x]) => `upper(${x})`),
  pad('lpad'),
  pad('rpad'),
  trim('trim'),
  trim('ltrim'),
  trim('rtrim'),
  scalar('replace(varchar, varchar) varchar', replace),
  scalar('replace(varchar, varchar, varchar) varchar', replace),
  scalar('reverse(varchar) varchar', ([x]) => `reverse(${x})`),
  scalar(
    'split(varchar, varchar) array(varchar)',
    ([x, delimiter], call) =>
      `(CASE WHEN ${delimiter} = '' THEN ${call.fail("'The delimiter may not be the empty string'")} ELSE string_split(${x}, ${delimiter}) END)`,
  ),
  scalar('split_part(varchar, varchar, bigint) varchar', splitPart),
  scalar('strpos(varchar, varchar) bigint', ([x, part]) => `strpos(${x}, ${part})`),
  scalar('substr(varchar, bigint) varchar', substring),
  scalar('substr(varchar, bigint, bigint) varchar', substring),
  scalar('regexp_like(varchar, varchar) boolean', ([x], call) => `regexp_matches(${x}, ${pattern(call)})`),
  scalar('regexp_extract(varchar, varchar) varchar', regexpExtract),
  scalar('regexp_extract(varchar, varchar, bigint) varchar', regexpExtract),
  scalar(
    'regexp_extract_all(varchar, varchar) array(varchar)',
    ([x], call) => `regexp_extract_all(${x}, ${pattern(call)})`,
  ),
  scalar('regexp_replace(varchar, varchar) varchar', regexpReplace),
  scalar('regexp_replace(varchar, varchar, varchar) varchar', regexpReplace),
  scalar(
    'regexp_split(varchar, varchar) array(varchar)',
    ([x], call) => `regexp_split_to_array(${x}, ${pattern(call)})`,
  ),
];
