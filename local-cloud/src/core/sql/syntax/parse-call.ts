import type { Expression, FrameBound, SortItem, WindowFrame, WindowSpecification } from './ast.ts';
import { notBuilt } from './query-error.ts';
import type { ExpressionReader } from './token-reader.ts';

/** A function call with what may follow it: FILTER, IGNORE NULLS, OVER. */
export function parseCall(parser: ExpressionReader): Expression {
  const { reader } = parser;
  const { at } = reader;
  const name = reader.identifier().toLowerCase();
  reader.expectSymbol('(');
  let args: Expression[] = [];
  let orderBy: readonly SortItem[] = [];
  const star = reader.takeSymbol('*');
  const distinct = reader.takeKeyword('DISTINCT');
  if (!star && !reader.isSymbol(')')) {
    if (!distinct) reader.takeKeyword('ALL');
    args = reader.list(() => parser.expression());
    orderBy = parseOrderBy(parser);
  }
  reader.expectSymbol(')');
  let filter: Expression | undefined;
  if (reader.isKeyword('FILTER') && reader.isSymbol('(', 1)) {
    reader.next();
    filter = reader.parenthesized(() => {
      reader.expectKeyword('WHERE');
      return parser.expression();
    });
  }
  const ignoreNulls = reader.takeKeyword('IGNORE', 'NULLS');
  if (!ignoreNulls) reader.takeKeyword('RESPECT', 'NULLS');
  const over = reader.takeKeyword('OVER') ? parseWindow(parser) : undefined;
  return { kind: 'call', name, args, star, distinct, orderBy, filter, ignoreNulls, over, at };
}

/** ORDER BY when it is there. Nulls come last unless told otherwise, in either direction (Presto, SELECT). */
export function parseOrderBy(parser: ExpressionReader): SortItem[] {
  const { reader } = parser;
  if (!reader.isKeyword('ORDER', 'BY')) return [];
  reader.next();
  reader.next();
  return reader.list(() => {
    const expression = parser.expression();
    const descending = reader.takeKeyword('DESC');
    if (!descending) reader.takeKeyword('ASC');
    const nullsFirst = reader.takeKeyword('NULLS', 'FIRST');
    if (!nullsFirst) reader.takeKeyword('NULLS', 'LAST');
    return { expression, descending, nullsFirst };
  });
}

function parseWindow(parser: ExpressionReader): WindowSpecification {
  const { reader } = parser;
  if (!reader.isSymbol('(')) throw notBuilt(reader.at, 'a named window');
  return reader.parenthesized(() => {
    const partitioned = reader.takeKeyword('PARTITION', 'BY');
    const partitionBy = partitioned ? reader.list(() => parser.expression()) : [];
    const orderBy = parseOrderBy(parser);
    return { partitionBy, orderBy, frame: parseFrame(parser) };
  });
}

function parseFrame(parser: ExpressionReader): WindowFrame | undefined {
  const { reader } = parser;
  if (reader.isKeyword('GROUPS')) throw notBuilt(reader.at, 'a frame of GROUPS');
  const rows = reader.takeKeyword('ROWS');
  if (!rows && !reader.takeKeyword('RANGE')) return undefined;
  const unit = rows ? 'ROWS' : 'RANGE';
  if (!reader.takeKeyword('BETWEEN')) return { unit, start: parseBound(parser), end: { kind: 'current' } };
  const start = parseBound(parser);
  reader.expectKeyword('AND');
  return { unit, start, end: parseBound(parser) };
}

function parseBound(parser: ExpressionReader): FrameBound {
  const { reader } = parser;
  if (reader.takeKeyword('CURRENT', 'ROW')) return { kind: 'current' };
  const expression = reader.takeKeyword('UNBOUNDED') ? undefined : parser.expression();
  const preceding = reader.takeKeyword('PRECEDING');
  if (!preceding) reader.expectKeyword('FOLLOWING');
  const direction = preceding ? 'PRECEDING' : 'FOLLOWING';
  return expression === undefined ? { kind: 'unbounded', direction } : { kind: 'offset', direction, expression };
}
