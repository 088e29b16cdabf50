import batchGetItem from 'dynalite/actions/batchGetItem.js';
import batchWriteItem from 'dynalite/actions/batchWriteItem.js';
import createTable from 'dynalite/actions/createTable.js';
import deleteItem from 'dynalite/actions/deleteItem.js';
import deleteTable from 'dynalite/actions/deleteTable.js';
import describeTable from 'dynalite/actions/describeTable.js';
import getItem from 'dynalite/actions/getItem.js';
import putItem from 'dynalite/actions/putItem.js';
import query from 'dynalite/actions/query.js';
import scan from 'dynalite/actions/scan.js';
import updateItem from 'dynalite/actions/updateItem.js';
import updateTable from 'dynalite/actions/updateTable.js';
import batchGetItemRules from 'dynalite/validations/batchGetItem.js';
import batchWriteItemRules from 'dynalite/validations/batchWriteItem.js';
import createTableRules from 'dynalite/validations/createTable.js';
import deleteItemRules from 'dynalite/validations/deleteItem.js';
import deleteTableRules from 'dynalite/validations/deleteTable.js';
import describeTableRules from 'dynalite/validations/describeTable.js';
import getItemRules from 'dynalite/validations/getItem.js';
import putItemRules from 'dynalite/validations/putItem.js';
import queryRules from 'dynalite/validations/query.js';
import scanRules from 'dynalite/validations/scan.js';
import updateItemRules from 'dynalite/validations/updateItem.js';
import updateTableRules from 'dynalite/validations/updateTable.js';

/** dynalite's own parts, called without its HTTP server: rules of the request, then the action. */
export const DYNALITE_OPERATIONS = {
  BatchGetItem: { rules: batchGetItemRules, act: batchGetItem, writes: false },
  BatchWriteItem: { rules: batchWriteItemRules, act: batchWriteItem, writes: true },
  CreateTable: { rules: createTableRules, act: createTable, writes: true },
  DeleteItem: { rules: deleteItemRules, act: deleteItem, writes: true },
  DeleteTable: { rules: deleteTableRules, act: deleteTable, writes: true },
  DescribeTable: { rules: describeTableRules, act: describeTable, writes: false },
  GetItem: { rules: getItemRules, act: getItem, writes: false },
  PutItem: { rules: putItemRules, act: putItem, writes: true },
  Query: { rules: queryRules, act: query, writes: false },
  Scan: { rules: scanRules, act: scan, writes: false },
  UpdateItem: { rules: updateItemRules, act: updateItem, writes: true },
  UpdateTable: { rules: updateTableRules, act: updateTable, writes: true },
} as const;

export type DynaliteOperation = keyof typeof DYNALITE_OPERATIONS;
