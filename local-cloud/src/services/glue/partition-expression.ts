import { AwsError, NotImplementedError } from '../../core/errors.ts';
import { judge, type PartitionValue, parseCondition } from '../../core/sql/partition-filter.ts';
import { invalidInput } from './errors.ts';
import type { PartitionRecord, TableRecord } from './records.ts';

/** Key types whose values are numbers in the catalog ("GetPartitions", "Supported Partition Key Types"). */
const INTEGERS = new Set(['int', 'integer', 'bigint', 'long', 'smallint', 'tinyint']);

/**
 * Compiles the `Expression` of GetPartitions.
 * @throws AwsError `InvalidInputException`, `NotImplemented` for a condition that the keys do not decide
 */
export function partitionExpression(table: TableRecord, text: string): (partition: PartitionRecord) => boolean {
  const condition = parse(text);
  const keys = table.partitionKeys.map(({ Name, Type }) => ({
    name: Name.toLowerCase(),
    isInteger: INTEGERS.has((Type ?? '').toLowerCase()),
  }));
  return ({ values }) => {
    const verdict = judge(condition, ([name = '', ...more]): PartitionValue | undefined => {
      const index = more.length > 0 ? -1 : keys.findIndex((key) => key.name === name.toLowerCase());
      if (index === -1) throw invalidInput(`'${name}' is not a partition key of the table`);
      const value = values[index] as string;
      if (keys[index]?.isInteger !== true) return value;
      return /^-?\d+$/.test(value) ? BigInt(value) : undefined;
    });
    if (verdict === undefined) throw new NotImplementedError(`Glue: the partition expression '${text}'`);
    return verdict;
  };
}

function parse(text: string) {
  try {
    return parseCondition(text);
  } catch (error) {
    if (error instanceof AwsError) throw invalidInput(`Unsupported expression '${text}': ${error.message}`);
    throw error;
  }
}
