import type { Statement, TableReference } from './ast.ts';
import { parseQuery } from './parse-query.ts';
import { notBuilt } from './query-error.ts';
import { TokenReader } from './token-reader.ts';
import { tokenize } from './tokens.ts';

/**
 * Reads a whole query string: SELECT, SHOW or DESCRIBE (developer guide, "SQL support"). Nothing else is a statement of
 * the query language but UNLOAD, which is refused by name.
 *
 * @throws AwsError `ValidationException` with line and column
 */
export function parseStatement(text: string): Statement {
  const reader = new TokenReader(tokenize(text));
  const statement = parse(reader);
  reader.takeSymbol(';');
  if (reader.current.kind !== 'end') throw reader.unexpected('the end of the query');
  return statement;
}

function parse(reader: TokenReader): Statement {
  const { at } = reader;
  if (reader.isKeyword('UNLOAD')) throw notBuilt(at, 'UNLOAD');
  if (reader.takeKeyword('DESCRIBE') || reader.takeKeyword('DESC')) return { kind: 'describe', table: table(reader) };
  if (!reader.takeKeyword('SHOW')) return { kind: 'query', query: parseQuery(reader) };
  if (reader.takeKeyword('DATABASES')) return { kind: 'show-databases', like: like(reader) };
  if (reader.takeKeyword('TABLES')) {
    const from = reader.takeKeyword('FROM') || reader.takeKeyword('IN');
    const { at: databaseAt } = reader;
    const database = from ? reader.identifier() : undefined;
    return { kind: 'show-tables', database, at: databaseAt, like: like(reader) };
  }
  if (reader.takeKeyword('MEASURES')) {
    if (!reader.takeKeyword('FROM')) reader.expectKeyword('IN');
    return { kind: 'show-measures', table: table(reader), like: like(reader) };
  }
  throw reader.unexpected('DATABASES, TABLES or MEASURES');
}

function table(reader: TokenReader): TableReference {
  const { at } = reader;
  const parts = [reader.identifier()];
  while (reader.takeSymbol('.')) parts.push(reader.identifier());
  return { kind: 'table', parts, at };
}

function like(reader: TokenReader): string | undefined {
  return reader.takeKeyword('LIKE') ? reader.expect('string', 'a pattern').text : undefined;
}
