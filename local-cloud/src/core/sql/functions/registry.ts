import { AGGREGATE_FUNCTIONS, WINDOW_FUNCTIONS } from './aggregates.ts';
import { ARRAY_FUNCTIONS } from './arrays.ts';
import { DATE_TIME_FUNCTIONS } from './date-time.ts';
import { functionTable } from './function-table.ts';
import { GENERAL_FUNCTIONS } from './general.ts';
import { MATHEMATICAL_FUNCTIONS } from './mathematical.ts';
import { TEXT_FUNCTIONS } from './text.ts';

/** Every function that queries may call. What is not here is refused by name. */
export const FUNCTIONS = functionTable(
  GENERAL_FUNCTIONS,
  MATHEMATICAL_FUNCTIONS,
  TEXT_FUNCTIONS,
  DATE_TIME_FUNCTIONS,
  ARRAY_FUNCTIONS,
  AGGREGATE_FUNCTIONS,
  WINDOW_FUNCTIONS,
);
