import type { SqlFunction } from './sql-function.ts';

/** Functions of AWS IoT that the local cloud does not have. A rule that uses one is refused by name. */
const UNAVAILABLE: Readonly<Record<string, string>> = {
  bitnot: "AWS documents bitnot(13) = 2, which is no two's complement of any width, so its result cannot be known",
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
