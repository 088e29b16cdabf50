import { AwsError, NotImplementedError } from '../../../core/errors.ts';
import type { Expression, Query, TableReference } from '../../../core/sql/syntax/ast.ts';
import { parseStatement } from '../../../core/sql/syntax/parse-statement.ts';
import { type Token, tokenize } from '../../../core/sql/syntax/tokens.ts';
import { tableReferences } from '../../../core/sql/table-references.ts';
import { invalidRequest } from '../errors.ts';

/**
 * Functions that mean here what they mean in Athena engine version 3 (Trino). Others are refused by name: those of
 * Timestream alone, and those whose results are timestamps with a time zone, which are not built.
 */
const FUNCTIONS = new Set(
  `approx_distinct arbitrary array_agg array_join array_sort atan2 avg bit_count bitwise_and bitwise_and_agg bitwise_not
   bitwise_or bitwise_or_agg bitwise_xor bool_or bool_and cardinality ceiling ceil chr coalesce codepoint concat count
   count_if cume_dist current_date date date_add date_diff date_trunc day day_of_month day_of_week day_of_year dense_rank e
   element_at every extract first_value floor greatest hour infinity is_finite is_infinite is_nan lag last_day_of_month
   last_value lead least length ln log10 log2 lower ltrim max max_by min min_by minute mod month nan nth_value ntile nullif
   percent_rank pi pow power quarter rank regexp_extract regexp_like regexp_replace replace reverse round row_number rtrim
   second sequence sign split split_part sqrt stddev stddev_pop stddev_samp strpos substr substring sum to_base trim truncate
   typeof upper variance var_pop var_samp week week_of_year year abs acos asin atan cbrt cos cosh degrees exp radians sin
   sinh tan tanh contains from_iso8601_date starts_with if try day_of_year date_format date_parse`.split(/\s+/),
);

/** A query of Athena: names in lower case, tables with their database. */
export interface ReadQuery {
  readonly query: Query;
  readonly tables: readonly TableReference[];
  /** Names of output columns as written, by index, where the outermost SELECT spells them out. */
  readonly aliases: readonly (string | undefined)[];
}

/**
 * Reads a query of Athena with the parser of both query languages. What Timestream has alone is refused here.
 *
 * @throws AwsError `InvalidRequestException` for text that is no query, `NotImplemented` for what is not built
 */
export function readQuery(text: string, database: string | undefined): ReadQuery {
  const tokens = tokensOf(text);
  const first = tokens[0];
  if (first === undefined || first.kind === 'end') throw invalidRequest('Query string is empty.', 'MALFORMED_QUERY');
  if (
    first.kind === 'word' &&
    /^(ALTER|ANALYZE|CALL|CREATE|DEALLOCATE|DELETE|DESC|DESCRIBE|DROP|EXECUTE|EXPLAIN|INSERT|MERGE|MSCK|OPTIMIZE|PREPARE|SHOW|UNLOAD|UPDATE|USE|VACUUM)$/.test(
      first.keyword,
    )
  ) {
    throw new NotImplementedError(`Athena: ${first.keyword} statements`);
  }
  refuseTokens(tokens);
  const statement = parsed(() => parseStatement(text));
  if (statement.kind !== 'query') throw new NotImplementedError(`Athena: ${statement.kind} statements`);
  const aliases = aliasesOf(statement.query);
  const query = folded(statement.query, new Set(), database) as Query;
  refuseExpressions(query);
  return { query, tables: tableReferences({ kind: 'query', query }), aliases };
}

function tokensOf(text: string): Token[] {
  return parsed(() => tokenize(text));
}

function parsed<T>(read: () => T): T {
  try {
    return read();
  } catch (error) {
    if (!(error instanceof AwsError)) throw error;
    if (error.message.includes('not implemented'))
      throw new NotImplementedError(`Athena: ${error.message.split(' is not')[0]}`);
    throw invalidRequest(error.message, 'MALFORMED_QUERY');
  }
}

function refuseTokens(tokens: readonly Token[]): void {
  for (const { kind, text } of tokens) {
    if (kind === 'duration') throw invalidRequest(`'${text}' is no literal of Athena`, 'MALFORMED_QUERY');
    if (kind === 'symbol' && text === '::') throw invalidRequest("'::' is no operator of Athena", 'MALFORMED_QUERY');
    if (kind === 'symbol' && text === '?') throw new NotImplementedError('Athena: parameters of queries');
  }
}

/** A tree in which identifiers are in lower case and tables, but for common ones, are named with their database. */
function folded(node: unknown, common: ReadonlySet<string>, database: string | undefined): unknown {
  if (Array.isArray(node)) return node.map((member) => folded(member, common, database));
  if (typeof node !== 'object' || node === null) return node;
  const members = node as Readonly<Record<string, unknown>>;
  let names = common;
  if (Array.isArray(members.with)) {
    names = new Set([...common, ...members.with.map(({ name }: { name: string }) => name.toLowerCase())]);
  }
  const copy: Record<string, unknown> = {};
  for (const [key, value] of Object.entries(members))
    copy[key] = isNames(members, key) ? lower(value) : folded(value, names, database);
  if (members.kind === 'table') copy.parts = tableParts(copy.parts as string[], common, database);
  return copy;
}

/** Members that hold identifiers, not values. */
function isNames({ kind }: Readonly<Record<string, unknown>>, key: string): boolean {
  if (key === 'parts' || key === 'qualifier' || key === 'using') return true;
  if (key === 'alias') return true;
  return (key === 'name' && kind === undefined) || (key === 'columns' && kind !== 'select');
}

function lower(value: unknown): unknown {
  if (typeof value === 'string') return value.toLowerCase();
  return Array.isArray(value) ? value.map(lower) : value;
}

function tableParts(parts: string[], common: ReadonlySet<string>, database: string | undefined): string[] {
  if (parts.length === 1 && common.has(parts[0] as string)) return parts;
  if (parts.length === 3) {
    if (parts[0] !== 'awsdatacatalog') throw new NotImplementedError(`Athena: the data catalog '${parts[0]}'`);
    return parts.slice(1);
  }
  return parts.length === 1 ? [database ?? 'default', ...parts] : parts;
}

function aliasesOf({ body }: Query): (string | undefined)[] {
  if (body.kind !== 'select' || body.items.some(({ kind }) => kind === 'all')) return [];
  return body.items.map((item) => (item.kind === 'expression' ? item.alias : undefined));
}

function refuseExpressions(query: Query): void {
  visit(query, (expression) => {
    if (expression.kind === 'call' && !FUNCTIONS.has(expression.name)) {
      throw new NotImplementedError(`Athena: the function '${expression.name}'`);
    }
  });
}

/** Calls `each` for every expression below a node. */
export function visit(node: unknown, each: (expression: Expression) => void): void {
  if (Array.isArray(node)) for (const member of node) visit(member, each);
  else if (typeof node === 'object' && node !== null) {
    if ('kind' in node && 'at' in node) each(node as Expression);
    for (const member of Object.values(node)) visit(member, each);
  }
}
