import type { SqlFunction } from './sql-function.ts';

/** Functions of AWS IoT that the local cloud does not have. A rule that uses one is refused by name. */
const UNAVAILABLE: Readonly<Record<string, string>> = {
  aws_lambda: 'calls to Lambda from SQL are not built',
  bitnot: "AWS documents bitnot(13) = 2, which is no two's complement of any width, so its result cannot be known",
  get_dynamodb: 'reads of DynamoDB from SQL are not built',
  get_registry_data: 'reads of the registry from SQL are not built',
  get_secret: 'reads of Secrets Manager from SQL are not built',
  get_thing_shadow: 'reads of shadows from SQL are not built',
  machinelearning_predict: 'Amazon Machine Learning is not built',
};

export const UNAVAILABLE_FUNCTIONS: readonly SqlFunction[] = Object.entries(UNAVAILABLE).map(([name, reason]) => ({
  name,
  since: '2015-10-08' as const,
  arity: [0, Number.POSITIVE_INFINITY] as const,
  compile(call) {
    throw call.refuse(`the local cloud does not have this function: ${reason};`);
  },
}));
