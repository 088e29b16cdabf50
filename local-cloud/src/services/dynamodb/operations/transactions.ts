import type { Json } from '../engine.ts';
import { transactPermissions } from '../permissions.ts';
import type { Tables } from '../tables.ts';
import type { Transactions } from '../transactions.ts';
import type { WireOperation } from '../wire-operation.ts';

export function createTransactionOperations(tables: Tables, transactions: Transactions): WireOperation[] {
  return [
    {
      name: 'TransactWriteItems',
      authorize: (request) => transactPermissions(tables, request),
      run: async (request) => transactions.write(withNames(tables, request)),
    },
    {
      name: 'TransactGetItems',
      authorize: (request) => transactPermissions(tables, request),
      run: async (request) => transactions.read(withNames(tables, request)),
    },
  ];
}

/** Tables named by ARN are named by name from here on. */
function withNames(tables: Tables, request: Json): Json {
  if (!Array.isArray(request.TransactItems)) return request;
  const items = (request.TransactItems as Record<string, Json>[]).map((item) =>
    Object.fromEntries(
      Object.entries(item ?? {}).map(([kind, one]) => [
        kind,
        typeof one?.TableName === 'string' ? { ...one, TableName: tables.nameOf(one.TableName) } : one,
      ]),
    ),
  );
  return { ...request, TransactItems: items };
}
