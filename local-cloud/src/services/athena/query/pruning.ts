import type { Expression, Query, Relation, Select, TableReference } from '../../../core/sql/syntax/ast.ts';
import { visit } from './dialect.ts';

/**
 * The condition that every row read from a table must satisfy, where that is plain to see: the table is named once, in
 * the FROM clause of a SELECT with that WHERE, alone or in inner joins. Undefined: all partitions are read.
 */
export function conditionOn(query: Query, table: TableReference): Expression | undefined {
  const name = table.parts.join('.');
  const selects: Select[] = [];
  let mentions = 0;
  visit(query, (node) => {
    const found = node as unknown as Select | TableReference;
    if (found.kind === 'table' && found.parts.join('.') === name) mentions++;
    if (found.kind === 'select' && found.from.some((relation) => joins(relation, name))) selects.push(found);
  });
  return mentions === 1 && selects.length === 1 ? selects[0]?.where : undefined;
}

function joins(relation: Relation, name: string): boolean {
  switch (relation.kind) {
    case 'table':
      return relation.parts.join('.') === name;
    case 'aliased':
      return relation.columns === undefined && joins(relation.relation, name);
    case 'join':
      return (
        (relation.type === 'INNER' || relation.type === 'CROSS') &&
        (joins(relation.left, name) || joins(relation.right, name))
      );
    default:
      return false;
  }
}
